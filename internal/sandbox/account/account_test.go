package account

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/dnsserver"
)

// zone answers A and TXT from master-file text, aliases one hop deep.
type zone string

func (z zone) Lookup(name string, qtype uint16) (answer []dns.RR, rcode int) {
	records, err := dnsserver.ParseZone(string(z), "test")
	if err != nil {
		return nil, dns.RcodeServerFailure
	}
	for _, rr := range records {
		if h := rr.Header(); h.Name == dns.Fqdn(name) && (h.Rrtype == qtype || h.Rrtype == dns.TypeCNAME) {
			answer = append(answer, rr)
		}
	}
	if answer == nil {
		return nil, dns.RcodeNameError
	}
	return answer, dns.RcodeSuccess
}

const names = `
api.demo.com. IN CNAME g1.alicloudapi.com.
two.demo.com. IN CNAME G2.alicloudapi.com.
*.demo.com.   IN CNAME g1.alicloudapi.com.
in.demo.com.  IN CNAME g1-intranet.alicloudapi.com.
g1.txt.demo.com. IN TXT "apigateway-domain-" "verification=g1.alicloudapi.com"
g1.old.demo.com. IN TXT "apigateway-domain-verfication=G1.alicloudapi.com."
g1.bad.demo.com. IN TXT "apigateway-domain-verification=g2.alicloudapi.com"
g1.not.demo.com. IN TXT "v=spf1 -all"
`

func start(t *testing.T, groups ...Group) *Account {
	t.Helper()
	s, err := Seed{Groups: groups}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return New(s.Groups, zone(names))
}

func group(id string, domains ...string) Group {
	g := Group{GroupID: id, SubDomain: id + ".alicloudapi.com", VpcSlbIntranetDomain: id + "-intranet.alicloudapi.com"}
	for _, d := range domains {
		g.Domains = append(g.Domains, Domain{DomainName: d})
	}
	return g
}

func params(id, domain string, change ...func(*Binding)) Binding {
	w := Binding{Place: Place{GroupID: id, Domain: domain}}
	for _, c := range change {
		c(&w)
	}
	return w
}

func stage(s string) func(*Binding)   { return func(w *Binding) { w.Stage = &s } }
func network(s string) func(*Binding) { return func(w *Binding) { w.Type = &s } }
func force(w *Binding)                { w.Force = true }
func redirect(w *Binding)             { yes := true; w.Redirect = &yes }

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestBindRefuses(t *testing.T) {
	full := group("g1", "a.demo.org", "b.demo.org", "c.demo.org", "d.demo.org", "*.e.demo.org")
	deleted := group("g1")
	deleted.Status = "DELETE"
	elsewhere := group("g1")
	elsewhere.RegionID = "cn-beijing"
	for name, c := range map[string]struct {
		groups []Group
		params Binding
		want   string
	}{
		"sound":                 {[]Group{group("g1")}, params("g1", "api.demo.com", stage("RELEASE"), redirect), "<nil>"},
		"no group":              {[]Group{group("g2")}, params("g1", "api.demo.com"), "NotFoundApiGroup"},
		"deleted group":         {[]Group{deleted}, params("g1", "api.demo.com"), "NotFoundApiGroup"},
		"another region":        {[]Group{elsewhere}, params("g1", "api.demo.com", func(w *Binding) { w.Region = "cn-hangzhou" }), "NotFoundApiGroup"},
		"misspelt stage":        {[]Group{group("g1")}, params("g1", "api.demo.com", stage("RELAESE")), "InvalidBindStageName"},
		"stage in small":        {[]Group{group("g1")}, params("g1", "api.demo.com", stage("release")), "InvalidBindStageName"},
		"type":                  {[]Group{group("g1")}, params("g1", "api.demo.com", network("internet")), "InvalidCustomDomainType"},
		"alias to another":      {[]Group{group("g1"), group("g2")}, params("g1", "two.demo.com"), "DomainNotResolved"},
		"no record":             {[]Group{group("g1")}, params("g1", "none.demo.com"), "DomainNotResolved"},
		"force is no proof":     {[]Group{group("g1"), group("g2", "none.demo.com")}, params("g1", "none.demo.com", force), "DomainNotResolved"},
		"wildcard":              {[]Group{group("g1")}, params("g1", "*.demo.com"), "<nil>"},
		"intranet":              {[]Group{group("g1")}, params("g1", "in.demo.com", network("INTRANET")), "<nil>"},
		"intranet by SubDomain": {[]Group{group("g1")}, params("g1", "api.demo.com", network("INTRANET")), "DomainNotResolved"},
		"text proof":            {[]Group{group("g1")}, params("g1", "txt.demo.com"), "<nil>"},
		"old spelling":          {[]Group{group("g1")}, params("g1", "old.demo.com"), "<nil>"},
		"text names another":    {[]Group{group("g1")}, params("g1", "bad.demo.com"), "SingleDomainOwnershipCheckFail"},
		"other text":            {[]Group{group("g1")}, params("g1", "not.demo.com"), "DomainNotResolved"},
		"taken":                 {[]Group{group("g1"), group("g2", "api.demo.com")}, params("g1", "API.demo.com"), "DomainAlreadyBind"},
		"under a wildcard":      {[]Group{group("g1"), group("g2", "*.demo.com")}, params("g1", "api.demo.com"), "DomainAlreadyBind"},
		"wildcard over":         {[]Group{group("g1"), group("g2", "x.demo.com")}, params("g1", "*.demo.com"), "DomainAlreadyBind"},
		"five already":          {[]Group{full}, params("g1", "api.demo.com"), "ExceedLimitDomain"},
		"five of another type":  {[]Group{full}, params("g1", "in.demo.com", network("INTRANET")), "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, c.groups...)
			before := len(a.State()[0].Domains)
			g, d, err := a.Bind(c.params)
			if got := code(err); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
			if err != nil && len(a.State()[0].Domains) != before {
				t.Error("a refusal changed the state")
			}
			if err == nil && (d.DomainBindingStatus != "BINDING" || index(&g, c.params.Domain) < 0) {
				t.Errorf("got %+v in %+v", d, g)
			}
		})
	}
}

func TestCNAMEStatusTellsTheProof(t *testing.T) {
	a := start(t, group("g1"))
	for domain, want := range map[string]string{"api.demo.com": "RESOLVED", "txt.demo.com": "UNRESOLVED"} {
		if _, d, err := a.Bind(params("g1", domain)); err != nil || d.DomainCNAMEStatus != want {
			t.Errorf("%s: got %s, %v, want %s", domain, d.DomainCNAMEStatus, err, want)
		}
	}
}

func TestSameDomainElsewhereIsFree(t *testing.T) {
	for name, change := range map[string]func(*Group){
		"another base path": func(g *Group) { g.BasePath = "/v2" },
		"another instance":  func(g *Group) { g.InstanceID = "dedicated-1" },
		"another region":    func(g *Group) { g.RegionID = "cn-beijing" },
	} {
		other := group("g2", "api.demo.com")
		change(&other)
		if _, _, err := start(t, group("g1"), other).Bind(params("g1", "api.demo.com")); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestForceUnbindsTheOthers(t *testing.T) {
	far := group("g4", "api.demo.com")
	far.BasePath = "/v2"
	a := start(t, group("g1"), group("g2", "api.demo.com", "other.demo.org"), group("g3", "*.demo.com"), far)
	if _, _, err := a.Bind(params("g1", "api.demo.com", force)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range a.State() {
		for _, d := range g.Domains {
			got = append(got, g.GroupID+" "+d.DomainName)
		}
	}
	if want := "g1 api.demo.com, g2 other.demo.org, g4 api.demo.com"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestUpdateKeepsWhatIsNotSent(t *testing.T) {
	a := start(t, group("g1"))
	if _, _, err := a.Bind(params("g1", "api.demo.com", stage("RELEASE"), redirect)); err != nil {
		t.Fatal(err)
	}
	_, d, err := a.Bind(params("g1", "api.demo.com"))
	if err != nil || d.BindStageName != "RELEASE" || !d.IsHTTPRedirectToHTTPS {
		t.Errorf("got %+v, %v", d, err)
	}
	_, d, err = a.Bind(params("g1", "api.demo.com", stage("")))
	if err != nil || d.BindStageName != "" || !d.IsHTTPRedirectToHTTPS {
		t.Errorf("an empty stage must lift it: got %+v, %v", d, err)
	}
	if n := len(a.State()[0].Domains); n != 1 {
		t.Errorf("got %d domains", n)
	}
	if _, _, err := a.Bind(params("g1", "api.demo.com", network("INTRANET"))); code(err) != "DomainNotResolved" {
		t.Errorf("another network type needs its own proof: got %v", err)
	}
}

func TestCustomStage(t *testing.T) {
	g := group("g1")
	g.Stages = []Stage{{StageName: "BLUE"}}
	if _, d, err := start(t, g).Bind(params("g1", "api.demo.com", stage("BLUE"))); err != nil || d.BindStageName != "BLUE" {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestCertify(t *testing.T) {
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: []string{"api.demo.com"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	other, err := root.Issue(ca.Options{Names: []string{"www.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	body, key := string(leaf.Chain), string(leaf.Key)
	for name, c := range map[string]struct {
		c    Certificate
		want string
	}{
		"expired is taken": {Certificate{Name: "name", Body: body, PrivateKey: key}, "<nil>"},
		"name of three":    {Certificate{Name: "abc", Body: body, PrivateKey: key}, "InvalidCertificateName"},
		"name of 51":       {Certificate{Name: strings.Repeat("n", 51), Body: body, PrivateKey: key}, "InvalidCertificateName"},
		"no certificate":   {Certificate{Name: "name", Body: key, PrivateKey: key}, "InvalidCertificateBody"},
		"no key":           {Certificate{Name: "name", Body: body, PrivateKey: body}, "InvalidKeyParam"},
		"another's key":    {Certificate{Name: "name", Body: body, PrivateKey: string(other.Key)}, "InvalidKeyParam"},
		"another's name":   {Certificate{Name: "name", Body: string(other.Chain), PrivateKey: string(other.Key)}, "InvalidCertificateBody"},
	} {
		d := Domain{DomainName: "api.demo.com"}
		if got := code(Certify(&d, c.c, "KeyParam")); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if (c.want == "<nil>") != (d.Certificate != nil && d.CertificateID != "") {
			t.Errorf("%s: got %+v", name, d)
		}
	}
}

func TestWellFormed(t *testing.T) {
	for domain, want := range map[string]bool{
		"api.demo.com": true, "*.demo.com": true, "xn--bcher-kva.example.com": true, "a.b": true,
		"": false, "localhost": false, "*": false, "a.*.com": false, "api.demo.com.": false, "api..com": false, "-a.com": false,
		"a-.com": false, "a_b.com": false, "192.0.2.1": false, "http://a.com": false, "a.com/": false, " a.com": false, "bücher.com": false,
		"x.alicloudapi.com": false, "X.AliCloudAPI.com": false, strings.Repeat("a", 64) + ".com": false,
		strings.Repeat("a.", 127) + "com": false,
	} {
		if got := wellFormed(domain); got != want {
			t.Errorf("%q: got %t, want %t", domain, got, want)
		}
	}
}

func TestStateHoldsNoPrivateKey(t *testing.T) {
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := root.Issue(ca.Options{Names: []string{"api.demo.com"}})
	if err != nil {
		t.Fatal(err)
	}
	g := group("g1")
	g.Domains = []Domain{{DomainName: "api.demo.com", Certificate: &Certificate{Name: "name", Body: string(leaf.Chain), PrivateKey: string(leaf.Key)}}}
	a := start(t, g)
	if c := a.State()[0].Domains[0].Certificate; c.PrivateKey != "" || c.Body == "" {
		t.Errorf("the state contains a key: %t", c.PrivateKey != "")
	}
	if _, d, err := a.Domain(Place{GroupID: "g1", Domain: "api.demo.com"}); err != nil || d.Certificate.PrivateKey == "" {
		t.Errorf("telling the state lost the key: %v", err)
	}
}

// Of many that want one domain at once, one gets it.
func TestOneOwnerUnderContention(t *testing.T) {
	groups := make([]Group, 8)
	for i := range groups {
		groups[i] = group(string(rune('a' + i)))
		groups[i].SubDomain = "g1.alicloudapi.com"
	}
	a := start(t, groups...)
	var won atomic.Int32
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(func() {
			if _, _, err := a.Bind(params(g.GroupID, "api.demo.com")); err == nil {
				won.Add(1)
			} else if code(err) != "DomainAlreadyBind" {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d groups have the domain", won.Load())
	}
}
