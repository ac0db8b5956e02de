package write

import (
	"errors"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/plan"
)

// Nothing that is empty on both sides counts as the same, and a call without a
// parameter for the certificate or the key is not sent.
func TestMaterialIsWhole(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Material, *plan.Material){
		"sound":           nil,
		"no file digest":  func(m *Material, p *plan.Material) { m.FileDigest, p.FileDigest = "", "" },
		"no chain digest": func(m *Material, p *plan.Material) { m.ChainDigest, p.ChainDigest = "", "" },
		"no key digest":   func(m *Material, p *plan.Material) { m.PublicKeyDigest, p.PublicKeyDigest = "", "" },
		"no chain":        func(m *Material, _ *plan.Material) { m.Chain = nil },
		"no key":          func(m *Material, _ *plan.Material) { m.Key = nil },
		"no body param":   func(_ *Material, p *plan.Material) { p.BodyParam = "" },
		"no key param":    func(_ *Material, p *plan.Material) { p.KeyParam = "" },
	} {
		read := Material{Chain: []byte("CHAIN"), Key: []byte("KEY"), FileDigest: "f", ChainDigest: "c", PublicKeyDigest: "k"}
		judged := plan.Material{FileDigest: "f", ChainDigest: "c", PublicKeyDigest: "k", BodyParam: "B", KeyParam: "K"}
		if change != nil {
			change(&read, &judged)
		}
		secrets, err := New(nil, func(binding.Binding) (Material, error) { return read, nil }).material(judged)
		switch {
		case change == nil && (err != nil || secrets["B"] != "CHAIN" || secrets["K"] != "KEY"):
			t.Errorf("%s: got %d secrets, %v", name, len(secrets), err)
		case change != nil && (!errors.Is(err, ErrChanged) || secrets != nil):
			t.Errorf("%s: got %d secrets, %v, want %v", name, len(secrets), err, ErrChanged)
		}
	}
}
