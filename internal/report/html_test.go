package report

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/bindgate/bindgate/checks/evidence"
)

// parsed is the page as a browser reads it.
func parsed(t *testing.T, r sample) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(written(t, "html", r, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestHTMLIsOneFileWithAStrictPolicy(t *testing.T) {
	b := refused()
	b.DomainName = `<script>alert(1)</script>"><img src=x onerror=alert(1)>`
	b.Checks[1].Findings[0].Message = `</style></script><a href="javascript:alert(1)">x</a>`
	whole := seenDNS("a.demo.com", "b.demo.com")
	whole.Policy = evidence.Observed(evidence.Policy{Packages: []evidence.PolicyPackage{{Name: "bindgate.policy.x",
		Denials: []evidence.PolicyMessage{{Text: "<svg onload=alert(1)>"}}}}}, "policy", whole.DNS.At)
	b.Whole = &whole
	policy, scripts := "", 0
	for n := range parsed(t, run("lint", b, allowed())).Descendants() {
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
	if scripts != 1 {
		t.Errorf("%d scripts, want the page's own", scripts)
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
	whole.DNS.Facts.Servers = []evidence.Matrix{{Name: "api.demo.com", Zone: "demo.com", Rows: []evidence.Row{
		{Server: "ns1.demo.com", Address: "192.0.2.1:53", Standing: evidence.StandingAuthoritative, Targets: []string{"<b>old</b>"}, TTL: 600},
		{Server: "ns2.demo.com", Address: "192.0.2.2:53", Standing: evidence.StandingLame, Problem: "REFUSED"}}}}
	b.Whole = &whole
	got := written(t, "html", run("lint", b), Options{})
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
