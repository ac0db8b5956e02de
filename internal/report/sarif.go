package report

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
)

// What GitHub code scanning takes of one run (docs.github.com, "SARIF results
// exceed one or more limits", 2026): it stores the top 5,000 results. The file
// stays below its 10 MB by far: a text holds at most maxText characters.
const sarifMostResults = 5000

// sarif is SARIF 2.1.0 with all that GitHub code scanning reads
// (docs.github.com, "SARIF support for code scanning", 2026). Results are written
// as they arrive, the errors first; the rules that they name and the invocation
// follow them. (The order of an object's members means nothing.)
type sarif struct {
	*encoder
	prints    fingerprints
	rules     []sarifRule
	index     map[string]int // of the rules, by id
	files     map[string]manifestText
	warnings  []pending // as many as may have room after the errors
	written   int
	cut       int
	separator string
}

// pending is a result that has to wait.
type pending struct {
	note
	print string
}

func openSARIF(s *state) (format, error) {
	f := &sarif{encoder: newEncoder(s), prints: newFingerprints(), rules: []sarifRule{}, index: map[string]int{}, files: map[string]manifestText{}, separator: "\n"}
	for _, c := range s.Catalogue {
		f.rule(c, s.Severities.Of(c))
	}
	s.put(`{"$schema":"`, sarifSchema, `","version":"2.1.0","runs":[{`)
	if category := s.options.Category; category != "" { // without one, the uploader's own category counts
		s.put(`"automationDetails":`)
		if err := f.value(sarifID{strings.TrimSuffix(category, "/") + "/"}); err != nil { // what follows the slash is a run (§3.17.3)
			return nil, err
		}
		s.put(`,`)
	}
	s.put(`"columnKind":"unicodeCodePoints","results":[`) // as strictyaml counts
	return f, nil
}

// rule returns the index of a check's rule.
func (f *sarif) rule(c checks.Check, severity checks.Severity) int {
	at, known := f.index[c.ID]
	if !known {
		at = len(f.rules)
		f.index[c.ID] = at
		f.rules = append(f.rules, sarifRuleOf(c, severity))
	}
	return at
}

func (f *sarif) add(b Binding) error {
	for _, n := range notes(b) {
		p := pending{n, f.prints.of(b, n)}
		switch {
		case n.Severity == checks.Warning && f.written+len(f.warnings) < sarifMostResults:
			f.warnings = append(f.warnings, p)
		case n.Severity == checks.Warning, f.written == sarifMostResults:
			f.cut++
		default:
			if err := f.result(p); err != nil {
				return err
			}
			if f.written+len(f.warnings) > sarifMostResults { // the last warning gives way
				f.warnings = f.warnings[:len(f.warnings)-1]
				f.cut++
			}
		}
	}
	return nil
}

func (f *sarif) close() error {
	for _, n := range f.Run.notes() {
		if err := f.result(pending{n, f.prints.of(Binding{}, n)}); err != nil {
			return err
		}
	}
	for _, p := range f.warnings {
		if err := f.result(p); err != nil {
			return err
		}
	}
	f.put("\n],\"tool\":")
	if err := f.value(sarifTool{Driver: sarifDriver{Name: f.Tool.Name, Version: f.Tool.Version, InformationURI: checks.Home, Rules: f.rules}}); err != nil {
		return err
	}
	f.put(`,"invocations":`)
	err := f.value([]sarifInvocation{f.invoked()})
	f.put("}]}\n")
	return err
}

// result writes one result.
func (f *sarif) result(p pending) error {
	n := p.note
	index, known := f.index[n.Rule]
	if !known {
		index = f.rule(otherRule(n.Rule), checks.Error)
	}
	file, known := f.files[n.file()]
	if !known {
		file = newManifestText(f.text(n.Source.File))
		f.files[n.file()] = file
	}
	prints := map[string]string{"bindgate/v1": p.print}
	if hash := file.hash(n.line()); hash != "" {
		prints["primaryLocationLineHash"] = hash
	}
	f.put(f.separator)
	f.separator = ",\n"
	f.written++
	var suppressed []sarifSuppression
	if w := n.waived; w != nil {
		suppressed = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: Escape(fmt.Sprintf("%s, until %s: %s", w.Owner, w.Until.UTC().Format(time.RFC3339), w.Reason))}}
	}
	var logical []sarifLogical
	if n.Source.Address != "" {
		logical = []sarifLogical{{Name: Escape(n.Source.Address), Kind: "resource"}}
	}
	return f.value(sarifResult{
		Suppressions: suppressed,
		RuleID:       n.Rule, RuleIndex: index, Level: string(n.Severity), Message: sarifText(n.text()), PartialFingerprints: prints,
		Locations: []sarifLocation{{Logical: logical, Physical: sarifPhysical{
			Artifact: sarifArtifactOf(f.path(n)),
			Region:   sarifRegion{StartLine: n.line(), StartColumn: n.column(), EndLine: n.line(), EndColumn: file.end(n)},
		}}},
	})
}

// invoked describes how the run ended, and what this file omits.
func (f *sarif) invoked() sarifInvocation {
	s := f.summary
	in := sarifInvocation{Successful: s.Undetermined+s.Unknown == 0 && !f.Run.Interrupted, EndTime: f.Run.Now.Format("2006-01-02T15:04:05Z"),
		Notifications: []sarifNotification{{Level: "note", Message: sarifText(f.counted())}}}
	if f.Run.Error != nil {
		in.Successful, in.Notifications[0].Level = false, "error"
	}
	if f.cut > 0 {
		in.Notifications = append(in.Notifications, sarifNotification{Level: "warning", Message: sarifText(fmt.Sprintf(
			"%d of the least severe results were left out, for GitHub takes %d; the json format has all", f.cut, sarifMostResults))})
	}
	return in
}

// sarifText is a message of one plain line. Brackets would be links (SARIF
// 2.1.0 §3.11.6).
func sarifText(text string) sarifMessage {
	return sarifMessage{Text: strings.ReplaceAll(strings.ReplaceAll(Escape(text), "[", `\[`), "]", `\]`)}
}

// otherRule is the documentation of a rule that is no check of the catalogue.
func otherRule(id string) checks.Check {
	doc := checks.Doc{Title: "The check " + id + " is not in the catalogue", Why: "A result of an unknown check refuses.", Fix: "Report it."}
	switch id {
	case ruleDecision:
		doc = checks.Doc{Title: "The gate allows the binding", Why: "Each check of the catalogue has exactly one result; what is missing or doubled refuses.",
			Fix: "Run bindgate again; if it stays, it is a defect of bindgate."}
	case ruleWaivers:
		return checks.Check{ID: id, Severity: checks.Warning, Doc: checks.Doc{Title: "Every waiver is used and still holds",
			Why: "A waiver that nothing needs any more would hide the next finding, and one that ends, or whose check the tree raises, lets the run refuse.", Fix: "Remove or renew it in the owner's file."}}
	case ruleRun:
		doc = checks.Doc{Title: "The run judges every binding", Why: "A run that ends with an error has judged nothing, and says nothing of the bindings.",
			Fix: "Repair what the message names and run bindgate again."}
	case ruleOutcome:
		doc = checks.Doc{Title: "The gateway did what was asked", Why: "A call failed, took effect only in part, or its outcome is unknown.",
			Fix: "Run bindgate lint to see what is in effect, then bindgate apply again; it sends nothing that is already in effect."}
	}
	return checks.Check{ID: id, Severity: checks.Error, Core: true, Doc: doc}
}

func sarifRuleOf(c checks.Check, severity checks.Severity) sarifRule {
	family, _, _ := strings.Cut(c.ID, "/")
	address := checks.Page(c.ID)
	if c.ID == ruleDecision || c.ID == ruleOutcome || c.ID == ruleRun {
		address = checks.Home + "#readme"
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

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// The part of SARIF 2.1.0 (OASIS, errata 01) that is written. Names are the
// standard's own.
type (
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string          `json:"id"`
		Name       string          `json:"name"`
		Short      sarifMessage    `json:"shortDescription"`
		Full       sarifMessage    `json:"fullDescription"`
		Help       sarifHelp       `json:"help"`
		HelpURI    string          `json:"helpUri"`
		Default    sarifDefault    `json:"defaultConfiguration"`
		Properties sarifProperties `json:"properties"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags             []string `json:"tags"`
		Precision        string   `json:"precision"`
		SecuritySeverity string   `json:"security-severity"` // GitHub: over 9 critical, 7 high, 4 medium, else low
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		EndTime       string              `json:"endTimeUtc"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifMessage      `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`

		Suppressions []sarifSuppression `json:"suppressions,omitempty"` // §3.27.23
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`   // external: not in the source
		Status        string `json:"status"` // accepted
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
)
