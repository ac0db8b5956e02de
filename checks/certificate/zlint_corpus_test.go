//go:build corpora

package certificate

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zmap/zlint/v3/lint"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
)

// TestZLintCorpus judges zlint's test data with the whole family, and compares
// the findings with the expectations of zlint's tests.
func TestZLintCorpus(t *testing.T) {
	corpus := judgeCorpus(t, os.Getenv("ZLINT"))
	t.Run("refused", corpus.refused)
	t.Run("lints", func(t *testing.T) {
		corpus.lints(t, evidence.ProfilePublic)
		corpus.lints(t, evidence.ProfilePrivate)
	})
	t.Run("rows", corpus.rows)
}

// corpus is zlint's test data, judged in both profiles.
type corpus struct {
	*sources
	judged map[string]map[string]judgement // by profile and file
}

// judgement is the result of the family for a file.
type judgement struct {
	facts   evidence.Certificate
	results map[string]checks.Result // by id without the family
}

func judgeCorpus(t *testing.T, zlint string) corpus {
	t.Helper()
	c := corpus{sources: readSources(t, filepath.Join(zlint, "lints")), judged: map[string]map[string]judgement{}}
	if len(c.expected) < 1500 {
		t.Error("zlint's tests are written in another way than is read here")
	}
	t.Logf("zlint's tests: %d expectations read, %d under a configuration of their own are left out, test functions not understood: %q",
		len(c.expected), c.configured, c.unread)
	data := filepath.Join(zlint, "testdata")
	names, err := filepath.Glob(filepath.Join(data, "*.pem"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	for _, e := range c.expected {
		names = append(names, e.file)
	}
	files := memory{}
	for _, name := range names {
		if files[name] == nil {
			if files[name], err = os.ReadFile(filepath.Join(data, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, profile := range []string{evidence.ProfilePublic, evidence.ProfilePrivate} {
		c.judged[profile] = judgeInMemory(t, files, profile)
	}
	return c
}

func judgeInMemory(t *testing.T, files memory, profile string) map[string]judgement {
	t.Helper()
	c, err := collector.New(collector.Config{Files: files, Profile: profile, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]judgement{}
	for name := range files {
		b := binding.Binding{DomainName: "x.example", Certificate: &binding.Certificate{Body: name}}
		s := checks.Subject{Binding: b, Evidence: evidence.Evidence{Run: evidence.Run{Now: time.Now()}}}
		s.Evidence.Certificate, _ = c.Collect(t.Context(), b)
		j := judgement{facts: s.Evidence.Certificate.Facts, results: map[string]checks.Result{}}
		if len(j.facts.Chain) > 0 {
			leaf, err := j.facts.Chain[0].X509()
			if err != nil {
				t.Fatal(err)
			}
			// The corpus has no keys; without one, key-is-strong is not judged.
			s.Evidence.Key = evidence.Observed(evidence.Key{Source: "key", PublicKey: leaf.RawSubjectPublicKeyInfo}, "key", time.Now())
			s.Binding.DomainName = belowWildcard(leaf.DNSNames)
		}
		for _, r := range checks.Run(t.Context(), Checks(), nil, s) {
			if strings.Contains(r.Reason, "panicked") {
				t.Errorf("%s: %s: %s", name, r.ID, r.Reason)
			}
			j.results[strings.TrimPrefix(r.ID, "certificate/")] = r
		}
		judged[name] = j
	}
	return judged
}

// belowWildcard returns a domain that the first wildcard of a certificate would
// cover.
func belowWildcard(names []string) string {
	for _, name := range names {
		if parent, ok := strings.CutPrefix(name, "*."); ok {
			return "a." + parent
		}
	}
	return "x.example"
}

// refused checks files that crypto/x509 cannot parse: they are refused in its
// words, for a listed reason, and no check passes.
func (c corpus) refused(t *testing.T) {
	reasons, total := map[string]int{}, 0
	for name, j := range c.judged[evidence.ProfilePublic] {
		if j.facts.Problem == nil {
			continue
		}
		total++
		_, reason, ok := strings.Cut(j.facts.Problem.Message, "but violates the certificate profile: ")
		if !ok {
			reason = j.facts.Problem.Message
		}
		if i := slices.IndexFunc(refusals(), func(r refusal) bool { return strings.HasPrefix(reason, r.reason) }); i >= 0 {
			reason = refusals()[i].reason
		} else {
			t.Errorf("%s: %s: a reason that is not listed", name, reason)
		}
		reasons[reason]++
		if got := j.results["is-readable"].Status; got != checks.StatusFail {
			t.Errorf("%s: is-readable is %v", name, got)
		}
		for id, r := range j.results {
			if r.Status == checks.StatusPass {
				t.Errorf("%s: %s passes", name, id)
			}
		}
	}
	for _, r := range refusals() {
		t.Logf("%3d %s: %s", reasons[r.reason], r.reason, r.why)
	}
	t.Logf("%d files judged, %d refused by certificate/is-readable", len(c.judged[evidence.ProfilePublic])-total, total)
}

// inProfile reports whether bindgate uses a lint's findings: by its source, as
// in docs/design/certificates.md, unless that page excludes it.
func inProfile(name, profile string) bool {
	l := lint.GlobalRegistry().CertificateLints().ByName(name)
	if l == nil || slices.Contains([]string{"w_ext_subject_key_identifier_missing_sub_cert", "w_subject_common_name_included", "w_ct_sct_policy_count_unsatisfied"}, name) {
		return false
	}
	source := string(l.Source)
	return strings.HasPrefix(source, "RFC") || profile == evidence.ProfilePublic &&
		slices.Contains([]string{"CABF_BR", "CABF_EV", "Mozilla", "Apple", "Chrome", "Community"}, source)
}

// lints checks that certificate/lints-clean reports a lint's error as an error
// and its warning as a warning, and nothing for a lint that passes, does not
// apply, is not yet in force by the CA/Browser Forum or a root program, or is
// only a notice.
func (c corpus) lints(t *testing.T, profile string) {
	findings, silences, accepts, rejects, left, unread, dated := 0, 0, 0, 0, 0, 0, 0
	for _, e := range c.expected {
		j := c.judged[profile][e.file]
		if !inProfile(e.lint, profile) {
			left++
			continue
		}
		if j.facts.Problem != nil {
			unread++
			continue
		}
		rfc := strings.HasPrefix(string(lint.GlobalRegistry().CertificateLints().ByName(e.lint).Source), "RFC")
		if e.status == "NE" && rfc { // zlint considers the date in the certificate, bindgate does not
			dated++
			continue
		}
		var want checks.Severity
		switch e.status {
		case "Error", "Fatal":
			want = checks.Error
		case "Warn":
			want = checks.Warning
		}
		if want == checks.Error && rfc && profile == evidence.ProfilePrivate && takenByClients.MatchString(e.lint) {
			want = checks.Warning
		}
		r := j.results["lints-clean"]
		if r.Status != checks.StatusPass && r.Status != checks.StatusFail {
			t.Errorf("profile %s: %s was not linted: %s", profile, e.file, r.Reason)
		}
		var got checks.Severity
		for _, f := range r.Findings {
			if strings.Contains(f.Message, ": "+e.lint+" (") {
				got = f.Severity
			}
		}
		switch {
		case got == want && want != "":
			findings++
			continue
		case got == want:
			silences++
			continue
		case got == "":
			accepts++
		default:
			rejects++
		}
		t.Errorf("profile %s: %s says %s of %s, lints-clean %q", profile, e.lint, e.status, e.file, got)
	}
	t.Logf("profile %s: %d agree (%d that there is a finding, %d that there is none), %d false accepts, %d false rejects; %d of files that are refused, %d of lints outside of the profile, %d that ask for the date of an RFC",
		profile, findings+silences, findings, silences, accepts, rejects, unread, left, dated)
}

// takenByClients matches the lints of key usages and criticality that are
// warnings in profile private.
var takenByClients = regexp.MustCompile(`critical|allowed_ku|key_usage_and_extended_key_usage_inconsistent`)

// rows compares our rows, which do not depend on dates, with the lints of the
// same property: the row must report an error or a warning in its words, and
// must not report it for a file that passes. Lints not in force are not
// compared.
func (c corpus) rows(t *testing.T) {
	listed := map[string]bool{}
	var total differences
	for _, p := range sameProperty() {
		d := c.compare(t, p, listed)
		t.Logf("%-28s %-28.28s %v %s", p.row, p.says, d, p.stricter)
		for i := range d {
			total[i] += d[i]
		}
	}
	t.Logf("all rows: %v", total)
	for key := range disagreements() {
		if !listed[key] {
			t.Errorf("%s is listed, and there is no disagreement", key)
		}
	}
}

// differences counts by kind: agreement, false accept, false reject, refused in
// other words, not compared.
type differences [5]int

func (d differences) String() string {
	return fmt.Sprintf("%3d agree, %d false accepts, %d false rejects, %d refused in other words, %d not compared", d[0], d[1], d[2], d[3], d[4])
}

// compare compares one property with its lints, and records the listed
// disagreements that occur.
func (c corpus) compare(t *testing.T, p property, listed map[string]bool) (d differences) {
	pattern := regexp.MustCompile(p.says)
	for _, e := range c.expected {
		if !slices.Contains(p.lints, e.lint) {
			continue
		}
		j := c.judged[evidence.ProfilePublic][e.file]
		flawed := slices.Contains([]string{"Notice", "Warn", "Error", "Fatal"}, e.status)
		if j.facts.Problem != nil || !flawed && (e.status != "Pass" || p.stricter != "") {
			d[4]++
			continue
		}
		r := j.results[p.row]
		switch reported := slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return pattern.MatchString(f.Message) }); {
		case reported == flawed:
			d[0]++
			continue
		case reported:
			d[2]++
		case r.Status == checks.StatusFail:
			d[3]++
		default:
			d[1]++
		}
		key := e.lint + " " + e.file
		if listed[key] = disagreements()[key] != ""; !listed[key] {
			t.Errorf("%s: %s says %s of %s, and the row %v", p.row, e.lint, e.status, e.file, r.Findings)
		}
	}
	return d
}
