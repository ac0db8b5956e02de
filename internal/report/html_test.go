package report

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// parsed is the page, with the evidence of all cards, as a browser reads it.
func parsed(t *testing.T, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page + evidenceOf(t, page)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// dataOf is the page's block of JSON.
func dataOf(t *testing.T, page string) (data struct {
	CardsInPart int
	Rows        []row
	Parts       [][]byte
}) {
	t.Helper()
	_, after, found := strings.Cut(page, `<script type="application/json" id="data">`)
	text, _, ended := strings.Cut(after, "</script>")
	if err := json.Unmarshal([]byte(text), &data); err != nil || !found || !ended {
		t.Fatalf("the page holds no block of JSON: %v", err)
	}
	return data
}

// evidenceOf is what the page's script draws in the cards of all bindings, in
// manifest order.
func evidenceOf(t *testing.T, page string) string {
	t.Helper()
	var all []string
	data := dataOf(t, page)
	for _, part := range data.Parts {
		var cards []string
		if err := json.NewDecoder(flate.NewReader(bytes.NewReader(part))).Decode(&cards); err != nil {
			t.Fatal(err)
		}
		all = append(all, cards...)
	}
	if len(all) != len(data.Rows) {
		t.Fatalf("the page holds the evidence of %d bindings, and lists %d", len(all), len(data.Rows))
	}
	return strings.Join(all, "\n")
}

// A part contains as many cards as the page's script assumes, for any number
// of bindings; every row has a unique anchor.
func TestHTMLFindsTheEvidenceOfEachRow(t *testing.T) {
	for _, n := range []int{0, 1, cardsInPart, cardsInPart + 1, 3*cardsInPart - 1} {
		page := written(t, "html", many(n), Options{})
		data := dataOf(t, page)
		if len(data.Rows) != n || len(data.Parts) != (n+cardsInPart-1)/cardsInPart || data.CardsInPart != cardsInPart {
			t.Errorf("%d bindings: %d rows, %d parts of %d", n, len(data.Rows), len(data.Parts), data.CardsInPart)
		}
		evidenceOf(t, page)
		anchors := map[string]bool{}
		for _, r := range data.Rows {
			anchors[r.ID] = true
		}
		if len(anchors) != n {
			t.Errorf("%d bindings have %d anchors", n, len(anchors))
		}
	}
}

// Without its script the page shows every error, and the ten certificates that expire first.
func TestHTMLWithoutScript(t *testing.T) {
	page := written(t, "html", run("lint", refused(), allowed()), Options{})
	_, after, _ := strings.Cut(page, "<noscript>")
	table, _, _ := strings.Cut(after, "</noscript>")
	for _, c := range refused().Checks {
		for _, f := range c.Findings {
			if listed := strings.Contains(table, escapeHTML(f.Message)); listed != (f.Severity == checks.Error) {
				t.Errorf("the finding %q (%s) is in the table: %t", f.Message, f.Severity, listed)
			}
		}
	}
}

func TestHTMLIsOneFileWithAStrictPolicy(t *testing.T) {
	b := refused()
	b.DomainName = `<script>alert(1)</script>"><img src=x onerror=alert(1)>`
	b.Checks[1].Findings[0].Message = `</style></script><a href="javascript:alert(1)">x</a>`
	whole := seenDNS("a.demo.com", "b.demo.com")
	whole.Policy = evidence.Observed(evidence.Policy{Packages: []evidence.PolicyPackage{{Name: "bindgate.policy.x",
		Denials: []evidence.PolicyMessage{{Text: "<svg onload=alert(1)>"}}}}}, "policy", whole.DNS.At)
	b.FullEvidence = &whole
	policy, scripts := "", 0
	text := written(t, "html", run("lint", b, allowed()), Options{})
	for n := range parsed(t, text).Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			scripts++
		case "img", "iframe", "link", "object", "embed", "base":
			t.Errorf("the page holds <%s>", n.Data)
		case "meta":
			if len(n.Attr) == 2 && n.Attr[0].Val == "Content-Security-Policy" {
				policy = n.Attr[1].Val
			}
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	if scripts != 2 {
		t.Errorf("%d scripts, want the page's data and its own", scripts)
	}
	script, err := page.ReadFile("page/script.js")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, digestOf(script)) || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	if !strings.Contains(written(t, "html", run("lint", b), Options{}), "<script>"+string(script)+"</script>") {
		t.Error("the script of the page is not the one that the policy allows")
	}
}

// sound is the bytes of a certificate.
func sound(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../testdata/certificates/sound.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return block.Bytes
}

func TestHTMLShowsCertificatesAndTheirEnds(t *testing.T) {
	b := allowed()
	whole := seenDNS("api.demo.com", ours+"-cn-hangzhou.alicloudapi.com")
	whole.Certificate = evidence.Observed(evidence.Certificate{Chain: []evidence.Cert{{DER: []byte("no certificate")}, {DER: sound(t)}}}, "file", whole.DNS.At)
	whole.Group = evidence.Observed(evidence.Group{Found: true, Domains: []evidence.Domain{
		{DomainName: "api.demo.com", CertificateValidEnd: whole.DNS.At.AddDate(0, 0, 12).UnixMilli()}}}, "gateway", whole.DNS.At)
	whole.DNS.Facts.Servers = []evidence.ServerAnswers{{Name: "api.demo.com", Zone: "demo.com", Answers: []evidence.ServerAnswer{
		{Server: "ns1.demo.com", Address: "192.0.2.1:53", Status: evidence.ServerAuthoritative, Targets: []string{"<b>old</b>"}, TTL: 600},
		{Server: "ns2.demo.com", Address: "192.0.2.2:53", Status: evidence.ServerLame, Problem: "REFUSED"}}}}
	b.FullEvidence = &whole
	got := written(t, "html", run("lint", b), Options{})
	got += evidenceOf(t, got)
	for _, want := range []string{`<svg class="timeline"`, "2026-12-02", "12 days", `class="doubt"`, "malformed certificate", "<p class=\"meta\">serial <code>", "<code>sha256:", `<ol class="chain">`,
		"Name servers of api.demo.com (zone demo.com)", "&lt;b&gt;old&lt;/b&gt;", "600 s", `<tr class="lame">`, "REFUSED"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if strings.Contains(got, base64.StdEncoding.EncodeToString([]byte("no certificate"))) {
		t.Error("the page holds the bytes of a certificate")
	}
}

// A reader of the page sees which lists of weak keys were asked.
func TestPageNamesKeyLists(t *testing.T) {
	r := run("lint", allowed())
	r.Run.KeyLists = []KeyList{{File: "debian", Digest: "sha256:00", Keys: 2}, {File: "ours", Digest: "sha256:11", Keys: 1}}
	const want = "<dt>weak keys</dt><dd>debian (2 keys, sha256:00), ours (1 key, sha256:11)</dd>"
	if got := written(t, "html", r, Options{}); !strings.Contains(got, want) {
		t.Errorf("the page does not hold %s", want)
	}
}
