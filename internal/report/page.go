package report

import (
	"embed"
	"maps"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

//go:embed page
var page embed.FS

// table puts a table whose rows are written by rows.
func (m *markup) table(head constant, rows func()) {
	m.put(`<div class="wide"><table><thead><tr>`)
	m.put(head)
	m.put("</tr></thead><tbody>\n")
	rows()
	m.put("</tbody></table></div>")
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// top writes the page up to the rows of the table of errors.
func (m *markup) top(v *view) {
	m.put(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>bindgate {}: {}</title>
<style>`, v.Policy, v.Run.Command, v.Sentence)
	m.write(v.Style)
	m.put(`</style>
</head>
<body>
<a class="skip" href="#bindings">Skip to the bindings</a>
<header>
<h1>bindgate <span>{}</span></h1>
<p>{} <span class="when">at <time>{}</time></span></p>
</header>
<main>
<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<ul class="tiles" aria-label="Decisions; each shows or hides its bindings">
`, v.Run.Command, v.Sentence, minute(v.Run.Now))
	for _, t := range v.Tiles {
		m.put(`<li><button type="button" class="tile {}" data-decision="{}" aria-pressed="true"`, t.Class, t.Decision)
		if t.N == 0 {
			m.put(" disabled")
		}
		m.put("><b>{}</b> {}</button></li>\n", t.N, t.Decision)
	}
	m.put("</ul>\n<details class=\"run\"><summary>This run</summary>\n<dl>")
	for _, f := range v.Facts {
		m.put("<div><dt>{}</dt><dd>{}</dd></div>", f.Name, f.Value)
	}
	m.put("</dl>\n</details>\n</section>\n")
	if len(v.Board) > 0 {
		m.board(v)
	}
	m.put("\n")
	if len(v.Timeline.Rows) > 0 {
		m.timeline(v.Timeline)
	}
	m.put(`
<section aria-labelledby="bindings">
<h2 id="bindings">Bindings</h2>
<noscript><p>Without scripts this page lists the errors alone.</p>
<div class="wide"><table><thead><tr><th scope="col">domain</th><th scope="col">check</th><th scope="col">what is wrong</th></tr></thead><tbody>
`)
}

// failed writes a row of the table of errors.
func (m *markup) failed(domain string, n note) {
	m.put("<tr class=\"fail\"><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n", domain, n.Rule, n.Message)
}

// middle writes what follows the table of errors, up to the data.
func (m *markup) middle(v *view) {
	m.put(`</tbody></table></div></noscript>
<form class="filter" role="search" aria-label="Filter the bindings" hidden>
<label>Search <input type="search" id="search" placeholder="domain, group, gateway, check" autocomplete="off"></label>
<label><input type="checkbox" id="found"> only with findings</label>
<button type="button" id="expand">Expand all</button>
<button type="button" id="collapse">Collapse all</button>
<button type="button" id="csv">CSV of what is shown</button>
<button type="button" id="paper">Print with evidence</button>
<output id="count" aria-live="polite"></output>
</form>
<div id="list"></div>
<button type="button" id="more" hidden></button>
</section>
`)
	if len(v.Why) > 0 {
		m.put("<section aria-labelledby=\"why\">\n<h2 id=\"why\">What the checks mean</h2>\n")
		for _, c := range v.Why {
			m.put("<details class=\"why\" id=\"why-{}\"><summary><code>{}</code> {}</summary>\n<p>{}</p><p><b>Fix</b> {}</p></details>\n",
				c.ID, c.ID, c.Doc.Title, c.Doc.Why, c.Doc.Fix)
		}
		m.put("</section>")
	}
	m.put("\n</main>\n<footer>Written by {} {}. Names of DNS follow RFC 9499, of certificates RFC 5280. This page loads nothing and sends nothing.</footer>\n", v.Tool.Name, v.Tool.Version)
}

// bottom ends the page with its script.
func (m *markup) bottom(v *view) {
	m.put("<script>")
	m.write(v.Script)
	m.put("</script>\n</body>\n</html>\n")
}

// board writes the domains that move from one platform to the other, by state.
func (m *markup) board(v *view) {
	m.put("<section aria-labelledby=\"board\">\n<h2 id=\"board\">The move</h2>\n")
	if c := v.Run.Classic; c != nil {
		m.put("<p><b>{}</b> days until renewals end (2027-03-21), <b>{}</b> days until the classic gateway is switched off (2027-09-21).</p>\n", c.DaysToRenewal, c.DaysToEnd)
	}
	m.put("<div class=\"board\">\n")
	for _, c := range v.Board {
		if len(c.Domains) == 0 {
			continue
		}
		m.put("<section class=\"column {}\" aria-label=\"{}\"><h3>{} {} <span>{}</span></h3>\n", c.Class(), c.Name, int(c.State), c.Name, len(c.Domains))
		for _, d := range c.Domains {
			m.put("<details><summary>{}</summary>\n<ul>", d.Domain)
			m.each("<li>{}</li>", d.Blocks())
			m.put("</ul>\n")
			if len(d.Next) > 0 {
				m.put("<pre>")
				m.each("{}\n", d.Next)
				m.put("</pre>")
			}
			m.put("</details>\n")
		}
		m.put("</section>\n")
	}
	m.put("</div>\n</section>\n")
}

// timeline draws the certificates that end first, and writes them as a table.
func (m *markup) timeline(t timeline) {
	m.put(`<section aria-labelledby="expiries">
<h2 id="expiries">The certificates that end first</h2>
<svg class="timeline" viewBox="0 0 980 {}" role="img" aria-labelledby="timeline-title">
<title id="timeline-title">The {} of {} certificates that end first; the table below tells the same</title>
`, t.Height, len(t.Rows), t.Count)
	for _, at := range t.Ticks {
		m.put("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"22\" y2=\"{}\"/><text class=\"tick\" x=\"{}\" y=\"14\" text-anchor=\"middle\">{}</text>\n", at.X, at.X, t.Height, at.X, at.Label)
	}
	m.put("<line class=\"now\" x1=\"{}\" x2=\"{}\" y1=\"22\" y2=\"{}\"/><text class=\"tick now\" x=\"{}\" y=\"{}\" dx=\"4\" dy=\"-4\">this run</text>\n", t.Now, t.Now, t.Height, t.Now, t.Height)
	for _, e := range t.Rows {
		m.put(`<g class="{}"><text class="name" x="250" y="{}" dy="15" text-anchor="end">{}</text><rect x="{}" y="{}" width="{}" height="20" rx="3"><title>{} ({}): {}, {} days</title></rect></g>
`, e.Class, e.Y, e.Label(), e.X, e.Y, e.Width, e.Domain, e.Where, day(e.NotAfter), e.Days)
	}
	m.put("</svg>\n<details><summary>The same as a table ({} of {})</summary>\n", len(t.Rows), t.Count)
	m.table(`<th scope="col">domain</th><th scope="col">certificate of the</th><th scope="col">ends</th><th scope="col">days left</th>`, func() {
		for _, e := range t.Rows {
			m.put("<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", e.Class, e.Domain, e.Where, day(e.NotAfter), e.Days)
		}
	})
	m.put("</details>\n</section>")
}

// evidence writes what a card shows when it is opened.
func (m *markup) evidence(v bindingView) {
	if len(v.Chain) > 0 {
		m.put(`<h4>Alias chain</h4><ol class="chain">`)
		m.each("<li><code>{}</code></li>", v.Chain)
		m.put(`<li class="end">{}</li></ol>`, v.Ending)
	}
	m.put("\n")
	m.dns(v)
	if len(v.Displaces) > 0 {
		m.put("<h4>What a force takes away</h4><ul>")
		for _, d := range v.Displaces {
			m.put("<li><code>{}</code> from group <code>{}</code> {}</li>", d.Domain.DomainName, d.GroupID, d.GroupName)
		}
		m.put("</ul>")
	}
	m.put("\n")
	if len(v.Calls) > 0 {
		m.put("<h4>Calls</h4><ol>")
		for _, c := range v.Calls {
			m.put("<li><b>{}</b> in {} ", c.Action, c.RegionID)
			for _, name := range slices.Sorted(maps.Keys(c.Params)) {
				m.put("<code>{}={}</code> ", name, c.Params[name])
			}
			m.put("</li>")
		}
		m.put("</ol>")
	}
	m.put("\n")
	if o := v.Outcome; o != nil {
		m.put("<h4>Outcome</h4><p>{} {} {}", o.Status, o.Code, o.Message)
		if o.RequestID != "" {
			m.put(" (request {})", o.RequestID)
		}
		m.put("</p>")
		if len(o.Restore) > 0 {
			m.put("<p>To restore the previous state:</p><pre>")
			m.each("{}\n", o.Restore)
			m.put("</pre>")
		}
	}
	m.put("\n")
	m.certificates(v.Certificates)
	m.policy(v.Policy)
	m.results(v)
}

// dns writes what name servers and resolvers answered.
func (m *markup) dns(v bindingView) {
	for _, s := range v.Servers {
		m.put(`<h4>Name servers of {} (zone {})</h4><div class="wide"><table class="matrix"><thead><tr><th scope="col">server</th><th scope="col">address</th><th scope="col">is</th><th scope="col">says</th><th scope="col">TTL</th></tr></thead><tbody>
`, s.Name, s.Zone)
		for _, a := range s.Answers {
			m.put(`<tr class="{}"><td>{}</td><td><code>{}</code></td><td>{}</td><td>`, a.Status, a.Server, a.Address, a.Status)
			switch {
			case len(a.Targets) > 0:
				m.each("<code>{}</code> ", a.Targets)
			case a.Problem != "":
				m.put("{}", a.Problem)
			default:
				m.put("{}, no CNAME", a.RCode)
			}
			m.put("</td><td>")
			if len(a.Targets) > 0 {
				m.put("{} s", a.TTL)
			}
			m.put("</td></tr>\n")
		}
		m.put("</tbody></table></div>")
	}
	m.put("\n")
	if len(v.Resolvers) > 0 {
		m.put("<h4>Resolvers beside them</h4>")
		m.table(`<th scope="col">resolver</th><th scope="col">leads to</th>`, func() {
			for _, r := range v.Resolvers {
				m.put("<tr><td><code>{}</code></td><td>", r.Server)
				if r.Problem != "" {
					m.put("{}", r.Problem)
				} else {
					m.put("<code>{}</code>", r.End.Name)
				}
				if r.Bogus {
					m.put(" (does not believe the answer: DNSSEC)")
				}
				m.put("</td></tr>\n")
			}
		})
	}
	m.put("\n")
	if len(v.Security) > 0 {
		m.put("<h4>DNSSEC</h4><ul>")
		for _, s := range v.Security {
			m.put("<li><code>{}</code>: {}", s.Name, s.Status)
			if s.Reason != "" {
				m.put(" ({})", s.Reason)
			}
			m.put("</li>")
		}
		m.put("</ul>")
	}
	m.put("\n")
}

func (m *markup) certificates(list []certificateView) {
	if len(list) > 0 {
		m.put("<h4>Certificates of the file</h4>")
		m.table(`<th scope="col">subject</th><th scope="col">issuer</th><th scope="col">names</th><th scope="col">from</th><th scope="col">to</th><th scope="col">key, signature</th>`, func() {
			for _, c := range list {
				if c.Problem != "" {
					m.put("<tr><td colspan=\"6\">{}</td></tr>\n", c.Problem)
					continue
				}
				m.put(`<tr><td>{}<p class="meta">serial <code>{}</code>, <code>{}</code></p></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}, {}</td></tr>
`, c.Subject, c.Serial, c.Digest, c.Issuer, c.Names, day(c.NotBefore), day(c.NotAfter), c.Key, c.Signature)
			}
		})
	}
	m.put("\n")
}

func (m *markup) policy(packages []evidence.PolicyPackage) {
	if len(packages) > 0 {
		m.put("<h4>Policy</h4>")
		m.table(`<th scope="col">package</th><th scope="col">says</th><th scope="col">why</th>`, func() {
			for _, p := range packages {
				says := "nothing against it"
				switch {
				case p.NotRun != "":
					says = "not run"
				case len(p.Denials) > 0:
					says = "denies"
				case p.Allow:
					says = "allows"
				case len(p.Reasons) > 0:
					says = "does not allow"
				}
				m.put("<tr><td><code>{}</code></td><td>{}</td><td>{}", p.Name, says, p.NotRun)
				for _, d := range p.Denials {
					m.put("<p>{}</p>", d.Text)
				}
				for _, w := range p.Warnings {
					m.put("<p>warning: {}</p>", w.Text)
				}
				for _, r := range p.Reasons {
					m.put("<p>{}</p>", r.Text)
				}
				m.put("</td></tr>\n")
			}
		})
	}
	m.put("\n")
}

// results writes the checks by status, and the whole evidence.
func (m *markup) results(v bindingView) {
	if len(v.Others) > 0 {
		m.put("<h4>Checks that did not pass</h4>")
		m.table(`<th scope="col">status</th><th scope="col">check</th><th scope="col">reason</th>`, func() {
			for _, r := range v.Others {
				m.put("<tr class=\"{}\"><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n", r.Status, r.Status, r.ID, r.Reason)
			}
		})
	}
	m.put("\n<h4>Checks that passed</h4><p class=\"meta\">")
	for i, id := range v.Passed {
		if i > 0 {
			m.put(", ")
		}
		m.put("<code>{}</code>", id)
	}
	if len(v.Passed) == 0 {
		m.put("none")
	}
	m.put("</p>\n")
	if len(v.Observed) > 0 {
		m.put(`<details class="more"><summary>All evidence</summary>`)
		m.table(`<th scope="col">evidence</th><th scope="col">state</th><th scope="col">from</th><th scope="col">when, or why not</th>`, func() {
			for _, o := range v.Observed {
				when := o.Reason
				if when == "" && !o.At.IsZero() {
					when = minute(o.At)
				}
				m.put("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", o.What, o.State, o.From, when)
			}
		})
		m.put(`<pre tabindex="0">{}</pre></details>`, document(v.Document))
	}
	m.put("\n")
}
