package resolve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestServerAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.53":           "192.0.2.53:53",
		"192.0.2.53:5353":      "192.0.2.53:5353",
		"2001:db8::53":         "[2001:db8::53]:53",
		"[2001:db8::53]":       "[2001:db8::53]:53",
		"[2001:db8::53]:5":     "[2001:db8::53]:5",
		"fe80::1%eth0":         "[fe80::1%eth0]:53",
		"":                     "!is empty",
		"dns.example":          "!is not an IP address",
		"dns.example:53":       "!is not an IP address",
		"192.0.2.53:":          "!is not an IP address",
		"192.0.2.53:0":         "!port 0",
		"192.0.2.53:99999":     "!is not an IP address",
		"[192.0.2.53":          "!is not an IP address",
		"https://192.0.2.53/q": "https://192.0.2.53",
	} {
		c, err := New(Config{Server: in})
		if problem, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), problem) || !strings.Contains(err.Error(), "want an IP address such as") {
				t.Errorf("%q: got %v, want an error with %q", in, err, problem)
			}
		} else if err != nil || c.Server() != want {
			t.Errorf("%q: got %v, %v, want %s", in, c, err, want)
		}
	}
	if _, err := New(Config{Server: "192.0.2.53", Tries: -1}); err == nil {
		t.Error("negative tries: got no error")
	}
}

func TestSystemResolvers(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"search demo.com\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n": "192.0.2.53:53 192.0.2.54:53",
		"nameserver 2001:db8::53": "[2001:db8::53]:53",
		"# nothing\n":             "!has no nameserver line",
		"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n": "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53", // as the C library
		"nameserver localhost\n": "!is not an IP address",
	} {
		path := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := SystemResolvers(path)
		if problem, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("%q: got %v, want an error with %q", content, err, problem)
			}
		} else if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, %v, want %s", content, got, err, want)
		}
	}
	if _, err := SystemResolvers(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no file: got %v", err)
	}
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte("nameserver localhost\nnameserver 192.0.2.53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := SystemResolvers(path); len(got) != 1 || got[0] != "192.0.2.53:53" || err == nil || !strings.Contains(err.Error(), `"localhost"`) {
		t.Errorf("one line of two: got %q, %v", got, err)
	}
}

// Many walks at once that share their targets ask each question once.
func TestEachQuestionIsAskedOnce(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	const names = 50
	for i := range names {
		fmt.Fprintf(&lines, "n%d.demo.com. 60 IN CNAME group.alicloudapi.com.\n", i)
	}
	lines.WriteString("group.alicloudapi.com. 60 IN A 192.0.2.1\n")
	z := newZone(t, lines.String())
	c, err := New(Config{Server: serve(t, z.ServeDNS), Timeout: 10 * time.Second}) // a busy machine must not make it ask twice
	if err != nil {
		t.Fatal(err)
	}
	var walks sync.WaitGroup
	for i := range 4 * names {
		walks.Go(func() {
			got, err := c.Walk(t.Context(), fmt.Sprintf("n%d.demo.com", i%names))
			if err != nil || got.Event != Found {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	walks.Wait()
	if got, want := z.asked.Load(), int64(names+3); got != want {
		t.Errorf("asked %d questions, want %d: one a name, and CNAME, A, AAAA of the target", got, want)
	}
}

func FuzzMessage(f *testing.F) {
	queries, err := newQueries([]question{{"api.demo.com", dns.TypeTXT}}, manner{edns: true})
	if err != nil {
		f.Fatal(err)
	}
	q := queries[0]
	asked := new(dns.Msg)
	if err := asked.Unpack(q.wire); err != nil {
		f.Fatal(err)
	}
	for _, rr := range []string{
		"api.demo.com. 60 IN CNAME group.alicloudapi.com.", `api.demo.com. 60 IN TXT "a" "b"`, "api.demo.com. 60 IN A 192.0.2.1",
	} {
		m := new(dns.Msg).SetReply(asked)
		record, err := dns.NewRR(rr)
		if err != nil {
			f.Fatal(err)
		}
		m.Answer = []dns.RR{record, record}
		wire, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire[2:])
	}
	c, err := New(Config{Server: "192.0.2.53"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		wire = append([]byte{byte(q.id >> 8), byte(q.id)}, wire...)
		m, err := q.accept(wire)
		if err != nil {
			return
		}
		a, err := c.read(q.question, m)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the error holds control characters: %q", err)
			}
			return
		}
		if len(a.CNAMEs)+len(a.Records) > maxAtName {
			t.Errorf("%d aliases and %d records", len(a.CNAMEs), len(a.Records))
		}
		for _, one := range a.CNAMEs {
			if back, err := NameToAsk(one.Target); one.Target != "." && (err != nil || back != one.Target) {
				t.Errorf("the target %q cannot be asked as it is: %q, %v", one.Target, back, err)
			}
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	z := newZone(b, "group.alicloudapi.com. 60 IN A 192.0.2.1")
	answer, _ := dns.NewRR("x. 60 IN CNAME group.alicloudapi.com.")
	server := serve(b, func(w dns.ResponseWriter, r *dns.Msg) {
		m := z.answer(r)
		if !strings.HasPrefix(r.Question[0].Name, "group.") {
			alias := dns.Copy(answer)
			alias.Header().Name = r.Question[0].Name
			m.Answer, m.Rcode = []dns.RR{alias}, dns.RcodeSuccess
		}
		w.WriteMsg(m)
	})
	c, err := New(Config{Server: server, Timeout: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got, err := c.Walk(b.Context(), fmt.Sprintf("n%d.demo.com", next.Add(1))); err != nil || got.Event != Found {
				b.Errorf("got %+v, %v", got, err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
}
