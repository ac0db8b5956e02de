package replay

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

func sample() (Header, []binding.Binding, []evidence.Evidence) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	run := Header{Run: evidence.Run{Now: at, Command: "lint", Contract: "2026", DNSMode: "resolver", Live: true}}
	bindings := []binding.Binding{{DomainName: "a.demo.com", GroupID: "g"}, {DomainName: "b.demo.com", GroupID: "g"}}
	all := []evidence.Evidence{
		{Run: run.Run, DNS: evidence.Observed(evidence.DNS{QueryName: "a.demo.com", Hops: []evidence.Hop{}}, "192.0.2.53", at)},
		{Run: run.Run, DNS: evidence.Failed[evidence.DNS]("timed out", "192.0.2.53", at)},
	}
	return run, bindings, all
}

func TestRoundTrip(t *testing.T) {
	run, bindings, all := sample()
	var buf bytes.Buffer
	if err := save(&buf, run, bindings, all); err != nil {
		t.Fatal(err)
	}
	s, err := Read(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	bindings[0], bindings[1] = bindings[1], bindings[0]
	got, err := s.Match(bindings)
	if err != nil {
		t.Fatal(err)
	}
	want := []evidence.Evidence{all[1], all[0]}
	for i := range want {
		want[i].Run.Live = false // a replay is never live
		want[i].DNS.Facts.Hops = []evidence.Hop{}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMatchNeverGuesses(t *testing.T) {
	run, bindings, all := sample()
	var buf bytes.Buffer
	if err := save(&buf, run, bindings[:1], all[:1]); err != nil {
		t.Fatal(err)
	}
	s, err := Read(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string][]binding.Binding{
		"another binding":        bindings,
		"the same binding twice": {bindings[0], bindings[0]},
		"another group":          {{DomainName: "a.demo.com", GroupID: "other"}},
	} {
		if _, err := s.Match(ask); err == nil {
			t.Errorf("%s: matched", name)
		}
	}
}

// Of two entries for one binding, the first would be judged and the second be silent.
func TestMatchRefusesMoreEntriesThanBindings(t *testing.T) {
	run, bindings, all := sample()
	twice := []binding.Binding{bindings[0], bindings[0], bindings[1]}
	var buf bytes.Buffer
	if err := save(&buf, run, twice, []evidence.Evidence{all[0], all[1], all[1]}); err != nil {
		t.Fatal(err)
	}
	s, err := Read(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Match(bindings); err == nil || !strings.Contains(err.Error(), `has 2 entries for "a.demo.com" on "g", want 1`) {
		t.Errorf("got %v, want an error", err)
	}
	if _, err := s.Match(twice); err != nil {
		t.Errorf("the same manifest: %v", err)
	}
	if _, err := s.Match(bindings[1:]); err != nil {
		t.Errorf("a part of the manifest: %v", err)
	}
}

func TestReadIsStrict(t *testing.T) {
	for name, doc := range map[string]string{
		"empty":         ``,
		"other schema":  `{"schema":"bindgate.report/v1"}`,
		"no schema":     `{"bindings":[]}`,
		"unknown field": `{"schema":"bindgate.evidence/v1","bindigs":[]}`,
		"two documents": `{"schema":"bindgate.evidence/v1"}{}`,
		"no JSON":       `schema: bindgate.evidence/v1`,
	} {
		if _, err := Read([]byte(doc)); err == nil || !strings.Contains(err.Error(), "--evidence-out") {
			t.Errorf("%s: %v, want an error with the next step", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	run, bindings, all := sample()
	var buf bytes.Buffer
	if err := save(&buf, run, bindings, all); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Read(data)
		if err != nil {
			return
		}
		for _, b := range s.Bindings {
			if b.Evidence.Run.Live || s.Run.Live {
				t.Fatal("saved evidence claims to be live")
			}
		}
	})
}

// save saves a whole run.
func save(w io.Writer, run Header, bindings []binding.Binding, all []evidence.Evidence) error {
	out, err := NewWriter(w, run)
	if err != nil {
		return err
	}
	for i, b := range bindings {
		if err := out.Add(b, all[i]); err != nil {
			return err
		}
	}
	return out.Close()
}
