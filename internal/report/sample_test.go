package report

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/classic"
)

const (
	ours   = "927d50c0f2e54b359919923d908bb015"
	theirs = "523e8dc7bbe04613b5b1d726c2a7889d"
)

func at(line, column int) binding.Position {
	return binding.Position{File: "bindings.yaml", Line: line, Column: column}
}

func stageOf(s string) *string { return &s }

// sample is a whole run. The facts of its tail are in its head.
type sample struct {
	Head
	Bindings []Binding
}

// run is a run of the given command over the given bindings, in manifest order.
func run(command string, bindings ...Binding) sample {
	bindings = slices.Clone(bindings)
	slices.SortStableFunc(bindings, func(a, b Binding) int { return byPosition(a.Source, b.Source) })
	return sample{Head{
		Tool: Tool{Name: "bindgate", Version: "0.1.0"},
		Run: Run{Command: command, Now: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), Contract: "2026", DNSMode: "resolver",
			Endpoint: "http://127.0.0.1:8080", ManifestDigest: "sha256:11", PolicyDigest: "sha256:22"},
	}, bindings}
}

// write adds the bindings of a run to its report and closes it.
func (r sample) write(s *Stream, err error) error {
	for _, b := range r.Bindings {
		if err == nil {
			err = s.Add(b)
		}
	}
	if err != nil {
		return err
	}
	return s.Close(Tail{Linter: r.Run.Linter, KeyLists: r.Run.KeyLists, Interrupted: r.Run.Interrupted, JournalHead: r.Run.JournalHead, Since: r.Run.Since})
}

func written(t *testing.T, format string, r sample, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.write(Open(&b, format, r.Head, o)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// completed is a binding as a format gets it.
func completed(b Binding) Binding { return new(Stream).complete(b) }

// differs is what an audit found since an earlier one; a name has a hostile text.
func differs() *Since {
	then := time.Date(2026, 11, 19, 8, 30, 0, 0, time.UTC)
	s := &Since{Now: &then, Bound: []Bound{{DomainName: "a\x1b[2J\n::error::@all <b>", GroupID: ours}}, Gone: []Bound{{DomainName: "old.demo.com", GatewayID: "gw-1"}},
		Fixed:   []Difference{{Bound{DomainName: "api.demo.com", GroupID: ours}, "dns/cname-reaches-group", "fail", "pass"}},
		Changed: []Difference{{Bound{DomainName: "pay.demo.com", GroupID: ours}, "group/exists", "fail", "unknown"}}}
	for range mostSince + 2 {
		s.New = append(s.New, Difference{Bound{DomainName: "www.demo.com", GroupID: ours}, "certificate/covers-domain", "pass", "fail"})
	}
	return s
}

func allowed() Binding {
	return Binding{Platform: "classic", DomainName: "api.demo.com", GroupID: ours, RegionID: "cn-hangzhou", BindStageName: stageOf("RELEASE"),
		Source: at(4, 5), Decision: gate.Allowed,
		Checks: []checks.Result{
			{ID: "group/exists", Status: checks.StatusPass},
			{ID: "dns/cname-reaches-group", Status: checks.StatusPass},
		},
		Calls: []plan.Call{{Action: classic.SetDomain, RegionID: "cn-hangzhou", Params: map[string]string{
			"GroupId": ours, "DomainName": "api.demo.com", "BindStageName": ""}},
			{Action: classic.SetDomainCertificate, RegionID: "cn-hangzhou",
				Params: map[string]string{"GroupId": ours, "DomainName": "api.demo.com", "CertificateName": "api_demo_com"},
				Material: &plan.Material{FileDigest: "sha256:aa", ChainDigest: "sha256:bb", PublicKeyDigest: "sha256:cc",
					BodyParam: "CertificateBody", KeyParam: "CertificatePrivateKey"}}},
		Evidence: ExcerptOf(seenDNS("api.demo.com", ours+"-cn-hangzhou.alicloudapi.com")),
	}
}

func refused() Binding {
	return Binding{Platform: "classic", DomainName: "www.demo.com", GroupID: ours, RegionID: "cn-hangzhou", Source: at(12, 5), Decision: gate.Refused,
		Reasons: []string{"dns/cname-reaches-group: the CNAME chain ends at another group", "certificate/covers-domain: it does not"},
		Checks: []checks.Result{
			{ID: "request/stage-is-explicit", Status: checks.StatusPass, Findings: []checks.Finding{{Severity: checks.Warning,
				Message: "bindStageName is absent: an existing restriction stays as it is", Fix: `write bindStageName: "" to lift it`, Source: at(12, 5)}}},
			{ID: "dns/cname-reaches-group", Status: checks.StatusFail, Findings: []checks.Finding{{Severity: checks.Error,
				Message: "the CNAME chain of www.demo.com ends at " + theirs + "-cn-hangzhou.alicloudapi.com, the name of group legacy, want " + ours + "-cn-hangzhou.alicloudapi.com",
				Fix:     "point the CNAME at the group's SubDomain, and wait for the old TTL to pass", Source: at(12, 17)}}},
			{ID: "certificate/covers-domain", Status: checks.StatusFail, Findings: []checks.Finding{{Severity: checks.Error,
				Message: "the certificate names api.demo.com only", Source: at(18, 13)}}},
			{ID: "certificate/is-valid-now", Status: checks.StatusNotApplicable, Reason: "nothing to judge"},
		},
		Evidence: ExcerptOf(seenDNS("www.demo.com", "lb.demo.com", theirs+"-cn-hangzhou.alicloudapi.com")),
	}
}

func undetermined() Binding {
	const reason = "collecting group evidence failed: the endpoint answered with HTML"
	return Binding{Platform: "classic", DomainName: "pay.demo.com", GroupID: ours, Source: at(30, 5), Decision: gate.Undetermined,
		Reasons: []string{"group/exists: " + reason, "dns/cname-chain-terminates: the check returned 0 results, want exactly 1"},
		Checks: []checks.Result{{ID: "group/exists", Status: checks.StatusUnknown, Reason: reason},
			{ID: "group/has-domain-quota", Status: checks.StatusUnknown, Reason: reason}},
	}
}

func partial() Binding {
	const reason = "group evidence was skipped: --offline"
	return Binding{Platform: "classic", DomainName: "shop.demo.com", GroupID: theirs, Source: at(40, 5), Decision: gate.Partial,
		Reasons: []string{"group/exists: " + reason},
		Checks:  []checks.Result{{ID: "group/exists", Status: checks.StatusNotRun, Reason: reason}}}
}

// forced is an allowed binding that takes its domain from another group, with the outcome of its call.
func forced(o Outcome) Binding {
	b := allowed()
	b.Source, b.DomainName = at(50, 5), "old.demo.com"
	b.Calls = []plan.Call{{Action: classic.SetDomain, RegionID: "cn-hangzhou", Params: map[string]string{
		"GroupId": ours, "DomainName": "old.demo.com", "IsForce": "true"}}}
	b.Displaces = []evidence.BoundGroup{{GroupRef: evidence.GroupRef{GroupID: theirs, GroupName: "legacy", RegionID: "cn-hangzhou"},
		Domain: evidence.Domain{DomainName: "old.demo.com", BindStageName: "RELEASE"}, Conflicts: true}}
	b.Outcome = &o
	return b
}

func failure() Outcome {
	return Outcome{Status: failed, RequestID: "CEF72CEB-54B6-4AE8-B225-F876FF7BA984", Code: "DomainNotResolved",
		Message: "The domain name has not been resolved.", Before: &evidence.Domain{DomainName: "old.demo.com", DomainBindingStatus: "BINDING"},
		Restore: []string{"aliyun cloudapi SetDomain --region cn-hangzhou --GroupId " + theirs + " --DomainName old.demo.com --BindStageName RELEASE --IsForce true"}}
}

func seenDNS(names ...string) evidence.Evidence {
	d := evidence.DNS{Mode: "resolver", QueryName: names[0], Hops: []evidence.Hop{}}
	for i := 1; i < len(names); i++ {
		d.Hops = append(d.Hops, evidence.Hop{Owner: names[i-1], Target: names[i], TTL: 300, Server: "127.0.0.1:53"})
	}
	d.End = evidence.End{Name: names[len(names)-1], Event: evidence.EventAddress, Addresses: []string{"203.0.113.7"}}
	return evidence.Evidence{DNS: evidence.Observed(d, "127.0.0.1:53", time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC))}
}
