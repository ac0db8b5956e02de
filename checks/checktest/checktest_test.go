package checktest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

func TestBaseIsSound(t *testing.T) {
	s := Subject(t, "")
	if s.Binding.DomainName != "api.demo.com" || *s.Binding.BindStageName != "RELEASE" || s.Binding.CustomDomainTypeGiven {
		t.Errorf("got %+v", s.Binding)
	}
	states := map[evidence.Need]evidence.State{
		evidence.NeedDNS: evidence.StateObserved, evidence.NeedProof: evidence.StateNotCollected,
		evidence.NeedCertificate: evidence.StateMissing, evidence.NeedKey: evidence.StateMissing,
		evidence.NeedGroup: evidence.StateObserved, evidence.NeedAccount: evidence.StateObserved,
		evidence.NeedSiblings: evidence.StateObserved, evidence.NeedPolicy: evidence.StateObserved,
	}
	for need, want := range states {
		if got := s.Evidence.Of(need).State; got != want {
			t.Errorf("%s: got %q, want %q", need, got, want)
		}
	}
	if got, want := s.Evidence.DNS.Facts.Final(), s.Evidence.Group.Facts.SubDomain; got != want {
		t.Errorf("the chain ends at %q, want %q", got, want)
	}
}

func TestGatewayBaseIsSound(t *testing.T) {
	s := Subject(t, "base: apig")
	if s.Binding.Platform() != binding.APIG || s.Binding.GroupID != "" {
		t.Errorf("got %+v", s.Binding)
	}
	for _, need := range []evidence.Need{evidence.NeedDNS, evidence.NeedGateway, evidence.NeedRecords, evidence.NeedServing, evidence.NeedStore} {
		if got := s.Evidence.Of(need).State; got != evidence.StateObserved {
			t.Errorf("%s: got %q, want observed", need, got)
		}
	}
}

func TestFixtureIsAMergePatch(t *testing.T) {
	s := Subject(t, `
binding: {bindStageName: null, customDomainType: INTRANET, labels: {owner: null, team: web}}
evidence: {group: {facts: {stages: [{stageName: BLUE}]}}, siblings: null}
certificateOnly: true
`)
	b := s.Binding
	if b.BindStageName != nil || b.CustomDomainType != binding.Intranet || !b.CustomDomainTypeGiven || !b.CertificateOnly {
		t.Errorf("got %+v", b)
	}
	if diff := cmp.Diff(map[string]string{"changeTicket": "CHG-1042", "team": "web"}, b.Labels); diff != "" {
		t.Error(diff)
	}
	if got := s.Evidence.Group.Facts; len(got.Stages) != 1 || got.SubDomain == "" {
		t.Errorf("got %+v", got)
	}
	if got := s.Evidence.Siblings.State; got != evidence.StateMissing {
		t.Errorf("siblings: got %q, want missing", got)
	}
}

func TestEveryValueHasItsOwnPosition(t *testing.T) {
	b := Subject(t, "binding: {forceFrom: [a, b]}").Binding
	seen := map[binding.Position]string{b.Source: ""}
	for _, place := range b.Positions {
		at := b.At(place.Pointer)
		if other, taken := seen[at]; taken {
			t.Errorf("%s and %s have one position", place.Pointer, other)
		}
		seen[at] = place.Pointer
	}
	for _, pointer := range []string{"/domainName", "/certificate/privateKey/file", "/forceFrom/1", "/labels/owner"} {
		if !b.Positions.Has(pointer) {
			t.Errorf("%s has no position", pointer)
		}
	}
}

func TestPointsIntoBinding(t *testing.T) {
	for pointer, want := range map[string]bool{
		"": true, "/domainName": true, "/certificate/privateKey/env": true, "/forceFrom/0": true, "/labels/owner": true,
		"domainName": false, "/domainname": false, "/forceFrom/x": false, "/domainName/x": false, "/certificate/pem": false,
	} {
		if got := pointsIntoBinding(pointer); got != want {
			t.Errorf("%q: got %v, want %v", pointer, got, want)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for name, want := range map[string]string{
		"pass-plain.yaml": "pass", "not-run-offline.yaml": "not-run", "not-applicable-intranet.yaml": "not-applicable",
		"passing.yaml": "", "ok-x.yaml": "",
	} {
		if got, _ := statusOf(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
