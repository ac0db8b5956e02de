package bind_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// asking is a domain that serves the second leaf and asks its callers for
// certificates that lead to it.
func asking(own, _ *account.Group) {
	d := serving(1, "demo_2025")
	d.Certificate.Mutual = account.MutualTLS{CaCertificateBody: string(leaves()[1].Chain), SslVerifyDepth: 2, ClientCertSDnPassThrough: true}
	own.Domains = []account.Domain{d}
}

// mutual is what the sandbox's domain asks of its callers now.
func (w *world) mutual() account.MutualTLS { return w.sandbox.State()[0].Domains[0].Certificate.Mutual }

func states(c binding.ClientCertificate) func(*binding.Binding) {
	return func(b *binding.Binding) { b.ClientCertificate = &c }
}

// worlds are all that the pages leave open about callers' certificates.
func worlds() (out []sandbox.Assumptions) {
	for i := range 4 {
		out = append(out, sandbox.Assumptions{Assumptions: account.Assumptions{RenewalKeeps: i&1 > 0, HidesClients: i&2 > 0}})
	}
	return out
}

// TestRenewalsKeepClientCertificates holds that a renewal sends what the binding
// states, and that it is in effect after it in every world.
func TestRenewalsKeepClientCertificates(t *testing.T) {
	t.Parallel()
	ca := leaves()[0].Chain
	for _, assume := range worlds() {
		w := newWorldWhere(t, assume, asking)
		w.files.now.ClientCA, w.files.now.ClientCADigest = ca, pki.Digest(ca)
		o := w.bind(context.Background(), w.permit(requested(withCertificate, states(binding.ClientCertificate{CA: "ca.pem", VerifyDepth: 1}))))[0]
		if o.Status != bind.Bound || assume.HidesClients != strings.Contains(o.Message, "does not report its settings") {
			t.Errorf("%+v: got %+v", assume, o)
		}
		if got, want := w.mutual(), (account.MutualTLS{CaCertificateBody: string(ca), SslVerifyDepth: 1}); got != want {
			t.Errorf("%+v: got %+v, want %+v", assume, got, want)
		}
	}
}

// TestStatedToBeOff holds that none ends what the gateway shows, and sends nothing
// where it shows none.
func TestStatedToBeOff(t *testing.T) {
	t.Parallel()
	for _, assume := range worlds() {
		w := newWorldWhere(t, assume, asking)
		o := w.bind(context.Background(), w.permit(requested(withCertificate, states(binding.ClientCertificate{None: true}))))[0]
		_, sent := w.received()[slices.IndexFunc(w.received(), func(c sandbox.Received) bool { return c.Action == "SetDomainCertificate" })].Params["CaCertificateBody"]
		if o.Status != bind.Bound || sent == assume.HidesClients {
			t.Errorf("%+v: got %+v, sent %t", assume, o, sent)
		}
		if !assume.HidesClients && w.mutual() != (account.MutualTLS{}) {
			t.Errorf("%+v: got %+v, want none", assume, w.mutual())
		}
	}
}

// TestClientCertificatesThatChange holds that a renewal stops where callers are asked
// for certificates since it was judged, or the CA is another file.
func TestClientCertificatesThatChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bound(serving(1, "demo_2025")))
	permit := w.permit(requested(withCertificate))
	w.anotherClient("SetDomainCertificate", "GroupId", own, "CertificateName", "demo_2025", "SslVerifyDepth", "1", "ClientCertSDnPassThrough", "true")
	if o := w.bind(context.Background(), permit)[0]; o.Status != bind.NotAttempted || !o.Changed || !strings.Contains(o.Message, "has other settings of client certificates") {
		t.Errorf("got %+v", o)
	}
	w = newWorld(t, asking)
	w.files.now.ClientCA, w.files.now.ClientCADigest = leaves()[0].Chain, pki.Digest(leaves()[0].Chain)
	permit = w.permit(requested(withCertificate, states(binding.ClientCertificate{CA: "ca.pem"})))
	w.files.now.ClientCA, w.files.now.ClientCADigest = leaves()[1].Chain, pki.Digest(leaves()[1].Chain)
	if o := w.bind(context.Background(), permit)[0]; o.Status != bind.NotAttempted || !o.Changed || !strings.Contains(o.Message, "CA of callers' certificates") {
		t.Errorf("got %+v", o)
	}
	if len(w.writes()) > 0 {
		t.Errorf("sent %q", w.writes())
	}
}
