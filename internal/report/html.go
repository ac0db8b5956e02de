package report

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

//go:embed page
var page embed.FS

// htmlFormat is one file that needs no other: a security review opens it
// years later, on a machine without network. Its content policy allows nothing
// but its own style and script, by their hashes, and html/template keeps text
// from outside text. The bindings that need somebody come first, so each is drawn
// when it arrives and kept compressed until the end.
type htmlFormat struct {
	*state
	page     *template.Template
	view     view
	bindings [4]packed // by rank
}

func openHTML(s *state) (format, error) {
	style, err := page.ReadFile("page/style.css")
	if err != nil {
		return nil, err
	}
	script, err := page.ReadFile("page/script.js")
	if err != nil {
		return nil, err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"show": Escape,
		"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"day":  func(t time.Time) string { return t.UTC().Format("2006-01-02") },
	}).ParseFS(page, "page/*.html")
	if err != nil {
		return nil, err
	}
	h := &htmlFormat{state: s, page: t}
	// Both files are of this program: the only text that is not escaped.
	h.view.Style, h.view.Script = template.CSS(style), template.JS(script)
	h.view.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digestOf(style), digestOf(script))
	return h, nil
}

func (h *htmlFormat) add(b Binding) error {
	v := bindingViewOf(b)
	h.view.Timeline.All = append(h.view.Timeline.All, expiriesOf(b, v.Certificates)...)
	w, err := h.bindings[rank(b)].writer()
	if err != nil {
		return err
	}
	return h.page.ExecuteTemplate(w, "binding", v)
}

func (h *htmlFormat) close() error {
	h.view.fill(h.state)
	if err := h.page.ExecuteTemplate(h.out, "top.html", h.view); err != nil {
		return err
	}
	for i := range h.bindings {
		if err := h.bindings[i].unpack(h.out); err != nil {
			return err
		}
	}
	return h.page.ExecuteTemplate(h.out, "bottom.html", h.view)
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

// digestOf is a source expression of a content policy (CSP Level 3 §2.3.1).
func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// view is what the page shows, in its order. Text is as it came: the page
// escapes it.
type view struct {
	Style    template.CSS
	Script   template.JS
	Policy   string // Content-Security-Policy
	Tool     Tool
	Run      Run
	Sentence string // the summary in a line
	Facts    []fact // of the run
	Tiles    []tile
	Timeline timeline
	Count    int // of the bindings, which come between top and bottom of the page
}

// fact is a name with what stands behind it.
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
	Open         bool
	Notes        []note
	Counts       string
	Certificates []certificateView
	Chain        []string // the alias chain: names, then the addresses
	Ending       string
	Servers      []evidence.Matrix // what each address of each name server says
	Resolvers    []evidence.View
	Security     []evidence.NameSecurity
	Policy       []evidence.PolicyPackage
	Observed     []observed
	Document     string // the whole evidence as JSON, certificates' DER left out
}

// observed says of one piece of evidence whether and how it was seen.
type observed struct {
	What, State, Reason, From string
	At                        time.Time
}

// fill completes the view at the end of the run.
func (v *view) fill(r *state) {
	v.Tool, v.Run, v.Sentence, v.Count = r.Tool, r.Run, r.counted(), r.summary.Bindings
	v.Timeline.draw(r.Run.Now)
	s := r.summary
	v.Tiles = []tile{{"bad", "refused", s.Refused}, {"doubt", "undetermined", s.Undetermined}, {"aside", "partial", s.Partial}, {"good", "allowed", s.Allowed}}
	run := r.Run
	for _, f := range []fact{{"command", run.Command}, {"clock", run.Now.Format(time.RFC3339)}, {"endpoint", run.Endpoint}, {"contract", run.Contract},
		{"DNS", run.DNSMode}, {"manifest", run.ManifestDigest}, {"policy", run.PolicyDigest}, {"configuration", run.ConfigDigest},
		{"roots", run.RootsDigest}, {"linter", run.Linter}, {"weak keys", keyLists(run.KeyLists)}, {"journal head", run.JournalHead}, {"written by", r.Tool.Name + " " + r.Tool.Version}} {
		if f.Value != "" {
			v.Facts = append(v.Facts, f)
		}
	}
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
		Verdict: string(b.Decision), Open: rank(b) < 2, Notes: notes(b)}
	if b.Outcome != nil {
		v.Verdict += ", " + b.Outcome.Status
	}
	if b.BindStageName != nil {
		v.Stage = stageName(*b.BindStageName)
	}
	n := map[checks.Status]int{}
	for _, c := range b.Checks {
		n[c.Status]++
	}
	for i, span := range counts("", []counted{{n: n[checks.StatusFail], word: "failed"}, {n: n[checks.StatusUnknown], word: "unknown"},
		{n: n[checks.StatusPass], word: "passed"}, {n: n[checks.StatusNotRun], word: "not run"}, {n: n[checks.StatusNotApplicable], word: "not applicable"}}) {
		if i > 0 {
			v.Counts += span.text + " "
		}
	}
	v.fromSeen()
	if b.Whole != nil {
		v.fromEvidence(*b.Whole)
	}
	return v
}

// fromSeen takes the alias chain of the model, which is there without the whole
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
