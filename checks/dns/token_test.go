package dns

import (
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// FuzzProof tests that a TXT record proves ownership only if it is one
// of the two tokens with the SubDomain, byte for byte.
func FuzzProof(f *testing.F) {
	const sub = "927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com"
	for _, token := range tokens() {
		f.Add(token + sub)
		f.Add(strings.ToUpper(token) + sub + ".")
	}
	f.Add(`\"apigateway-domain-verification=` + sub + `\"`)
	f.Add("v=spf1 -all")
	f.Fuzz(func(t *testing.T, text string) {
		s := checks.Subject{Binding: binding.Binding{GroupID: "g", DomainProof: binding.ProofTXT}}
		s.Evidence.Group.State, s.Evidence.Group.Facts = evidence.StateObserved, evidence.Group{Found: true, SubDomain: sub}
		s.Evidence.Proof.State, s.Evidence.Proof.Facts = evidence.StateObserved, evidence.Proof{Owner: "g.api.demo.com", Records: []string{text}}
		result := checks.Run(t.Context(), []checks.Check{ownershipIsProved()}, nil, s)[0]
		proves := slices.Contains(tokens(), strings.TrimSuffix(text, sub)) && strings.HasSuffix(text, sub)
		if got := result.Status == checks.StatusPass; got != proves {
			t.Errorf("%q: got %s, %+v", text, result.Status, result.Findings)
		}
	})
}
