// Package metrics writes what an audit found in Prometheus's text format, for the
// textfile collector of node_exporter.
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/report"
)

// Names of the families, in the order of the file.
const (
	complete    = "bindgate_audit_complete"
	lastRun     = "bindgate_audit_last_run_timestamp_seconds"
	lastSuccess = "bindgate_audit_last_success_timestamp_seconds"
	duration    = "bindgate_audit_duration_seconds"
	exitCode    = "bindgate_audit_exit_code"
	bindings    = "bindgate_audit_bindings"
	ofCheck     = "bindgate_check_bindings"
	expiry      = "bindgate_certificate_not_after_timestamp_seconds"
	decision    = "bindgate_binding_decision"
	failing     = "bindgate_binding_check"
	omitted     = "bindgate_audit_omitted_series"
)

type family struct{ name, help string }

// families describes each family. All are gauges: a run is a snapshot.
func families() []family {
	return []family{
		{complete, "Whether the last audit listed and judged every binding, and none is undetermined."},
		{lastRun, "When the last audit ended."},
		{lastSuccess, "When the last complete audit ended; kept after an audit that is not complete."},
		{duration, "How long the last audit took, by phase: list or judge."},
		{exitCode, "Exit code of the last audit."},
		{bindings, "Bindings of the last audit by decision."},
		{ofCheck, "Bindings of the last audit by check and status."},
		{expiry, "End of validity of the certificate in effect, for every decision; the last known value if it cannot be read."},
		{decision, "1 for the decision on a binding, 0 for the others."},
		{failing, "1 for each check of a binding that failed or is unknown."},
		{omitted, "Series of " + failing + " that are omitted, because there are more than " + strconv.Itoa(mostFailing) + "."},
	}
}

// mostFailing bounds the series of checks of bindings. Other families have at most five
// series for a binding, or for a check.
const mostFailing = 10_000

// Scope is what an audit covers. Its labels are on every series, so that the files of
// several audits have no series in common.
type Scope struct {
	Account  string // may be empty: not known
	Platform string
	Region   string
}

// Run describes an audit that ended.
type Run struct {
	Scope
	Start    time.Time
	Listed   time.Time // when the bindings were known; zero: they are not
	End      time.Time
	Whole    bool // every binding was listed and judged
	ExitCode int
}

// Recorder collects the series of one audit.
type Recorder struct {
	bindings  []recorded
	decisions map[gate.Status]int
	checks    map[string]map[checks.Status]int
	failing   int
}

// recorded is one binding as the file shows it.
type recorded struct {
	place    place
	decision gate.Status
	expires  int64 // seconds since the epoch; 0: the domain has no certificate
	known    bool  // expires was observed
	failing  []checks.Result
}

// place identifies a binding in the labels.
type place struct{ domain, target string }

func (p place) labels() []string { return []string{"domain", p.domain, "target", p.target} }

// Add records a binding with its evidence. It keeps neither.
func (r *Recorder) Add(b report.Binding) {
	if r.checks == nil {
		r.checks, r.decisions = map[string]map[checks.Status]int{}, map[gate.Status]int{}
	}
	one := recorded{place: place{report.Escape(b.DomainName), report.Escape(b.Target())}, decision: known(b.Decision)}
	one.expires, one.known = expires(b)
	r.decisions[one.decision]++
	for _, c := range b.Checks {
		if r.checks[c.ID] == nil {
			r.checks[c.ID] = map[checks.Status]int{}
		}
		r.checks[c.ID][c.Status]++
		if c.Status != checks.StatusFail && c.Status != checks.StatusUnknown {
			continue
		}
		if r.failing++; r.failing <= mostFailing {
			one.failing = append(one.failing, checks.Result{ID: c.ID, Status: c.Status})
		}
	}
	r.bindings = append(r.bindings, one)
}

// decisions are those that a binding can have, in the order of the file.
func decisions() []gate.Status {
	return []gate.Status{gate.Allowed, gate.Refused, gate.Undetermined, gate.Partial}
}

// known takes a decision that is none as one that promises nothing.
func known(d gate.Status) gate.Status {
	if slices.Contains(decisions(), d) {
		return d
	}
	return gate.Undetermined
}

// expires returns when the certificate ends that the platform holds for the domain,
// in seconds; 0 if the platform says that there is none. ok is false if it was not read.
func expires(b report.Binding) (at int64, ok bool) {
	if b.FullEvidence == nil {
		return 0, false
	}
	e := b.FullEvidence
	if d, found := e.Group.Facts.Domain(b.DomainName); e.Group.State == evidence.StateObserved && found {
		return d.CertificateValidEnd / 1000, d.CertificateValidEnd > 0 || d.CertificateID == "" && d.CertificateName == ""
	}
	if d := e.Records.Facts.Domain; e.Records.State == evidence.StateObserved && d != nil {
		return d.NotAfter / 1000, d.NotAfter > 0 || d.CertIdentifier == "" && d.CertName == ""
	}
	return 0, false
}

// Write writes the file of an audit. From the file of the audit before, it keeps the
// time of the last success and the expiry of certificates that this run did not read.
func (r *Recorder) Write(w io.Writer, run Run, before Earlier) error {
	switch run.Account = report.Escape(run.Account); {
	case run.Account == "":
		run.Account = before.account
	case before.account != "" && before.account != run.Account:
		before = Earlier{}
	}
	f := file{out: bufio.NewWriter(w), seen: map[string]bool{}, scope: []string{"account", run.Account, "platform", run.Platform, "region", run.Region}}
	success := before.success
	whole := run.Whole && r.decisions[gate.Undetermined] == 0
	if whole {
		success = run.End.Unix()
	}
	for _, fam := range families() {
		f.begin(fam)
		switch fam.name {
		case complete:
			f.add(bit(whole))
		case lastRun:
			f.add(run.End.Unix())
		case lastSuccess:
			if success > 0 {
				f.add(success)
			}
		case duration:
			if run.Listed.IsZero() {
				run.Listed = run.End
			} else {
				f.addSeconds(run.End.Sub(run.Listed), "phase", "judge")
			}
			f.addSeconds(run.Listed.Sub(run.Start), "phase", "list")
		case exitCode:
			f.add(int64(run.ExitCode))
		case omitted:
			f.add(int64(max(r.failing-mostFailing, 0)))
		default:
			r.write(&f, fam.name, run.Whole, before)
		}
	}
	return f.out.Flush()
}

// write writes the series of a family of bindings and checks.
func (r *Recorder) write(f *file, name string, whole bool, before Earlier) {
	switch name {
	case bindings:
		for _, d := range decisions() {
			f.add(int64(r.decisions[d]), "decision", string(d))
		}
	case ofCheck:
		for _, id := range slices.Sorted(maps.Keys(r.checks)) {
			for _, status := range slices.Sorted(maps.Keys(r.checks[id])) {
				f.add(int64(r.checks[id][status]), "check", id, "status", string(status))
			}
		}
	case expiry:
		r.expiries(f, whole, before)
	default:
		for _, b := range r.bindings {
			if name == failing {
				for _, c := range b.failing {
					f.add(1, append(b.place.labels(), "check", c.ID, "status", string(c.Status))...)
				}
				continue
			}
			for _, d := range decisions() {
				f.add(bit(d == b.decision), append(b.place.labels(), "decision", string(d))...)
			}
		}
	}
}

// expiries writes what was read, then the last known values of what was not.
func (r *Recorder) expiries(f *file, whole bool, before Earlier) {
	read := map[place]bool{}
	for _, b := range r.bindings {
		switch at, kept := before.expires[b.place]; {
		case b.known && b.expires > 0:
			f.add(b.expires, b.place.labels()...)
		case !b.known && kept:
			f.add(at, b.place.labels()...)
		}
		read[b.place] = true
	}
	if whole {
		return // what is not bound any more has no series
	}
	for _, p := range before.order {
		if !read[p] {
			f.add(before.expires[p], p.labels()...)
		}
	}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// file writes families one after the other. The buffer keeps the first error.
type file struct {
	out   *bufio.Writer
	scope []string
	name  string
	seen  map[string]bool // series of the family: a second one would make the whole file invalid
}

func (f *file) begin(fam family) {
	f.name = fam.name
	clear(f.seen)
	_, _ = fmt.Fprintf(f.out, "# HELP %s %s\n# TYPE %s gauge\n", fam.name, escaper(false).Replace(fam.help), fam.name)
}

// add writes one sample with the labels of the scope and further pairs of name and value.
func (f *file) add(value int64, labels ...string) { f.sample(strconv.FormatInt(value, 10), labels) }

func (f *file) addSeconds(d time.Duration, labels ...string) {
	f.sample(strconv.FormatFloat(max(d, 0).Seconds(), 'f', -1, 64), labels)
}

func (f *file) sample(value string, labels []string) {
	var b strings.Builder
	b.WriteString(f.name)
	escape := escaper(true)
	separator := "{"
	for pair := range slices.Chunk(slices.Concat(f.scope, labels), 2) {
		b.WriteString(separator + pair[0] + `="` + escape.Replace(strings.ToValidUTF8(pair[1], "\uFFFD")) + `"`)
		separator = ","
	}
	if f.seen[b.String()] {
		return
	}
	f.seen[b.String()] = true
	_, _ = f.out.WriteString(b.String() + "} " + value + "\n")
}

// escaper escapes help texts and values of labels, where a quotation mark is special too.
func escaper(label bool) *strings.Replacer {
	if label {
		return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	}
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`)
}
