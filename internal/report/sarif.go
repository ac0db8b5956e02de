package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks"
)

// What GitHub code scanning takes of one run (docs.github.com, "SARIF results
// exceed one or more limits", 2026): it stores the top 5,000 results. The file
// stays below its 10 MB by far: a text holds at most maxText characters.
const sarifMostResults = 5000

const (
	home     = "https://github.com/bindgate/bindgate"
	docsBase = home + "/blob/main/docs/checks/"
)

// writeSARIF writes SARIF 2.1.0 with all that GitHub code scanning reads
// (docs.github.com, "SARIF support for code scanning", 2026).
func writeSARIF(w io.Writer, r Report, _ Options) error {
	all := notes(r)
	kept := all[:min(len(all), sarifMostResults)]
	run := sarifRun{
		Tool:              sarifTool{Driver: sarifDriver{Name: r.Tool.Name, Version: r.Tool.Version, InformationURI: home, Rules: sarifRules(r, kept)}},
		AutomationDetails: sarifID{"bindgate/" + orElse(r.Run.Command, "lint") + "/"},
		ColumnKind:        "unicodeCodePoints", // as strictyaml counts
		Results:           []sarifResult{},
		Invocations:       []sarifInvocation{sarifInvoked(r, len(all)-len(kept))},
	}
	hashes := map[string][]string{}
	for _, n := range kept {
		index := slices.IndexFunc(run.Tool.Driver.Rules, func(rule sarifRule) bool { return rule.ID == n.Rule })
		run.Results = append(run.Results, sarifOf(r, n, index, hashes))
	}
	doc, err := json.MarshalIndent(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeJSON(doc), '\n'))
	return err
}

// sarifOf is one result. hashes remembers the line hashes of each manifest.
func sarifOf(r Report, n note, index int, hashes map[string][]string) sarifResult {
	text := r.text(n.Source.File)
	if _, ok := hashes[n.file()]; !ok {
		hashes[n.file()] = lineHashes(string(text))
	}
	prints := map[string]string{"bindgate/v1": n.fingerprint}
	if lines := hashes[n.file()]; text != nil && n.line() <= len(lines) {
		prints["primaryLocationLineHash"] = lines[n.line()-1]
	}
	return sarifResult{
		RuleID: n.Rule, RuleIndex: index, Level: string(n.Severity), Message: sarifText(n.text()), PartialFingerprints: prints,
		Locations: []sarifLocation{{Physical: sarifPhysical{
			Artifact: sarifArtifactOf(n.file()),
			Region:   sarifRegion{StartLine: n.line(), StartColumn: n.column(), EndLine: n.line(), EndColumn: lineEnd(text, n)},
		}}},
	}
}

// sarifInvoked tells how the run went, and what this file leaves out.
func sarifInvoked(r Report, cut int) sarifInvocation {
	s := r.Summary
	in := sarifInvocation{Successful: s.Undetermined+s.Unknown == 0 && !r.Run.Interrupted, EndTime: r.Run.Now.Format("2006-01-02T15:04:05Z"),
		Notifications: []sarifNotification{}}
	tell := func(level, text string) {
		in.Notifications = append(in.Notifications, sarifNotification{Level: level, Message: sarifText(text)})
	}
	tell("note", r.counted())
	if cut > 0 {
		tell("warning", fmt.Sprintf("%d of the least severe results were left out, for GitHub takes %d; the json format has all", cut, sarifMostResults))
	}
	return in
}

// sarifText is a message of one plain line. Brackets would be links (SARIF
// 2.1.0 §3.11.6).
func sarifText(text string) sarifMessage {
	return sarifMessage{Text: strings.NewReplacer("[", `\[`, "]", `\]`).Replace(Escape(text))}
}

// sarifRules are the whole catalogue, in its order, and what else the results name.
func sarifRules(r Report, kept []note) []sarifRule {
	rules := []sarifRule{}
	for _, c := range r.Catalogue {
		rules = append(rules, sarifRuleOf(c, r.Severities.Of(c)))
	}
	for _, n := range kept {
		if !slices.ContainsFunc(rules, func(rule sarifRule) bool { return rule.ID == n.Rule }) {
			rules = append(rules, sarifRuleOf(otherRule(n.Rule), checks.Error))
		}
	}
	return rules
}

// otherRule is the documentation of a rule that is no check of the catalogue.
func otherRule(id string) checks.Check {
	doc := checks.Doc{Title: "The check " + id + " is not in the catalogue", Why: "A result of an unknown check refuses.", Fix: "Report it."}
	switch id {
	case ruleDecision:
		doc = checks.Doc{Title: "The gate allows the binding", Why: "Each check of the catalogue has exactly one result; what is missing or doubled refuses.",
			Fix: "Run bindgate again; if it stays, it is a defect of bindgate."}
	case ruleOutcome:
		doc = checks.Doc{Title: "The gateway did what was asked", Why: "A call failed, took effect only in part, or nobody knows what came of it.",
			Fix: "Run bindgate lint to see what stands, then bindgate apply again; what stands is not sent again."}
	}
	return checks.Check{ID: id, Severity: checks.Error, Core: true, Doc: doc}
}

func sarifRuleOf(c checks.Check, severity checks.Severity) sarifRule {
	family, statement, _ := strings.Cut(c.ID, "/")
	address := docsBase + family + ".md#" + statement
	if family+"/"+statement == ruleDecision || c.ID == ruleOutcome {
		address = home + "#readme"
	}
	score, precision := "3.0", "high"
	switch {
	case c.Core:
		score, precision = "8.0", "very-high"
	case severity == checks.Error:
		score = "6.0"
	}
	var references strings.Builder
	for _, ref := range c.Doc.References {
		references.WriteString("\n- " + ref)
	}
	return sarifRule{
		ID: c.ID, Name: c.ID, Short: sarifMessage{Text: c.Doc.Title}, Full: sarifMessage{Text: c.Doc.Title + ". " + c.Doc.Why},
		Help: sarifHelp{Text: "Why: " + c.Doc.Why + "\n\nFix: " + c.Doc.Fix,
			Markdown: "**Why.** " + c.Doc.Why + "\n\n**Fix.** " + c.Doc.Fix + "\n" + references.String()},
		HelpURI: address, Default: sarifDefault{Level: string(severity)},
		Properties: sarifProperties{Tags: []string{"security", family}, Precision: precision, SecuritySeverity: score},
	}
}

// sarifArtifactOf is a file by its URI: relative to the top of the sources, or
// absolute and then relative to nothing (SARIF 2.1.0 §3.4.4).
func sarifArtifactOf(file string) sarifArtifact {
	if filepath.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: filepath.ToSlash(file)}).String(), URIBaseID: "%SRCROOT%"}
}

// lineEnd is the column behind the last visible character of the note's line,
// where a value ends that stands alone on it.
func lineEnd(text []byte, n note) int {
	lines := bytes.Split(text, []byte("\n"))
	if n.line() > len(lines) {
		return n.column() + 1
	}
	line, _, _ := bytes.Cut(lines[n.line()-1], []byte(" #"))
	return max(utf8.RuneCount(bytes.TrimRight(line, " \t\r"))+1, n.column()+1)
}
