package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
)

// planned are the lines of a plan: the first ones are held until they can be aligned,
// the others are written as they come.
type planned struct {
	held   []planRow
	widths []int // of domain and target; nil: not known yet

	bind, unchanged int
	takes           names // what forces take, and from which group
	forces          int
	awaiting        int // would be bound once they are approved
}

type planRow struct {
	mark           string
	style          style
	domain, target string
	change         string
}

// planLine takes the line of a binding: what a binding changes, or why nothing is sent.
func (t *text) planLine(b Binding) {
	r := planRow{domain: cell(b.DomainName), target: targetOf(b)}
	p := &t.plan
	switch {
	case len(b.Calls) == 0 && b.Decision == gate.Allowed:
		r.mark, r.style, r.change = "=", aside, "already in effect"
		p.unchanged++
	case b.Decision == gate.Refused:
		r.mark, r.style, r.change = "-", bad, string(b.Decision)+": "+reasonOf(b)
	case len(b.Calls) == 0 || b.Decision == gate.Undetermined:
		r.mark, r.style, r.change = "?", doubt, string(b.Decision)+": "+reasonOf(b)
	case b.Decision == gate.Partial:
		p.awaiting++
		r.mark, r.style, r.change = t.change(b)
		r.change = "once it is approved: " + r.change
	default:
		p.bind++
		r.mark, r.style, r.change = t.change(b)
	}
	if p.widths == nil {
		if p.held = append(p.held, r); len(p.held) < mostBindings && !t.options.Verbose {
			return
		}
		p.flush(t.printer)
	} else {
		r.draw(t.printer, p.widths)
	}
	t.flush()
}

// change describes the calls of a binding.
func (t *text) change(b Binding) (mark string, s style, text string) {
	changes := changesOf(b)
	switch {
	case len(b.Displaces) > 0:
		mark, s = "!", doubt
		var from []string
		for _, h := range b.Displaces {
			what := cell(h.Domain.DomainName)
			if h.Domain.DomainName == b.DomainName {
				what = "it"
			}
			from = append(from, fmt.Sprintf("takes %s from %s (stage %s)", what, cell(orElse(h.GroupName, h.GroupID)), orElse(cell(h.Domain.BindStageName), stageName(""))))
			t.plan.takes.add(cell(h.Domain.DomainName) + " from " + cell(orElse(h.GroupName, h.GroupID)))
		}
		t.plan.forces++
		changes = append(from, changes...)
	case before(b) == nil:
		mark, s = "+", good
	default:
		mark, s = "~", good
	}
	return mark, s, strings.Join(changes, ", ")
}

// before returns the settings of the domain now, by the parameter that sets each; a
// setting that the platform does not report is absent. It returns nil if the domain is not
// bound there, or if that is not known.
func before(b Binding) map[string]string {
	if b.FullEvidence == nil {
		return nil
	}
	if r := b.FullEvidence.Records.Facts.Domain; b.GatewayID != "" && r != nil {
		return map[string]string{"protocol": r.Protocol, "forceHttps": strconv.FormatBool(r.ForceHTTPS), "certIdentifier": r.CertIdentifier,
			"caCertIdentifier": r.CACertIdentifier, "mTLSEnabled": strconv.FormatBool(r.MTLSEnabled), "http2Option": r.HTTP2Option,
			"tlsMin": r.TLSMin, "tlsMax": r.TLSMax}
	}
	d, bound := b.FullEvidence.Group.Facts.Domain(b.DomainName)
	if b.GatewayID != "" || !bound {
		return nil
	}
	was := map[string]string{"BindStageName": orElse(d.BindStageName, stageName("")), "IsHttpRedirectToHttps": strconv.FormatBool(d.IsHTTPRedirectToHTTPS),
		"CertificateName": d.CertificateName}
	if d.CustomDomainType != "" {
		was["CustomDomainType"] = strings.ToUpper(d.CustomDomainType)
	}
	return was
}

// changesOf lists what the calls of a binding change, each value before and after. Values
// that are sent back as they are, are not listed.
func changesOf(b Binding) []string {
	was := before(b)
	var out []string
	after, material := map[string]string{}, ""
	var sent []string // parameters in the order of the calls
	for _, c := range b.Calls {
		if c.Material != nil {
			material = c.Material.ChainDigest
		}
		if c.Filled != "" {
			after[c.Filled] = "(uploaded)"
			sent = append(sent, c.Filled)
		}
		for _, key := range slices.Sorted(maps.Keys(c.Params)) {
			if slices.Contains([]string{"GroupId", "DomainName", "IsForce", "domainId", "name"}, key) || slices.Contains(c.Keeps, key) {
				continue
			}
			if key == "Name" { // of an upload
				out = append(out, "uploads certificate "+cell(c.Params[key])+" "+shortDigest(material))
				continue
			}
			if _, known := after[key]; !known {
				sent = append(sent, key)
			}
			after[key] = c.Params[key]
		}
	}
	for _, key := range rankedKeys(sent) {
		if text := changeOf(key, after[key], was, material); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// rankedKeys sorts parameters: stage, type, redirect, certificate, then the others.
func rankedKeys(keys []string) []string {
	order := []string{"BindStageName", "CustomDomainType", "IsHttpRedirectToHttps", "CertificateName"}
	rank := func(key string) int {
		if i := slices.Index(order, key); i >= 0 {
			return i
		}
		return len(order)
	}
	out := slices.Clone(keys)
	slices.SortStableFunc(out, func(a, b string) int { return rank(a) - rank(b) })
	return out
}

// changeOf is one value before and after; empty: it stays.
func changeOf(key, after string, was map[string]string, material string) string {
	label := map[string]string{"BindStageName": "stage", "CustomDomainType": "type", "IsHttpRedirectToHttps": "redirect", "CertificateName": "certificate"}
	shown := func(value string) string {
		switch {
		case key == "BindStageName" && (value == "" || value == stageName("")):
			return stageName("")
		case value == "":
			return "none"
		}
		return cell(cut(value, mostValue))
	}
	what := orElse(label[key], cell(key))
	from, known := was[key]
	switch {
	case known && shown(from) == shown(after) && key == "CertificateName": // the same name, other content
		return what + " " + shown(after) + ": content → " + shortDigest(material)
	case known && shown(from) == shown(after):
		return ""
	case known:
		return what + " " + shown(from) + " → " + shown(after)
	case was != nil:
		return what + " (not shown by the gateway) → " + shown(after)
	}
	return what + " " + shown(after)
}

// mostValue is the columns of one value in a plan; -v shows it whole.
const mostValue = 60

// shortDigest keeps enough of a digest to compare it by eye.
func shortDigest(digest string) string {
	const enough = len("sha256:") + 12
	if len(digest) <= enough {
		return digest
	}
	return digest[:enough] + "…"
}

// flush writes the lines that are held, aligned.
func (p *planned) flush(to *printer) {
	if p.widths != nil {
		return
	}
	p.widths = []int{1, 1}
	for _, r := range p.held {
		p.widths[0] = max(p.widths[0], r.columns(to.width)[0])
		p.widths[1] = max(p.widths[1], r.columns(to.width)[1])
	}
	for _, r := range p.held {
		r.draw(to, p.widths)
	}
	p.held = nil
}

// columns returns the widths that a row takes of a line.
func (r planRow) columns(width int) []int {
	return []int{min(columns(Escape(r.domain)), width*2/5), min(columns(Escape(r.target)), width/5)}
}

// draw draws a row in columns of these widths, or of those that it takes if it takes more.
func (r planRow) draw(to *printer, widths []int) {
	own := r.columns(to.width)
	widths = []int{max(widths[0], own[0]), max(widths[1], own[1])}
	domain, target := padded(r.domain, widths[0]), padded(r.target, widths[1])
	gap := strings.Repeat(" ", between)
	to.w.WriteString(to.paint(r.style, []string{r.mark}) + " " + to.paint(name, []string{domain}) + gap + target + gap[1:])
	to.words(2+widths[0]+widths[1]+2*between-1, 6, false, []span{{plain, r.change}})
}

// planTotals draws the last line of a plan.
func (t *text) planTotals() {
	p, s := t.plan, t.summary
	parts := []counted{{good, p.bind, "to bind"}}
	if p.forces > 0 {
		parts = append(parts, counted{doubt, p.forces, pluralOf(p.forces, "force", "forces") + " (takes " + p.takes.String() + ")"})
	}
	parts = append(parts, counted{doubt, p.awaiting, "once approved"}, counted{aside, p.unchanged, "unchanged"},
		counted{bad, s.Refused, "refused"}, counted{doubt, s.Undetermined, "undetermined"}, counted{aside, s.Partial - p.awaiting, "partial"})
	line := counts("Plan:", parts)
	if len(line) == 1 {
		line = append(line, span{plain, "nothing to bind"})
	}
	t.line(0, 2, line...)
}

// sending draws the parameters of a call.
func (t *text) sending(c plan.Call) {
	words := []span{{good, c.Action}, {plain, "in " + orElse(c.RegionID, "the default region")}}
	for _, key := range slices.Sorted(maps.Keys(c.Params)) {
		words = append(words, span{plain, fmt.Sprintf("%s=%q", key, c.Params[key])})
	}
	t.line(2, 4, words...)
	if m := c.Material; m != nil {
		t.line(4, 6, span{aside, m.BodyParam}, span{plain, m.ChainDigest})
		t.line(4, 6, span{aside, m.KeyParam + " (public half)"}, span{plain, m.PublicKeyDigest})
	}
}
