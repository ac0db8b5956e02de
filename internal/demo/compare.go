package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

// exitRefused is the exit code of a command that refuses a binding.
const exitRefused = 1

// run is the outcome of the commands and of the sandbox.
type run struct {
	exits         []int              // exit codes of the commands
	bindings      []decided          // of the report of apply
	received      []sandbox.Received // every call of the demo
	before, after []account.Group    // state of the sandbox

	cloudBefore, cloudAfter apig.Seed // of the cloud-native gateway
	certificates            []certstore.Certificate
}

// decided is one binding of a bindgate.report/v1, as any other program reads
// it.
type decided struct {
	DomainName string `json:"domainName"`
	GroupID    string `json:"groupId"`
	GatewayID  string `json:"gatewayId"`
	Decision   string `json:"decision"`
	Checks     []struct {
		IDs    []string `json:"ids"`
		Status string   `json:"status"`
	} `json:"checks"`
	Calls []struct {
		Action   string            `json:"action"`
		Params   map[string]string `json:"params"`
		Filled   string            `json:"filled"` // the parameter with the identifier of the upload
		Material struct {
			Chain string `json:"chainDigest"`
			Key   string `json:"publicKeyDigest"`
		} `json:"material"`
	} `json:"calls"`
	Outcome struct {
		Status string `json:"status"`
	} `json:"outcome"`
}

func readReport(path string) ([]decided, error) {
	var r struct {
		Schema   string    `json:"schema"`
		Bindings []decided `json:"bindings"`
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	if want := "bindgate.report/v1"; r.Schema != want {
		return nil, fmt.Errorf("reading the report: got schema %q, want %q", r.Schema, want)
	}
	return r.Bindings, nil
}

// row is one binding in the table.
type row struct {
	place
	expected, decided string
	received          int      // calls that change the gateway
	differences       []string // none: it agrees
}

// compare returns a row for each binding, expected or not: the expectation, the
// decision, and the calls that the sandbox received.
func compare(all []expectation, r run) []row {
	calls := map[place][]string{}
	for _, c := range r.received {
		if c.Committed || !isRead(c.Action) {
			at := r.placeOf(c)
			calls[at] = append(calls[at], receivedText(r.plain(c)))
		}
	}
	lost, changed := lostDomains(r.before, r.after), r.changedRecords()
	rows := make([]row, len(all))
	for i, e := range all {
		rows[i] = row{place: e.place, expected: e.want, received: len(calls[e.place])}
		add := func(format string, args ...any) {
			rows[i].differences = append(rows[i].differences, fmt.Sprintf(format, args...))
		}
		var want []string
		found := slices.DeleteFunc(slices.Clone(r.bindings), func(d decided) bool { return d.place() != e.place })
		if len(found) != 1 {
			add("decided: the report contains it %d times, want once", len(found))
		} else {
			rows[i].decided, want = found[0].became(), r.callsOf(found[0])
			if got, want := found[0].words(), e.words(); got != want {
				add("decided: got %q, want %q", got, want)
			}
		}
		if got := calls[e.place]; !slices.Equal(got, want) {
			add("received: got [%s], want the decided calls: [%s]", strings.Join(got, "; "), strings.Join(want, "; "))
		}
		if changed[e.domain] {
			add("state: the record of the domain changed, want only what the binding names")
		}
		if e.displaced != "" {
			rows[i].expected += ", displacing another group"
			if !lost[place{e.domain, e.displaced}] {
				add("state: the force did not displace group %q", e.displaced)
			}
		}
		delete(calls, e.place)
		delete(lost, place{e.domain, e.displaced})
	}
	for _, code := range r.exits {
		if code != exitRefused {
			rows = append(rows, row{place: place{domain: "exit code"}, expected: strconv.Itoa(exitRefused), decided: strconv.Itoa(code),
				differences: []string{fmt.Sprintf("a command ended with %d, want %d because bindings are refused", code, exitRefused)}})
		}
	}
	return append(rows, strangers(all, r.bindings, calls, lost)...)
}

// strangers returns decisions, calls and lost domains that no binding of the
// manifest requests.
func strangers(all []expectation, bindings []decided, calls map[place][]string, lost map[place]bool) []row {
	var rows []row
	for _, d := range bindings {
		if !slices.ContainsFunc(all, func(e expectation) bool { return e.place == d.place() }) {
			rows = append(rows, row{place: d.place(), decided: d.became(), differences: []string{"decided: the manifest does not contain it"}})
		}
	}
	for at, got := range calls {
		rows = append(rows, row{place: at, received: len(got), differences: []string{"received: got [" + strings.Join(got, "; ") + "], want nothing"}})
	}
	for at := range lost {
		rows = append(rows, row{place: at, differences: []string{"state: the group lost the domain without an expected force"}})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.domain+" "+a.target, b.domain+" "+b.target) })
	return rows
}

func (d decided) place() place { return place{d.DomainName, cmp.Or(d.GroupID, d.GatewayID)} }

// became returns the report's result for a binding in one word: the outcome of
// its calls, or the decision that prevented them.
func (d decided) became() string {
	if d.Decision == "allowed" {
		return d.Outcome.Status
	}
	return d.Decision
}

// words returns became and the failing checks, sorted.
func (d decided) words() string {
	var failed []string
	for _, c := range d.Checks {
		if c.Status == "fail" {
			failed = append(failed, c.IDs...)
		}
	}
	return inWords(d.became(), failed)
}

// words returns the expectation as decided.words does.
func (e expectation) words() string {
	became, check, refused := strings.Cut(e.want, ": ")
	if !refused {
		return inWords(became, nil)
	}
	return inWords(became, append([]string{check}, e.also...))
}

func inWords(became string, failed []string) string {
	if len(failed) == 0 {
		return became
	}
	slices.Sort(failed)
	return became + ": " + strings.Join(failed, ", ")
}

// receivedText formats a received call like a decided one. A call without
// effect equals no decided call.
func receivedText(r sandbox.Received) string {
	text := callText(r.Action, r.Params, r.ChainDigest, r.PublicKeyDigest)
	if r.Code != "OK" || !r.Committed {
		text += fmt.Sprintf(" without effect (%q)", r.Code)
	}
	return text
}

// callText formats everything of a call that must agree, except its place.
func callText(action string, params map[string]string, chain, key string) string {
	words := []string{action}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "DomainName" && name != "GroupId" && name != "RegionId" {
			words = append(words, fmt.Sprintf("%s=%q", name, params[name]))
		}
	}
	if chain != "" || key != "" {
		words = append(words, "certificate "+chain, "key "+key)
	}
	return strings.Join(words, " ")
}

// lostDomains returns the domains that a group had before and has no longer.
func lostDomains(before, after []account.Group) map[place]bool {
	lost := map[place]bool{}
	for _, g := range before {
		for _, d := range g.Domains {
			lost[place{d.DomainName, g.GroupID}] = true
		}
	}
	for _, g := range after {
		for _, d := range g.Domains {
			delete(lost, place{d.DomainName, g.GroupID})
		}
	}
	return lost
}
