package sandbox

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

func TestEnv(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *Options) { o.Roots = "/tmp/roots.pem" })
	var names []string
	for _, pair := range s.Env() {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" {
			t.Errorf("%s is empty", name)
		}
		names = append(names, name)
	}
	want := []string{"BINDGATE_ENDPOINT", "BINDGATE_RESOLVER", "BINDGATE_PROBE", "BINDGATE_PROBE_GATEWAY", "BINDGATE_ROOTS", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(s.Endpoint(), "http://127.0.0.1:") || !strings.HasPrefix(s.Resolver(), "127.0.0.1:") {
		t.Errorf("got %s and %s", s.Endpoint(), s.Resolver())
	}
	other := start(t)
	if len(other.Env()) != 6 || other.options.AccessKeySecret == s.options.AccessKeySecret || len(other.options.AccessKeySecret) < 20 {
		t.Error("the secret is not random, or Env contains roots that were not given")
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Options){
		"loopback":    func(o *Options) { o.GatewayAddr = "0.0.0.0:0" },
		"HOST:PORT":   func(o *Options) { o.DNSAddr = "127.0.0.1" },
		"192.0.2.1":   func(o *Options) { o.DNSAddr = "192.0.2.1:0" },
		"no clock":    func(o *Options) { o.Now = nil },
		"negative":    func(o *Options) { o.RatePerSecond = -1 },
		"twice":       func(o *Options) { o.Seed.Groups = append(o.Seed.Groups, o.Seed.Groups[0]) },
		"want one of": func(o *Options) { o.Faults = Faults{{Target: "SetDomain", Kind: fault.ServFail}} },
		"zone":        func(o *Options) { o.Seed.Zone = "nonsense" },
	} {
		o := Options{Seed: twoGroups(), Now: time.Now}
		change(&o)
		if _, err := Start(context.Background(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, o := range []Options{{Now: time.Now, GatewayAddr: s.gateway.addr}, {Now: time.Now, DNSAddr: s.Resolver()}} {
		if other, err := Start(context.Background(), o); err == nil {
			_ = other.Close()
			t.Errorf("%s, %s was taken twice", o.GatewayAddr, o.DNSAddr)
		}
	}
}

func TestContextEndsIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Start(ctx, Options{Seed: twoGroups(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if conn, err := net.Dial("tcp", s.gateway.addr); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	s := start(t)
	if status, body := get(t, s.Endpoint()+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("got %d %q", status, body)
	}
	if status, _ := get(t, s.Endpoint()+"/elsewhere"); status != http.StatusNotFound {
		t.Errorf("got %d", status)
	}
}

func TestHostileClients(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, sent := range map[string]struct{ request, want string }{
		"another method": {"PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "InvalidMethod"},
		"a huge header":  {"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", maxHeader+8192) + "\r\n\r\n", "431"},
		"a huge body": {"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 600000\r\n\r\n" + strings.Repeat("a", 600000),
			"InvalidBody"},
		"not HTTP":     {"\x16\x03\x01\r\n\r\n", "400"},
		"wrong format": {"GET /?Format=yaml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "InvalidFormat"},
	} {
		conn, err := net.Dial("tcp", s.gateway.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
		go func() { _, _ = io.WriteString(conn, sent.request) }()
		answer := make([]byte, 4096)
		n, _ := io.ReadAtLeast(conn, answer, 300)
		if !strings.Contains(string(answer[:n]), sent.want) {
			t.Errorf("%s: got %q, want %q", name, answer[:n], sent.want)
		}
		_ = conn.Close()
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := start(t, func(o *Options) { o.RatePerSecond, o.Now = 2, clock })
	c := client(t, s)
	ask := func(action string) string {
		_, err := call(c, action, "POST", "json", map[string]string{"GroupId": payments})
		return code(err)
	}
	for i, want := range []string{"", "", "Throttling.User"} {
		if got := ask("DescribeApiGroup"); got != want {
			t.Errorf("call %d: got %q, want %q", i, got, want)
		}
	}
	if got := ask("DescribeApiGroups"); got != "" {
		t.Errorf("another action: got %q", got)
	}
	mu.Lock()
	now = now.Add(time.Second)
	mu.Unlock()
	if got := ask("DescribeApiGroup"); got != "" {
		t.Errorf("a second later: got %q", got)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *Options) { o.Latency = 30 * time.Millisecond })
	began := time.Now()
	if _, err := call(client(t, s), "DescribeApiGroups", "POST", "json", nil); err != nil || time.Since(began) < 30*time.Millisecond {
		t.Errorf("got %v after %s", err, time.Since(began))
	}
}

type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func TestAccessLogHoldsNoParameter(t *testing.T) {
	t.Parallel()
	var log lines
	s := start(t, func(o *Options) { o.AccessLog = &log })
	l := leaf(t, "api.demo.com")
	query := bind()
	query["CertificateName"], query["CertificateBody"], query["PrivateKey"] = "api_demo_com", string(l.Chain), string(l.Key)
	if _, err := call(client(t, s, v1), "SetDomain", "POST", "json", query); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got := log.b.String()
	if !strings.Contains(got, `"POST" "SetDomain" "OK"`) || strings.Contains(got, "demo") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
}

func TestContract2017(t *testing.T) {
	t.Parallel()
	l := leaf(t, "api.demo.com")
	inline := map[string]string{"GroupId": payments, "DomainName": "api.demo.com", "CertificateName": "api_demo_com",
		"CertificateBody": string(l.Chain), "PrivateKey": string(l.Key)}
	for _, old := range []bool{false, true} {
		s := start(t, func(o *Options) { o.Contract2017 = old })
		result, err := call(client(t, s, v1), "SetDomain", "POST", "json", inline)
		if err != nil {
			t.Fatal(err)
		}
		if _, shown := result["body"].(map[string]any)["DomainWebSocketStatus"]; shown == old {
			t.Errorf("2017: %t, DomainWebSocketStatus: %t", old, shown)
		}
		// Today's contract ignores the certificate.
		d := s.State()[0].Domains[0]
		if got := d.Certificate != nil && d.CertificateName == "api_demo_com" && s.ReceivedKey(d.Certificate.PublicKeyDigest); got != old {
			t.Errorf("2017: %t, got %+v", old, d)
		}
	}
	s := start(t, func(o *Options) { o.Contract2017 = true })
	if _, err := call(client(t, s), "SetDomain", "POST", "json", bind()); code(err) != "InvalidBindStageName" {
		t.Errorf("got %v", err)
	}
	delete(inline, "PrivateKey")
	if _, err := call(client(t, s), "SetDomain", "POST", "json", inline); code(err) != "MissingPrivateKey" {
		t.Errorf("got %v", err)
	}
}

// account200 is a full account: 200 groups with ten domains each.
func account200() account.Seed {
	var s account.Seed
	for i := range 200 {
		g := account.Group{GroupID: strings.Repeat(string(rune('a'+i%16)), 28) + string(rune('a'+i/16)) + "000"}
		for j := range 10 {
			g.Domains = append(g.Domains, account.Domain{DomainName: string(rune('a'+j)) + "." + g.GroupID[26:] + ".demo.com"})
		}
		s.Groups = append(s.Groups, g)
	}
	return s
}

func BenchmarkDescribeApiGroup(b *testing.B) {
	s := start(b, func(o *Options) { o.Seed = account200() })
	id := s.State()[100].GroupID
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			response, err := client.Get(s.Endpoint() + "/?" + signedV1(b, s, map[string]string{"Action": "DescribeApiGroup", "GroupId": id, "Format": "JSON"}))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			if response.StatusCode != http.StatusOK {
				b.Errorf("got %d", response.StatusCode)
			}
			_ = response.Body.Close()
		}
	})
}
