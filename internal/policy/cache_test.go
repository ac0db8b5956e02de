package policy

import (
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// The cache answers as OPA's own does, with few values and with many, and keeps no
// reference that its caller writes over.
func TestRuleCacheAnswersLikeOPA(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, names := range []int{3, 40} {
		ours, theirs := newRuleCache(), topdown.NewVirtualCache()
		both := []topdown.VirtualCache{ours, theirs}
		depth := 1
		ref := make(ast.Ref, 3)
		for step := range 3000 {
			ref[0] = ast.DefaultRootDocument
			for i := range ref[1:] {
				ref[i+1] = ast.StringTerm(string(rune('a' + random.IntN(names))))
			}
			switch action := random.IntN(40); {
			case step%500 == 499:
				ours.reset()
				theirs, depth = topdown.NewVirtualCache(), 1
				both[1] = theirs
			case action == 0:
				depth++
				for _, c := range both {
					c.Push()
				}
			case action == 1 && depth > 1:
				depth--
				for _, c := range both {
					c.Pop()
				}
			case action < 20:
				if _, undefined := theirs.Get(ref); undefined {
					continue // OPA gives an undefined rule no value later
				}
				var value *ast.Term
				if value, _ = theirs.Get(ref); value != nil || action < 15 {
					value = ast.IntNumberTerm(step)
				}
				for _, c := range both {
					c.Put(ref, value)
				}
			}
			value, undefined := ours.Get(ref)
			wantValue, wantUndefined := theirs.Get(ref)
			if value != wantValue || undefined != wantUndefined || len(ours.Keys()) != len(theirs.Keys()) {
				t.Fatalf("step %d, %v: got %v, %v and %d keys, want %v, %v and %d", step, ref,
					value, undefined, len(ours.Keys()), wantValue, wantUndefined, len(theirs.Keys()))
			}
		}
	}
}
