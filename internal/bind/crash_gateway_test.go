package bind_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/bind"
	collectapig "github.com/bindgate/bindgate/internal/collect/apig"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/platform/api"
	apigclient "github.com/bindgate/bindgate/internal/platform/apig/client"
	"github.com/bindgate/bindgate/internal/platform/apitest"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
)

// gatewayWorld is a sandbox of the cloud-native gateway with one binding, whose certificate
// is not in the store.
type gatewayWorld struct {
	t       *testing.T
	c       *gatewayCase
	wait    time.Duration // for the read back; 0: 10 s
	sandbox *sandbox.Sandbox
}

// newGatewayWorld starts a world where the domain exists or not, with mutual TLS.
func newGatewayWorld(t *testing.T, exists bool) *gatewayWorld {
	t.Helper()
	force := true
	b := &gatewayBinding{Binding: binding.Binding{DomainName: domain, GatewayID: gatewayID, RegionID: region, CustomDomainType: binding.Internet,
		DomainProof: binding.ProofTXT, Protocol: "HTTPS", ForceHTTPS: &force,
		Certificate: &binding.Certificate{Name: "demo_2026", PrivateKey: &binding.SecretRef{File: "key"}}}, trouble: map[string]string{}}
	if exists {
		b.before = &apig.Domain{Name: domain, Protocol: "HTTPS", CertIdentifier: "1-cn-hangzhou", TLSMin: "TLS 1.2", TLSMax: "TLS 1.3", HTTP2Option: "Open",
			MTLSEnabled: true, ClientCACert: string(leaves()[1].Chain), CACertIdentifier: "2-cn-hangzhou"}
	}
	w := &gatewayWorld{t: t, c: &gatewayCase{live: true, bindings: []*gatewayBinding{b}, bystands: []apig.Domain{{Name: "other.demo.com", Protocol: "HTTP"}}}}
	var err error
	w.sandbox, err = sandbox.Start(context.Background(), sandbox.Options{Seed: w.c.seed(), Now: time.Now, AccessKeyID: firstKey, AccessKeySecret: "testsecret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.sandbox.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// run judges the binding now, as a new process, and returns its permit and a binder.
func (w *gatewayWorld) run(j bind.Journal) (gate.Permit, *bind.Binder) {
	w.t.Helper()
	ctx := apitest.Soon(w.t)
	transport, err := api.NewTransport(api.Config{Endpoint: w.sandbox.Endpoint(), Credential: apitest.Credential(w.t), Rate: -1, Tries: 1, Pause: time.Millisecond, Timeout: 10 * time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(transport.Close)
	find := func(string) *gatewayBinding { return w.c.bindings[0] }
	subject := w.c.observe(ctx, find(""), troubled{collectapig.New(apigclient.NewReader(transport, 4), nil, time.Now), find})
	identity, err := api.Identity(ctx, transport, region)
	if err != nil {
		w.t.Fatal(err)
	}
	subject.Evidence.Run = evidence.Run{Live: true, Contract: evidence.Contract2026, Identity: &identity, Now: time.Now()}
	list, results := find("").results()
	p, err := gate.Decide(list, nil, subject, results, checks.Error).Permit()
	if err != nil {
		w.t.Fatal(err)
	}
	return p, bind.New(bind.Config{Transport: transport, Materials: gatewayFiles{find}, Reader: apigclient.NewReader(transport, 4), Journal: j, Now: time.Now,
		Deadline: cmp.Or(w.wait, 10*time.Second), Interval: tick, CallTime: 10 * time.Second, Grace: 10 * time.Second})
}

// effects are the writes that took effect, in their order.
func (w *gatewayWorld) effects() (out []string) {
	for _, c := range ended(w.t, w.sandbox) {
		took := c.Code == "OK" || c.Code == "Ok" || c.Code == "reset-after-commit" || c.Code == "hold-after-commit"
		if took && slices.Contains([]string{"UploadUserCertificate", "CreateDomain", "UpdateDomain"}, c.Action) {
			out = append(out, c.Action)
		}
	}
	return out
}

// bound fails unless the domain has the binding's certificate, once in the store, and what
// the binding does not state is as it was.
func (w *gatewayWorld) bound(exists bool) {
	w.t.Helper()
	own := 0
	for _, c := range w.sandbox.Certificates() {
		if c.Body == string(leaves()[0].Chain) {
			own++
		}
	}
	if own != 1 {
		w.t.Errorf("the store has the certificate %d times, want once", own)
	}
	state := w.sandbox.StateAPIG()
	i := slices.IndexFunc(state.Domains, func(d apig.Domain) bool { return d.Name == domain })
	if i < 0 || len(state.Domains) != 2 || !w.c.isOwn(state.Domains[i].CertIdentifier, w.sandbox.Certificates()) {
		w.t.Fatalf("got the domains %+v, want two and the certificate attached", state.Domains)
	}
	if d := state.Domains[i]; exists && (!d.MTLSEnabled || d.ClientCACert != string(leaves()[1].Chain) || d.CACertIdentifier != "2-cn-hangzhou" || d.TLSMin != "TLS 1.2" || d.HTTP2Option != "Open") {
		w.t.Errorf("a setting was lost: %+v", d)
	}
}

func sequenceOf(exists bool) []string {
	if exists {
		return []string{"UploadUserCertificate", "UpdateDomain"}
	}
	return []string{"UploadUserCertificate", "CreateDomain"}
}

// An upload and the call after it have four journal entries. Whichever of them is the last
// one of a process, with or without the journal, the next run judges the current state,
// attaches the certificate that was uploaded and repeats no call that took effect.
func TestCrashOfGateways(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{false, true} {
		for n := 1; n <= 4; n++ {
			for _, kept := range []bool{false, true} {
				t.Run(fmt.Sprintf("exists %t entry %d kept %t", exists, n, kept), func(t *testing.T) {
					t.Parallel()
					w := newGatewayWorld(t, exists)
					path := filepath.Join(t.TempDir(), "journal.jsonl")
					w.crash(path, n, kept)
					if got, want := w.effects(), sequenceOf(exists)[:n/2]; !slices.Equal(got, want) {
						t.Fatalf("before the crash: %q, want %q", got, want)
					}
					j := open(t, path)
					defer j.Close()
					permit, binder := w.run(j)
					want := bind.Bound
					if n == 4 {
						want = bind.Unchanged
					}
					if got := binder.One(apitest.Soon(t), permit); got.Status != want {
						t.Errorf("got %+v, want %s", got, want)
					}
					if got := w.effects(); !slices.Equal(got, sequenceOf(exists)) {
						t.Errorf("both runs: %q, want %q", got, sequenceOf(exists))
					}
					w.bound(exists)
					if _, err := journal.Verify(path, j.Head()); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// crash begins a run and ends it at the nth entry of its journal.
func (w *gatewayWorld) crash(path string, n int, kept bool) {
	w.t.Helper()
	j := open(w.t, path)
	defer j.Close()
	permit, binder := w.run(&crashing{Journal: j, n: n, kept: kept})
	defer func() {
		if r := recover(); r != (crash{}) {
			w.t.Fatalf("the run ended with %v, want a crash", r)
		}
	}()
	binder.One(apitest.Soon(w.t), permit)
}

// A lost answer and an interrupt leave no half of a sequence and repeat no effect.
func TestTroubleOfGateways(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{false, true} {
		for _, fault := range []string{"", "cas/UploadUserCertificate:reset-after-commit:1", "cas/UploadUserCertificate:reset-before-commit:1",
			"apig/UpdateDomain:reset-after-commit:1", "apig/CreateDomain:reset-after-commit:1", "apig/UpdateDomain:reset-before-commit:1",
			"apig/CreateDomain:reset-before-commit:1"} {
			for entry := range 4 { // 0: no interrupt
				t.Run(fmt.Sprintf("exists %t fault %q interrupt at %d", exists, fault, entry), func(t *testing.T) {
					t.Parallel()
					w := newGatewayWorld(t, exists)
					if strings.Contains(fault, "before-commit") { // the binder waits in vain for the effect
						w.wait = 4 * time.Second
					}
					log := &record{}
					permit, binder := w.run(log)
					faults, err := sandbox.ParseFaults(fault)
					if err == nil {
						err = w.sandbox.SetFaults(faults)
					}
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithCancel(apitest.Soon(t))
					defer cancel()
					log.hook = func(journal.Entry) error {
						if len(log.entries)+1 == entry {
							cancel()
						}
						return nil
					}
					got := binder.One(ctx, permit)
					effects, all := w.effects(), sequenceOf(exists)
					switch {
					case len(effects) > len(all) || !slices.Equal(effects, all[:len(effects)]):
						t.Fatalf("took effect: %q, want a beginning of %q", effects, all)
					case got.Status == bind.Bound:
						w.bound(exists)
					case entry == 0 || fault == "":
						t.Errorf("got %+v", got)
					case len(effects) == len(all) || got.Status == bind.NotAttempted && len(effects) > 0:
						t.Errorf("got %+v after %q", got, effects)
					}
					again, binder := w.run(&record{})
					if got := binder.One(apitest.Soon(t), again); got.Status != bind.Bound && got.Status != bind.Unchanged {
						t.Errorf("the next run: %+v", got)
					}
					if effects := w.effects(); !slices.Equal(effects, all) {
						t.Errorf("took effect: %q, want %q", effects, all)
					}
					w.bound(exists)
				})
			}
		}
	}
}

// Of two runs that judged the same state the second changes nothing.
func TestTwoRunsOfGateways(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{false, true} {
		w := newGatewayWorld(t, exists)
		first, one := w.run(&record{})
		second, two := w.run(&record{})
		if got := one.One(apitest.Soon(t), first); got.Status != bind.Bound {
			t.Errorf("the first run: %+v", got)
		}
		if got := two.One(apitest.Soon(t), second); got.Status != bind.NotAttempted || !got.Changed {
			t.Errorf("the second run: %+v", got)
		}
		w.bound(exists)
	}
}

// Another user changes the domain while its certificate is uploaded: the call that would
// send the record back as it was judged is not made.
func TestAChangeDuringTheUpload(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*apig.Seed){
		"a setting": func(s *apig.Seed) { s.Domains[slices.IndexFunc(s.Domains, ofTheBinding)].TLSMin = "TLS 1.3" },
		"its CA":    func(s *apig.Seed) { s.Domains[slices.IndexFunc(s.Domains, ofTheBinding)].ClientCACert = "" },
		"deleted":   func(s *apig.Seed) { s.Domains = slices.DeleteFunc(s.Domains, ofTheBinding) },
		"created": func(s *apig.Seed) {
			s.Domains = append(s.Domains, apig.Domain{DomainID: "d-another", Name: domain, Protocol: "HTTP", DomainScope: "Dedicated", CipherSuites: &apig.Suites{ConfigType: "Default"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGatewayWorld(t, name != "created")
			log := &record{}
			log.hook = func(e journal.Entry) error {
				if e.Kind == journal.Outcome && e.Call.Action == "UploadUserCertificate" {
					w.sandbox.EditAPIG(change)
				}
				return nil
			}
			p, b := w.run(log)
			o := b.One(context.Background(), p)
			if o.Status != bind.Incomplete || !o.Changed || !slices.Equal(w.effects(), []string{"UploadUserCertificate"}) || log.String() != "intent done" {
				t.Errorf("got %+v after %q, journal %q; want it stopped after the upload", o, w.effects(), log)
			}
		})
	}
}

func ofTheBinding(d apig.Domain) bool { return d.Name == domain }
