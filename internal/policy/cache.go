package policy

import "github.com/open-policy-agent/opa/v1/ast"

// ruleCache is a topdown.VirtualCache: the values of rules that were evaluated. A
// list is enough for the few rules of most policies; OPA's tree of maps took a sixth
// of the memory of an evaluation.
type ruleCache struct{ frames []cacheFrame }

type cacheFrame struct {
	list   []cached
	byHash map[int][]int // indexes of list, once it is long
}

type cached struct {
	hash  int
	ref   ast.Ref
	value *ast.Term // nil: the rule is undefined
}

// longList is the length from which on a list is searched by hash.
const longList = 16

func newRuleCache() *ruleCache { return &ruleCache{frames: make([]cacheFrame, 1)} }

// reset forgets all values.
func (c *ruleCache) reset() {
	f := &c.frames[0]
	clear(f.list)
	f.list, f.byHash = f.list[:0], nil
	c.frames = c.frames[:1]
}

// Push begins a frame that is empty, for another input.
func (c *ruleCache) Push() { c.frames = append(c.frames, cacheFrame{}) }

// Pop ends the newest frame.
func (c *ruleCache) Pop() { c.frames = c.frames[:len(c.frames)-1] }

// Get returns the value at a reference, or whether it is known to be undefined.
func (c *ruleCache) Get(ref ast.Ref) (value *ast.Term, undefined bool) {
	f := &c.frames[len(c.frames)-1]
	if len(f.list) == 0 {
		return nil, false
	}
	if i := f.find(ref.Hash(), ref); i >= 0 {
		return f.list[i].value, f.list[i].value == nil
	}
	return nil, false
}

// Put keeps the value at a reference; nil: it is undefined.
func (c *ruleCache) Put(ref ast.Ref, value *ast.Term) {
	f := &c.frames[len(c.frames)-1]
	hash := ref.Hash()
	if i := f.find(hash, ref); i >= 0 {
		f.list[i].value = value
		return
	}
	f.list = append(f.list, cached{hash, append(ast.Ref(nil), ref...), value}) // the caller writes over ref
	switch {
	case f.byHash != nil:
		f.byHash[hash] = append(f.byHash[hash], len(f.list)-1)
	case len(f.list) == longList:
		f.byHash = map[int][]int{}
		for i, one := range f.list {
			f.byHash[one.hash] = append(f.byHash[one.hash], i)
		}
	}
}

// find returns the index of a reference, or -1.
func (f *cacheFrame) find(hash int, ref ast.Ref) int {
	if f.byHash != nil {
		for _, i := range f.byHash[hash] {
			if f.list[i].ref.Equal(ref) {
				return i
			}
		}
		return -1
	}
	for i, one := range f.list {
		if one.hash == hash && one.ref.Equal(ref) {
			return i
		}
	}
	return -1
}

// Keys returns the references that have a value.
func (c *ruleCache) Keys() []ast.Ref {
	var keys []ast.Ref
	for _, one := range c.frames[len(c.frames)-1].list {
		if one.value != nil {
			keys = append(keys, one.ref)
		}
	}
	return keys
}
