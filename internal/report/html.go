package report

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// htmlFormat is one file that needs no other: a security review opens it
// years later, on a machine without network. Its content policy allows nothing
// but its own style and script, by their hashes, and markup escapes every other
// text.
//
// A page with thousands of bindings stays quick because its script draws only
// the cards that are looked at, from one block of JSON: a row for each binding, and
// the evidence as markup.evidence draws it, compressed in parts. Without
// the script the page still holds the summary and every error.
type htmlFormat struct {
	*state
	view   view
	rows   packed // JSON, separated by commas
	errors packed // a table's rows, for readers without the script
	cards  []string
	parts  [][]byte
	ids    map[string]int  // how often an anchor was given
	rules  map[string]bool // of the notes
}

// cardsInPart is how many bindings' evidence is compressed together: neighbours
// have much in common, and a reader who opens one card unpacks them all.
const cardsInPart = 64

func openHTML(s *state) (format, error) {
	style, err := page.ReadFile("page/style.css")
	if err != nil {
		return nil, err
	}
	script, err := page.ReadFile("page/script.js")
	if err != nil {
		return nil, err
	}
	h := &htmlFormat{state: s, ids: map[string]int{}, rules: map[string]bool{}}
	// Both files are of this program: the only text that is not escaped.
	h.view.Style, h.view.Script = string(style), string(script)
	h.view.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digestOf(style), digestOf(script))
	return h, nil
}

func (h *htmlFormat) add(b Binding) error {
	v := bindingViewOf(b)
	h.view.Timeline.add(expiriesOf(b, v.Certificates))
	h.view.Board.add(b)
	var card strings.Builder
	m := &markup{w: &card}
	if m.evidence(v); m.err != nil {
		return m.err
	}
	h.cards = append(h.cards, card.String())
	if len(h.cards) == cardsInPart {
		if err := h.packCards(); err != nil {
			return err
		}
	}
	for _, n := range v.Notes {
		h.rules[n.Rule] = true
		if n.Severity != checks.Error {
			continue
		}
		w, err := h.errors.writer()
		if err != nil {
			return err
		}
		m := &markup{w: w}
		if m.failed(b.DomainName, n); m.err != nil {
			return m.err
		}
	}
	return h.addRow(v)
}

// addRow packs what the page's list shows of a binding.
func (h *htmlFormat) addRow(v bindingView) error {
	text, err := json.Marshal(h.row(v))
	if err != nil {
		return err
	}
	w, err := h.rows.writer()
	if err != nil {
		return err
	}
	if h.summary.Bindings > 1 {
		if _, err := io.WriteString(w, ",\n"); err != nil {
			return err
		}
	}
	_, err = w.Write(text)
	return err
}

// packCards compresses the evidence of the bindings that wait for it.
func (h *htmlFormat) packCards() error {
	if len(h.cards) == 0 {
		return nil
	}
	text, err := json.Marshal(h.cards)
	if err != nil {
		return err
	}
	var part bytes.Buffer
	w, err := flate.NewWriter(&part, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	h.cards, h.parts = h.cards[:0], append(h.parts, part.Bytes())
	return nil
}

func (h *htmlFormat) close() error {
	if err := h.packCards(); err != nil {
		return err
	}
	h.view.fill(h.state, h.rules)
	m := &markup{w: h.out}
	m.top(&h.view)
	if err := h.errors.unpack(h.out); err != nil {
		return err
	}
	m.middle(&h.view)
	// encoding/json writes < as an escape, so no text can end the element.
	h.put(`<script type="application/json" id="data">{"cardsInPart":`, strconv.Itoa(cardsInPart), ",\n\"rows\":[\n")
	if err := h.rows.unpack(h.out); err != nil {
		return err
	}
	h.put("],\n\"parts\":[")
	for i, part := range h.parts {
		if i > 0 {
			h.put(",")
		}
		h.put("\n\"", base64.StdEncoding.EncodeToString(part), "\"")
	}
	h.put("]}</script>\n")
	m.bottom(&h.view)
	return m.err
}

// packed is compressed text. Its zero value is empty.
type packed struct {
	buf bytes.Buffer
	w   *flate.Writer
}

func (p *packed) writer() (_ io.Writer, err error) {
	if p.w == nil {
		p.w, err = flate.NewWriter(&p.buf, flate.BestSpeed)
	}
	return p.w, err
}

// unpack writes the text out.
func (p *packed) unpack(w io.Writer) error {
	if p.w == nil {
		return nil
	}
	if err := p.w.Close(); err != nil {
		return err
	}
	r := flate.NewReader(&p.buf)
	_, err := io.Copy(w, r)
	return errors.Join(err, r.Close())
}

// row is a binding in the page's list. Its texts are escaped as Escape does; the
// script makes text nodes of them.
type row struct {
	ID        string    `json:"id"` // anchor
	Rank      int       `json:"rank"`
	Class     string    `json:"class"`
	Mark      string    `json:"mark"`
	Decision  string    `json:"decision"`
	Verdict   string    `json:"verdict,omitempty"` // absent: the decision
	Domain    string    `json:"domain"`
	Kind      string    `json:"kind"` // what the domain is bound to: group or gateway
	Group     string    `json:"group"`
	GroupName string    `json:"groupName,omitempty"`
	Region    string    `json:"region,omitempty"`
	Stage     string    `json:"stage,omitempty"`
	Type      string    `json:"type,omitempty"`
	Place     string    `json:"place"`
	Counts    string    `json:"counts"`         // of the checks
	Ends      string    `json:"ends,omitempty"` // the day when the certificate of the file ends
	Notes     []noteRow `json:"notes,omitempty"`
}

type noteRow struct {
	Severity checks.Severity `json:"severity"`
	Rule     string          `json:"rule"`
	Place    string          `json:"place,omitempty"` // absent: the row's
	Message  string          `json:"message"`
	Fix      string          `json:"fix,omitempty"`
}

func (h *htmlFormat) row(v bindingView) row {
	r := row{
		Rank: rank(v.Binding), Class: v.Class, Mark: v.Mark, Decision: string(v.Decision),
		Domain: Escape(v.DomainName), Kind: kindOfTarget(v.Binding), Group: Escape(v.Target()), Region: Escape(v.RegionID), Stage: Escape(v.Stage),
		Type: Escape(v.CustomDomainType), Place: Escape(strings.TrimSuffix(place(v.Source), ":")), Counts: strings.TrimSpace(v.Counts),
	}
	if v.Verdict != r.Decision {
		r.Verdict = Escape(v.Verdict)
	}
	if v.FullEvidence != nil {
		r.GroupName = Escape(cmp.Or(v.FullEvidence.Gateway.Facts.Name, v.FullEvidence.Group.Facts.GroupName))
	}
	if len(v.Certificates) > 0 && v.Certificates[0].Problem == "" {
		r.Ends = v.Certificates[0].NotAfter.UTC().Format(time.DateOnly)
	}
	for _, n := range v.Notes {
		note := noteRow{Severity: n.Severity, Rule: Escape(n.Rule), Message: Escape(n.Message), Fix: Escape(n.Fix)}
		if at := Escape(n.Place()); at != r.Place {
			note.Place = at
		}
		r.Notes = append(r.Notes, note)
	}
	anchor := strings.Map(func(c rune) rune {
		if c == '.' || c == '-' || c == '*' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return c
		}
		return '_'
	}, v.DomainName+"-"+v.Target())
	h.ids[anchor]++
	if n := h.ids[anchor]; n > 1 {
		anchor += "-" + strconv.Itoa(n)
	}
	r.ID = "binding-" + anchor
	return r
}

// digestOf is a source expression of a content policy (CSP Level 3 §2.3.1).
func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// view is what the page shows, in its order. Text is as it came: the page
// escapes it.
type view struct {
	Style    string // of this program, as Script
	Script   string
	Policy   string // Content-Security-Policy
	Tool     Tool
	Run      Run
	Sentence string // the summary in a line
	Facts    []fact // of the run
	Tiles    []tile
	Timeline timeline
	Board    moving         // empty: no domain moves
	Count    int            // of the bindings
	Why      []checks.Check // that notes come from
}

// fact is a name and its value.
type fact struct{ Name, Value string }

// tile is a number of the summary; Decision filters by it.
type tile struct {
	Class, Decision string
	N               int
}

// bindingView is one binding with all that is known of it.
type bindingView struct {
	Binding
	Class        string // good, bad, doubt or aside
	Mark         string
	Verdict      string
	Stage        string
	Notes        []note
	Counts       string
	Certificates []certificateView
	Chain        []string // the CNAME chain: names, then the addresses
	Ending       string
	Servers      []evidence.ServerAnswers // what each address of each name server says
	Resolvers    []evidence.ResolverAnswer
	Security     []evidence.NameSecurity
	Policy       []evidence.PolicyPackage
	Passed       []string        // ids of checks
	Others       []checks.Result // that did not pass, and apply
	Observed     []observed
	Document     string // the whole evidence as JSON, certificates' DER left out
}

// observed says of one piece of evidence whether and how it was seen.
type observed struct {
	What, State, Reason, From string
	At                        time.Time
}

// fill completes the view at the end of the run.
func (v *view) fill(r *state, rules map[string]bool) {
	v.Tool, v.Run, v.Sentence, v.Count = r.Tool, r.Run, r.counted(), r.summary.Bindings
	v.Timeline.draw(r.Run.Now)
	for _, c := range r.Catalogue {
		if rules[c.ID] {
			v.Why = append(v.Why, c)
		}
	}
	s := r.summary
	v.Tiles = []tile{{"bad", "refused", s.Refused}, {"doubt", "undetermined", s.Undetermined}, {"aside", "partial", s.Partial}, {"good", "allowed", s.Allowed}}
	run := r.Run
	for _, f := range []fact{{"command", run.Command}, {"clock", run.Now.Format(time.RFC3339)}, {"endpoint", run.Endpoint}, {"identity", identity(run.Identity)}, {"contract", run.Contract},
		{"DNS", run.DNSMode}, {"manifest", run.ManifestDigest}, {"policy", run.PolicyDigest}, {"policies off", policiesOff(run.PoliciesOff)}, {"configuration", run.ConfigDigest},
		{"roots", run.RootsDigest}, {"CI job", ciJob(run.CI)}, {"approved by", approvers(run.Approvals)}, {"facts given", externalFacts(run.External)}, {"classic gateway", run.Classic.String()}, {"linter", run.Linter}, {"weak keys", keyLists(run.KeyLists)}, {"waivers", waivers(run)}, {"compared", compared(run.Since)}, {"journal head", run.JournalHead}, {"error", errorText(run.Error)}, {"written by", r.Tool.Name + " " + r.Tool.Version}} {
		if f.Value != "" {
			v.Facts = append(v.Facts, f)
		}
	}
}

// identity names who a run calls as.
func identity(id *evidence.Identity) string {
	switch {
	case id == nil:
		return ""
	case id.AccountID == "":
		return strings.TrimSpace(fmt.Sprintf("access key %s from %s, account not known %s", id.AccessKeyID, id.Source, id.Problem))
	}
	who := id.ARN
	if !strings.Contains(who, ":"+id.AccountID+":") {
		who += " of account " + id.AccountID
	}
	return fmt.Sprintf("%s (access key %s from %s)", who, id.AccessKeyID, id.Source)
}

// ciJob names the job that a verified token is of.
func ciJob(ci *evidence.CI) string {
	if ci == nil {
		return ""
	}
	return fmt.Sprintf("%s of %s, %s, by %s (%s)", ci.Event, ci.Repository, ci.Ref, ci.Actor, ci.Issuer)
}

// approvers names who approved the plan.
func approvers(list []evidence.Approval) string {
	var out []string
	for _, a := range list {
		out = append(out, fmt.Sprintf("%s (%s)", a.By, a.Kind))
	}
	return strings.Join(out, ", ")
}

// policiesOff names the policies that are not asked.
func policiesOff(list []PolicyOff) string {
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s (%s)", p.Name, p.Reason))
	}
	return strings.Join(out, ", ")
}

// externalFacts names the files of facts, with their times.
func externalFacts(list []External) string {
	var out []string
	for _, x := range list {
		out = append(out, fmt.Sprintf("%s of %s (%s)", x.Name, x.AsOf.Format(time.RFC3339), x.Digest))
	}
	return strings.Join(out, ", ")
}

func errorText(f *Failure) string {
	if f == nil {
		return ""
	}
	return strings.Join(f.lines(), "; ")
}

func keyLists(lists []KeyList) string {
	var out []string
	for _, l := range lists {
		out = append(out, fmt.Sprintf("%s (%s, %s)", l.File, count(l.Keys, "key", "keys"), l.Digest))
	}
	return strings.Join(out, ", ")
}

func bindingViewOf(b Binding) bindingView {
	mark, s := markOf(b)
	v := bindingView{Binding: b, Mark: mark, Class: map[style]string{good: "good", bad: "bad", doubt: "doubt", aside: "aside"}[s],
		Verdict: string(b.Decision), Notes: notes(b)}
	if b.Outcome != nil {
		v.Verdict += ", " + b.Outcome.Status
	}
	if b.BindStageName != nil {
		v.Stage = stageName(*b.BindStageName)
	}
	n := map[checks.Status]int{}
	for _, c := range b.Checks {
		n[c.Status]++
		switch c.Status {
		case checks.StatusPass:
			v.Passed = append(v.Passed, c.ID)
		case checks.StatusNotApplicable:
		default:
			v.Others = append(v.Others, c)
		}
	}
	for i, span := range counts("", []counted{{n: n[checks.StatusFail], word: "failed"}, {n: n[checks.StatusUnknown], word: "unknown"},
		{n: n[checks.StatusPass], word: "passed"}, {n: n[checks.StatusNotRun], word: "not run"}, {n: n[checks.StatusNotApplicable], word: "not applicable"}}) {
		if i > 0 {
			v.Counts += span.text + " "
		}
	}
	v.fromSeen()
	if b.FullEvidence != nil {
		v.fromEvidence(*b.FullEvidence)
	}
	return v
}

// fromSeen takes the CNAME chain of the model, which is there without the whole
// evidence too.
func (v *bindingView) fromSeen() {
	if v.Evidence == nil || v.Evidence.End == nil {
		return
	}
	for _, h := range v.Evidence.Hops {
		v.Chain = append(v.Chain, h.Owner)
	}
	v.Chain = append(v.Chain, v.Evidence.End.Name)
	v.Ending = ending(*v.Evidence.End)
}

func (v *bindingView) fromEvidence(e evidence.Evidence) {
	v.Policy = e.Policy.Facts.Packages
	v.Servers, v.Resolvers, v.Security = e.DNS.Facts.Servers, e.DNS.Facts.Resolvers, e.DNS.Facts.Security
	v.Certificates = certificatesOf(e.Certificate.Facts.Chain)
	add := func(what string, s evidence.State, reason, from string, at time.Time) {
		state := string(s)
		if s == evidence.StateMissing {
			state = "missing"
		}
		v.Observed = append(v.Observed, observed{what, state, reason, from, at})
	}
	add("DNS", e.DNS.State, e.DNS.Reason, e.DNS.From, e.DNS.At)
	add("TXT proof", e.Proof.State, e.Proof.Reason, e.Proof.From, e.Proof.At)
	add("certificate", e.Certificate.State, e.Certificate.Reason, e.Certificate.From, e.Certificate.At)
	add("revocation", e.Revocation.State, e.Revocation.Reason, e.Revocation.From, e.Revocation.At)
	add("private key", e.Key.State, e.Key.Reason, e.Key.From, e.Key.At)
	add("API group", e.Group.State, e.Group.Reason, e.Group.From, e.Group.At)
	add("account", e.Account.State, e.Account.Reason, e.Account.From, e.Account.At)
	add("siblings", e.Siblings.State, e.Siblings.Reason, e.Siblings.From, e.Siblings.At)
	add("policy", e.Policy.State, e.Policy.Reason, e.Policy.From, e.Policy.At)
	v.Document = documentOf(e)
}

// documentOf is the evidence as JSON. The certificates' bytes are left out: the
// page shows what they say, with their digests.
func documentOf(e evidence.Evidence) string {
	chain := make([]evidence.Cert, len(e.Certificate.Facts.Chain))
	for i, c := range e.Certificate.Facts.Chain {
		chain[i] = c
		chain[i].DER = nil
	}
	e.Certificate.Facts.Chain, e.Certificate.Facts.Path.DER = chain, nil
	doc, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return "cannot be shown: " + err.Error()
	}
	return string(escapeJSON(doc))
}
