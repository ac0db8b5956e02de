package judge

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/probe"
	"github.com/bindgate/bindgate/internal/gate"
)

// openProbe creates the collector that probes the addresses of domains.
func (e *Engine) openProbe() (err error) {
	if e.o.Probe == nil {
		return nil
	}
	c := probe.Config{Trust: e.certificates.Trust, Now: e.o.Clock}
	for _, text := range e.o.Probe.Allow {
		prefix, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return fmt.Errorf("reading probeAllow: got %q, want an address or a prefix such as 10.0.0.0/8", text)
		}
		c.Allow = append(c.Allow, prefix.Masked())
	}
	if e.o.Probe.Via != "" {
		if c.Via, err = netip.ParseAddrPort(e.o.Probe.Via); err != nil {
			return fmt.Errorf("reading BINDGATE_PROBE: got %q, want ADDR:PORT", e.o.Probe.Via)
		}
	}
	e.probe, err = probe.New(c)
	return err
}

// probed probes the addresses of an allowed and already bound domain, and judges the
// binding again with the result. Any other binding keeps its verdict, and no
// connection is made for it.
func (e *Engine) probed(ctx context.Context, number int, v Verdict) Verdict {
	if e.probe == nil || v.Decision.Status != gate.Allowed {
		return v
	}
	domain, bound := v.Evidence.Group.Facts.Domain(v.Binding.DomainName)
	dns := v.Evidence.DNS
	if !bound || dns.State != evidence.StateObserved {
		return v
	}
	target := probe.Target{Name: dns.Facts.QueryName, Intranet: v.Binding.CustomDomainType == binding.Intranet}
	for _, text := range dns.Facts.End.Addresses {
		if addr, err := netip.ParseAddr(text); err == nil {
			target.Addresses = append(target.Addresses, addr)
		}
	}
	s := checks.Subject{Binding: v.Binding, Evidence: v.Evidence}
	if domain.CertificateName != "" || domain.CertificateID != "" {
		s.Evidence.Probe = e.probe.Handshake(ctx, target)
	} else {
		s.Evidence.Probe = e.probe.Plain(ctx, target)
	}
	return e.assess(ctx, number, s)
}
