package account

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

// Of many that want one domain at once, one gets it.
func TestOneOwnerUnderContention(t *testing.T) {
	groups := make([]seed.Group, 8)
	for i := range groups {
		groups[i] = group(string(rune('a' + i)))
		groups[i].SubDomain = "g1.alicloudapi.com"
	}
	a := start(t, groups...)
	var won atomic.Int32
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(func() {
			if _, _, err := a.Bind(wish(g.GroupID, "api.demo.com")); err == nil {
				won.Add(1)
			} else if code(err) != "DomainAlreadyBind" {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d groups have the domain", won.Load())
	}
}
