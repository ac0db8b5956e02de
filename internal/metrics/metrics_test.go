package metrics_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/metrics"
	"github.com/bindgate/bindgate/internal/report"
)

var update = flag.Bool("update", false, "update the expected files")

var (
	now   = time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC)
	scope = metrics.Scope{Account: "123456789", Platform: "classic", Region: "cn-hangzhou"}
)

func audit(end time.Time, whole bool) metrics.Run {
	return metrics.Run{Scope: scope, Start: end.Add(-5 * time.Second), Listed: end.Add(-3500 * time.Millisecond), End: end, Whole: whole, ExitCode: 1}
}

// bound is a binding of the classic gateway; end 0: the evidence of its group was not read.
func bound(name string, decision gate.Status, end int64, results ...checks.Result) report.Binding {
	e := evidence.Evidence{Group: evidence.Failed[evidence.Group]("the gateway did not answer", "gateway", now)}
	if end != 0 {
		d := evidence.Domain{DomainName: name, CertificateName: "c", CertificateValidEnd: end}
		if end < 0 {
			d = evidence.Domain{DomainName: name}
		}
		e.Group = evidence.Observed(evidence.Group{Domains: []evidence.Domain{d}}, "gateway", now)
	}
	return report.Binding{DomainName: name, Platform: "classic", GroupID: "927d50c0f2e54b359919923d908bb015", Decision: decision, Checks: results, FullEvidence: &e}
}

func written(t testing.TB, run metrics.Run, before metrics.Earlier, all ...report.Binding) string {
	t.Helper()
	var r metrics.Recorder
	for _, b := range all {
		r.Add(b)
	}
	var out bytes.Buffer
	if err := r.Write(&out, run, before); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func earlier(t testing.TB, text string) metrics.Earlier {
	t.Helper()
	e, err := metrics.Read([]byte(text), scope, now)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func results(status checks.Status) []checks.Result {
	return []checks.Result{{ID: "dns/cname-reaches-group", Status: status}, {ID: "group/exists", Status: checks.StatusPass}}
}

const hostile = "a\"b\\c\n{x=\"y\"} 1\n\x1b[2J\xff\u202e.demo.com"

func TestGolden(t *testing.T) {
	apig := bound("pay.demo.com", gate.Refused, 0, results(checks.StatusFail)...)
	apig.GroupID, apig.GatewayID = "", "gw-1"
	apig.FullEvidence.Records = evidence.Observed(evidence.Records{Domain: &evidence.Record{Name: "pay.demo.com", CertIdentifier: "1-cn-hangzhou", NotAfter: 1_800_000_000_999}}, "gateway", now)
	got := written(t, audit(now, true), metrics.Earlier{},
		bound("api.demo.com", gate.Allowed, 1_790_000_000_000, results(checks.StatusPass)...),
		bound("api.demo.com", gate.Allowed, 1_790_000_000_000, results(checks.StatusPass)...), // listed twice
		bound("plain.demo.com", gate.Partial, -1, results(checks.StatusNotRun)...),
		bound("old.demo.com", gate.Refused, 1_700_000_000_000, results(checks.StatusFail)...),
		bound(hostile, "no decision", 1_790_000_000_000, results(checks.StatusUnknown)...), apig)
	file := filepath.Join("testdata", "audit.prom")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update when this is right):\n%s", file, diff)
	}
}

// value returns the value of a series, of which part is a piece of the name and labels.
func value(text string, parts ...string) string {
next:
	for line := range strings.Lines(text) {
		for _, part := range parts {
			if !strings.Contains(line, part) || strings.HasPrefix(line, "#") {
				continue next
			}
		}
		return line[strings.LastIndex(line, " ")+1 : len(line)-1]
	}
	return ""
}

const (
	success = "bindgate_audit_last_success_timestamp_seconds"
	expiry  = "bindgate_certificate_not_after_timestamp_seconds"
)

func TestWhatIsKept(t *testing.T) {
	first := written(t, audit(now.Add(-24*time.Hour), true), metrics.Earlier{},
		bound("api.demo.com", gate.Allowed, 1_790_000_000_000), bound("gone.demo.com", gate.Refused, 1_700_000_000_000), bound(hostile, gate.Allowed, 1_780_000_000_000))
	good := fmt.Sprint(now.Add(-24 * time.Hour).Unix())
	if got := value(first, success); got != good {
		t.Fatalf("last success %q, want %s", got, good)
	}

	// The listing failed: nothing is known of any binding.
	run := audit(now, false)
	run.Listed, run.Account, run.ExitCode = time.Time{}, "", 3
	lost := written(t, run, earlier(t, first))
	for _, c := range []struct{ want, got string }{
		{good, value(lost, success, `account="123456789"`)}, {"0", value(lost, "bindgate_audit_complete{")}, {"3", value(lost, "exit_code{")},
		{"1790000000", value(lost, expiry, `domain="api.demo.com"`)}, {"1700000000", value(lost, expiry, "gone")},
		{"1780000000", value(lost, expiry, "202e")}, {"", value(lost, "bindgate_binding_decision{")}, {"", value(lost, `phase="judge"`)}, {"5", value(lost, `phase="list"`)},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q in:\n%s", c.got, c.want, lost)
		}
	}

	// A whole run that could not read one certificate: it keeps that one, forgets what is
	// bound no more, and is no success, because a binding is undetermined.
	part := written(t, audit(now, true), earlier(t, lost), bound("api.demo.com", gate.Undetermined, 0), bound(hostile, gate.Allowed, 1_795_000_000_000))
	for _, c := range []struct{ want, got string }{
		{good, value(part, success)}, {"0", value(part, "bindgate_audit_complete{")}, {"1790000000", value(part, expiry, `domain="api.demo.com"`)},
		{"", value(part, "gone")}, {"1795000000", value(part, expiry, "202e")},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q in:\n%s", c.got, c.want, part)
		}
	}
	// A certificate that was removed has no expiry any more.
	if none := written(t, audit(now, true), earlier(t, part), bound("api.demo.com", gate.Allowed, -1)); value(none, expiry) != "" || value(none, success) != fmt.Sprint(now.Unix()) {
		t.Errorf("got:\n%s", none)
	}
}

func TestReadTakesOnlyItsOwn(t *testing.T) {
	future := strings.ReplaceAll(written(t, audit(now, true), metrics.Earlier{}, bound("api.demo.com", gate.Allowed, 1_790_000_000_000)), fmt.Sprint(now.Unix()), fmt.Sprint(now.Unix()+1))
	for name, c := range map[string]struct{ text, want string }{
		"another region":    {strings.ReplaceAll(future, "cn-hangzhou", "cn-beijing"), ""},
		"another account":   {strings.ReplaceAll(future, "123456789", "987654321"), ""},
		"a success to come": {future, "1790000000"},
	} {
		out := written(t, audit(now, false), earlier(t, c.text))
		if got := value(out, expiry); got != c.want || value(out, success) != "" {
			t.Errorf("%s: got %q, want %q, and %q", name, got, c.want, value(out, success))
		}
	}
	// The account of the run may be known only after the file was read.
	e, err := metrics.Read([]byte(strings.ReplaceAll(future, "123456789", "987654321")), metrics.Scope{Platform: "classic", Region: "cn-hangzhou"}, now)
	if out := written(t, audit(now, false), e); err != nil || value(out, expiry) != "" {
		t.Errorf("the expiry of another account is kept: %v\n%s", err, out)
	}
	for _, text := range []string{"up 1\n", expiry + " 1\n", expiry + "{} 1\n", expiry + `{account="1"} x` + "\n", expiry + `{platform="classic",region="cn-hangzhou"} 1.5` + "\n",
		expiry + `{platform="classic",region="cn-hangzhou"} -1` + "\n", expiry + `{a="1",a="2"} 1` + "\n", expiry + `{a="\x"} 1` + "\n", expiry + `{a="1"`, expiry + `{a="1"} `, "\x00"} {
		if _, err := metrics.Read([]byte(text), metrics.Scope{Platform: "classic", Region: "cn-hangzhou"}, now); err == nil && !strings.Contains(text, `"1"} `) {
			t.Errorf("%q was read", text)
		}
	}
}

func TestSeriesOfChecksAreBounded(t *testing.T) {
	var all []report.Binding
	var many []checks.Result
	for i := range 1001 {
		many = append(many, checks.Result{ID: fmt.Sprintf("policy/p%d", i), Status: checks.StatusFail})
	}
	for i := range 10 {
		all = append(all, bound(fmt.Sprintf("a%d.demo.com", i), gate.Refused, 1_790_000_000_000, many...))
	}
	out := written(t, audit(now, true), metrics.Earlier{}, all...)
	if n := strings.Count(out, "\nbindgate_binding_check{"); n != 10_000 || value(out, "bindgate_audit_omitted_series{") != "10" {
		t.Errorf("%d series, omitted %s", n, value(out, "bindgate_audit_omitted_series{"))
	}
}

// shape matches every line of the format.
var shape = regexp.MustCompile(`^(# (HELP|TYPE) bindgate_[a-z_]+ .+|bindgate_[a-z_]+\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\} [0-9.]+)\n$`)

// FuzzFile holds that any text from outside gives a file of the format, from which the next
// run reads what this one wrote, and that no earlier file does harm.
func FuzzFile(f *testing.F) {
	f.Add("api.demo.com", int64(1_790_000_000_000), []byte(expiry+`{account="1",platform="classic",region="cn-hangzhou",domain="a",target="b"} 5`+"\n"))
	f.Add(hostile, int64(-1), []byte("# HELP x\n"))
	f.Add("", int64(0), []byte(success+`{account="1",platform="classic",region="cn-hangzhou"} 99`))
	f.Fuzz(func(t *testing.T, name string, end int64, before []byte) {
		e, err := metrics.Read(before, scope, now)
		if err != nil {
			e = metrics.Earlier{}
		}
		out := written(t, audit(now, false), e, bound(name, gate.Allowed, end))
		seen := map[string]bool{}
		for line := range strings.Lines(out) {
			if !shape.MatchString(line) {
				t.Fatalf("got the line %q", line)
			}
			if series := line[:strings.LastIndex(line, " ")]; !strings.HasPrefix(line, "#") && seen[series] {
				t.Fatalf("got the series %q twice", series)
			} else {
				seen[series] = true
			}
		}
		run := audit(now, false)
		run.Listed = time.Time{}
		again := written(t, run, earlier(t, out))
		for line := range strings.Lines(out) {
			if (strings.HasPrefix(line, expiry) || strings.HasPrefix(line, success)) && !strings.Contains(again, line) {
				t.Fatalf("the next run lost %q of:\n%s", line, again)
			}
		}
	})
}
