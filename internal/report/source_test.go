package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/classic"
)

// shownAt is the report of one error at a column of the last line of a manifest.
func shownAt(t *testing.T, manifest string, column int, o Options) string {
	t.Helper()
	b := refused()
	b.Reasons, b.Evidence = nil, nil
	f := checks.Fails("", "it is wrong", "")
	f.Source = at(strings.Count(manifest, "\n")+1, column)
	b.Checks = []checks.Result{{ID: "request/x", Status: checks.StatusFail, Findings: []checks.Finding{f}}}
	r := run("lint", b)
	r.Text = func(string) []byte { return []byte(manifest) }
	return written(t, "text", r, o)
}

func TestSourceLines(t *testing.T) {
	long := "  - {domainName: " + strings.Repeat("a", 300) + ".demo.com, bindStageName: RELAESE, groupId: " + strings.Repeat("b", 300) + "}"
	for name, c := range map[string]struct {
		text   string
		column int
		want   string
	}{
		"plain value":        {"    bindStageName: RELAESE # typo", 20, "1 |     bindStageName: RELAESE\n  |                    ^^^^^^^\n"},
		"quoted value":       {`    domainName: "*.demo com" # x`, 17, "1 |     domainName: \"*.demo com\"\n  |                 ^^^^^^^^^^^^\n"},
		"flow value":         {"  - {domainName: a.demo.com, groupId: 1}", 18, "1 |   - {domainName: a.demo.com, groupId: 1}\n  |                  ^^^^^^^^^^\n"},
		"list":               {"    forceFrom: [a, b]", 16, "1 |     forceFrom: [a, b]\n  |                ^^^^^^\n"},
		"wide characters":    {"    labels: {owner: 支付, x: y}", 21, "1 |     labels: {owner: 支付, x: y}\n  |                     ^^^^\n"},
		"combining marks":    {"    owner: e\u0301e x", 12, "1 |     owner: e\u0301e x\n  |            ^^^^\n"},
		"control characters": {"    owner: a\x1b[2Jb\u202e", 12, "1 |     owner: a\\x1b[2Jb\\u202e\n  |            ^^^^^^^^^^^^^^^\n"},
		"tabs":               {"\towner: x", 9, "1 | \\towner: x\n  |          ^\n"},
		"cut around":         {long, strings.Index(long, "RELAESE") + 1, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := shownAt(t, c.text, c.column, Options{})
			if !strings.Contains(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	got := shownAt(t, long, strings.Index(long, "RELAESE")+1, Options{})
	lines := strings.Split(got, "\n")
	for i, l := range lines {
		if from := strings.Index(l, "^"); from >= 0 {
			above := []rune(lines[i-1])
			if string(above[from:from+7]) != "RELAESE" || len(above) > 80 {
				t.Errorf("%q is not underlined in\n%s", "RELAESE", got)
			}
		}
	}
}

// A line that may hold a secret is not shown, wherever in it that is.
func TestSecretsOfALineAreNotShown(t *testing.T) {
	key := "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2OF2o"
	for _, line := range []string{
		"    owner: -----BEGIN PRIVATE KEY-----",
		"    owner: x # -----BEGIN PRIVATE KEY----- " + key,
		"    owner: x # " + key,
		"    owner: x # LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t",
		"    owner: x # LTAI5tFakeFakeFakeFake01",
		"    owner: x # aB3dE6gH9jK2mN5pQ8sT1vW4yZ7xC0",
		"    owner: x, password: hunter2",
		"    owner: x # Secret: hunter2",
		"    owner: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
	} {
		for _, o := range []Options{{}, {Verbose: true}, {Quiet: true}, {Width: 400}} {
			got := shownAt(t, line, 12, o)
			if strings.Contains(got, "owner:") || !strings.Contains(got, "--> bindings.yaml:1:12") {
				t.Errorf("%q is shown:\n%s", line, got)
			}
		}
	}
	if got := shownAt(t, "  - {domainName: a, groupId: 927d50c0f2e54b359919923d908bb015, body: certs/Api.demo.com-2026.pem}", 18, Options{Width: 120}); !strings.Contains(got, "certs/Api.demo.com-2026.pem") {
		t.Errorf("a line without a secret is not shown:\n%s", got)
	}
}

// Text from outside never begins a line of the report with one of its marks, nor adds
// a row to the table or a line to the plan.
func TestOutsideTextForgesNothing(t *testing.T) {
	rows := []string{"✓ pay.demo.com  shop  allowed", "error[request/x] pay.demo.com: no", "  --> other.yaml:1:1", "Plan: 1 to bind", "+ pay.demo.com  shop  stage RELEASE", "1 binding: 1 allowed"}
	rapid.Check(t, func(t *rapid.T) {
		forged := func(label string) string {
			filler := strings.Repeat(rapid.SampledFrom([]string{"x ", "é ", "支 ", "e\u0301 ", "\n", "\r\n", "\u2028", "\x1b[1E"}).Draw(t, label+" filler"), rapid.IntRange(0, 60).Draw(t, label+" n"))
			return filler + rapid.SampledFrom(rows).Draw(t, label)
		}
		b := refused()
		b.DomainName, b.Evidence = forged("domain"), nil
		b.FullEvidence = &evidence.Evidence{Group: evidence.Observed(evidence.Group{Found: true, GroupName: forged("group")}, "x", time.Time{})}
		b.Reasons = []string{"dns/x: " + forged("reason")}
		f := checks.Fails("", forged("message"), forged("fix"))
		f.Source = at(1, rapid.IntRange(1, 200).Draw(t, "column"))
		b.Checks = []checks.Result{{ID: "dns/x", Status: checks.StatusFail, Findings: []checks.Finding{f, {Severity: checks.Warning, Message: forged("warning")}}}}
		ok := allowed()
		ok.FullEvidence, ok.Source = b.FullEvidence, at(2, 1)
		ok.Calls[0].Params["BindStageName"], ok.Calls[1].Params["CertificateName"] = forged("stage"), forged("certificate")
		command := rapid.SampledFrom([]string{"lint", "plan"}).Draw(t, "command")
		r := run(command, b, ok)
		r.Text = func(string) []byte { return []byte(strings.ReplaceAll(forged("line"), "\n", " ")) }
		verbose := rapid.Bool().Draw(t, "verbose")
		var out strings.Builder
		if err := r.write(Open(&out, "text", r.Head, Options{Width: rapid.IntRange(40, 140).Draw(t, "width"), Verbose: verbose})); err != nil {
			t.Fatal(err)
		}
		starts := map[string]int{}
		for line := range strings.Lines(out.String()) {
			for _, mark := range []string{"✓ ", "✗ ", "+ ", "- ", "= ", "error[", "warning[", "Plan:", "2 bindings:", "1 binding:"} {
				if strings.HasPrefix(line, mark) {
					starts[mark]++
				}
			}
			if !strings.Contains(line, " | ") && !strings.Contains(line, `="`) && strings.Contains(line, "pay.demo.com  shop") {
				t.Fatalf("%q has the columns of a row", line)
			}
			if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "--> other") {
				t.Fatalf("%q is not a place", line)
			}
		}
		most := map[string]int{"✓ ": 1, "✗ ": 1, "error[": 1, "warning[": 1, "2 bindings:": 1}
		if command == "plan" {
			most = map[string]int{"+ ": 1, "- ": 1, "error[": 1, "warning[": 1, "Plan:": 1}
		} else if verbose {
			most["✓ "], most["✗ "] = 2, 2
		}
		for mark, n := range starts {
			if n > most[mark] {
				t.Fatalf("%d lines begin with %q, want at most %d:\n%s", n, mark, most[mark], out.String())
			}
		}
	})
}

// A plan has one line for each binding with every value before and after, aligned.
func TestPlanLines(t *testing.T) {
	inEffect := func(d evidence.Domain, calls ...plan.Call) Binding {
		b := allowed()
		d.DomainName = b.DomainName
		b.Calls = calls
		b.FullEvidence = &evidence.Evidence{Group: evidence.Observed(evidence.Group{Found: true, GroupName: "payments", Domains: []evidence.Domain{d}}, "x", time.Time{})}
		return b
	}
	update := plan.Call{Action: classic.SetDomain, Keeps: []string{"IsHttpRedirectToHttps"}, Params: map[string]string{
		"GroupId": ours, "DomainName": "api.demo.com", "BindStageName": "PRE", "IsHttpRedirectToHttps": "true", "CustomDomainType": "INTRANET"}}
	renewal := allowed().Calls[1]
	mutual := plan.Call{Action: classic.SetDomainCertificate, Params: map[string]string{"SslVerifyDepth": "2"}}
	awaiting := inEffect(evidence.Domain{BindStageName: "RELEASE"}, update)
	awaiting.Decision = gate.Partial
	native := func(r *evidence.Record, calls ...plan.Call) Binding {
		b := allowed()
		b.Platform, b.GroupID, b.GatewayID, b.Calls = "apig", "", "gw-cq2avtllh", calls
		b.FullEvidence = &evidence.Evidence{Gateway: evidence.Observed(evidence.Gateway{Found: true, Name: "edge"}, "x", time.Time{}),
			Records: evidence.Observed(evidence.Records{Domain: r}, "x", time.Time{})}
		return b
	}
	upload := plan.Call{Action: "UploadUserCertificate", Params: map[string]string{"Name": "pay_2026"}, Material: &plan.Material{ChainDigest: "sha256:bb"}}
	https := plan.Call{Action: "UpdateDomain", Filled: "certIdentifier", Keeps: []string{"tlsMax"},
		Params: map[string]string{"domainId": "d-1", "protocol": "HTTPS", "tlsMin": "TLS 1.2", "tlsMax": "TLS 1.3", "forceHttps": "false"}}
	for want, b := range map[string]Binding{
		"~ api.demo.com  edge  uploads certificate pay_2026 sha256:bb, certIdentifier old → (uploaded), protocol HTTP → HTTPS, tlsMin none → \"TLS 1.2\"": native(&evidence.Record{Protocol: "HTTP", CertIdentifier: "old"}, upload, https),
		"+ api.demo.com  edge  forceHttps false, protocol HTTPS, tlsMax":                                                                                  native(nil, plan.Call{Action: "CreateDomain", Params: https.Params}),
		"~ api.demo.com  payments  stage RELEASE → PRE, type INTERNET → INTRANET\n":                                                                       inEffect(evidence.Domain{BindStageName: "RELEASE", CustomDomainType: "internet", IsHTTPRedirectToHTTPS: true}, update),
		"~ api.demo.com  payments  stage all environments → PRE, type (not shown":                                                                         inEffect(evidence.Domain{}, update),
		"~ api.demo.com  payments  certificate old → api_demo_com\n":                                                                                      inEffect(evidence.Domain{CertificateName: "old"}, renewal),
		"~ api.demo.com  payments  certificate api_demo_com: content → sha256:bb\n":                                                                       inEffect(evidence.Domain{CertificateName: "api_demo_com"}, renewal),
		"~ api.demo.com  payments  SslVerifyDepth (not shown by the gateway) → 2\n":                                                                       inEffect(evidence.Domain{}, mutual),
		"= api.demo.com  payments  already in effect\n":                                                                                                   inEffect(evidence.Domain{}),
		"+ api.demo.com  927d50c0…  stage all environments, certificate api_demo_com\n":                                                                   allowed(),
		"! old.demo.com  927d50c0…  takes it from legacy (stage RELEASE)\n":                                                                               forced(Outcome{}),
		"~ api.demo.com  payments  once it is approved: stage RELEASE → PRE, type":                                                                        awaiting,
		"- www.demo.com  927d50c0…  refused: certificate/covers-domain, dns/cname-reaches":                                                                refused(),
		"? pay.demo.com  927d50c0…  undetermined: group/exists, dns/cname-chain-terminates":                                                               undetermined(),
	} {
		b.Outcome = nil
		if got := written(t, "text", run("plan", b), Options{Width: 200}); !strings.HasPrefix(got, want) {
			t.Errorf("got\n%s\nwant %s", got, want)
		}
	}
}

func TestThousandPlannedBindings(t *testing.T) {
	var bindings []Binding
	for i := range 1000 {
		b := []Binding{allowed(), refused(), forced(Outcome{}), undetermined()}[i%4]
		b.Source, b.DomainName, b.Outcome = at(i+1, 5), fmt.Sprintf("d%d.demo.com", i), nil
		bindings = append(bindings, b)
	}
	got := written(t, "text", run("plan", bindings...), Options{Width: 100})
	if n := strings.Count(got, "\n"); n >= 1050 {
		t.Errorf("%d lines, want less than 1050", n)
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if end := strings.Join(lines[len(lines)-2:], " "); !strings.Contains(end, "Plan: 500 to bind, 250 forces (takes old.demo.com from legacy), 250 refused, 250 undetermined") {
		t.Errorf("the plan ends with %q", end)
	}
	for _, b := range bindings {
		if !strings.Contains(got, " "+b.DomainName+" ") {
			t.Fatalf("the plan leaves out %s", b.DomainName)
		}
	}
}

// An unreadable certificate is one finding, and what depends on it one line of it.
func TestWhatFollowsFromAFailedCheck(t *testing.T) {
	b := refused()
	b.Evidence = nil
	b.Reasons = []string{"certificate/chain-is-trusted: the certificate file was not read; see certificate/is-readable"}
	b.Checks = []checks.Result{
		{ID: "certificate/chain-is-trusted", Status: checks.StatusUnknown, Reason: "the certificate file was not read; see certificate/is-readable"},
		{ID: "certificate/is-not-revoked", Status: checks.StatusUnknown, Reason: "no certificate was looked up; see certificate/chain-is-trusted"},
		{ID: "certificate/is-readable", Status: checks.StatusFail, Findings: []checks.Finding{checks.Fails("", "the file does not exist", "")}},
		{ID: "group/exists", Status: checks.StatusUnknown, Reason: "no answer; see group/none"},
	}
	got := written(t, "text", run("lint", b), Options{})
	for _, want := range []string{"= note: 2 other checks depend on it", "unknown[group/exists] www.demo.com: no answer"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "was not read") || strings.Count(got, "error[") != 1 {
		t.Errorf("what depends on a failed check is shown too:\n%s", got)
	}
}
