// Package sandbox is the classic and the cloud-native gateway, a certificate store,
// the gateways' listeners for the clients of domains, and a name server on loopback:
// a second, independent implementation of the documented platforms, for the demo,
// the tests and users' CI. Official clients work with it unchanged.
//
// It verifies V1 and V3 signatures (package sign), implements the platforms' rules
// and error codes (packages account, apig and certstore), and injects requested
// faults (package fault). Where the platforms' pages are silent it behaves in either
// way (Worlds). It shares no code with bindgate's client.
package sandbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
	"github.com/bindgate/bindgate/internal/sandbox/dnsserver"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// Sandbox is a running gateway and name server. Its methods are safe for
// concurrent use.
type Sandbox struct {
	options Options
	services
	names   *dnsserver.Server
	gateway *gateway
	callers *listener // of the classic gateway
	cloud   *listener // of the cloud-native gateway
	faults  *fault.Plan
	once    sync.Once
	closed  error       // the error of stopping
	detach  func() bool // stops waiting for the end of Start's context
}

// Start serves until the context ends or Close is called. The caller must call
// Close in either case.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	o, err := o.complete()
	if err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	records, err := o.Seed.AllRecords()
	if err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	s := &Sandbox{options: o, faults: new(fault.Plan)}
	s.faults.Replace(o.Faults)
	if s.names, err = dnsserver.Start(o.DNSAddr, records, s.faults); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	s.services = newServices(o, s.names)
	var listeners [3]net.Listener
	for i, addr := range [...]string{o.GatewayAddr, "127.0.0.1:0", "127.0.0.1:0"} {
		if listeners[i], err = new(net.ListenConfig).Listen(ctx, "tcp", addr); err != nil {
			for _, open := range listeners[:i] {
				_ = open.Close()
			}
			return nil, errors.Join(fmt.Errorf("starting the sandbox: listening on %s: %w", addr, err), s.names.Close())
		}
	}
	s.gateway = newGateway(o, s.services, s.faults, listeners[0])
	s.callers = newListener(classicSide{s.account}, listeners[1])
	s.cloud = newListener(cloudSide{s.apig}, listeners[2])
	s.detach = context.AfterFunc(ctx, s.stop)
	return s, nil
}

func newServices(o Options, names *dnsserver.Server) services {
	// Roots is for clients; a file that is not there is known to be missing by them.
	roots := x509.NewCertPool()
	if text, err := os.ReadFile(o.Roots); err != nil || !roots.AppendCertsFromPEM(text) {
		roots = nil
	}
	certs := certstore.New(o.Seed.Certificates, o.Assume.CAS, roots, o.Now)
	cloud := apig.New(o.Seed.APIG, certs, o.Assume.APIG, o.Now)
	certs.UsedBy(cloud.Users)
	return services{account: account.New(o.Seed.Groups, names).Assume(o.Assume.Assumptions), apig: cloud, certs: certs}
}

// Close stops the servers and waits for all running calls; calls held by a fault
// are aborted.
func (s *Sandbox) Close() error {
	s.detach()
	s.stop()
	return s.closed
}

func (s *Sandbox) stop() {
	s.once.Do(func() { s.closed = errors.Join(s.gateway.close(), s.callers.close(), s.cloud.close(), s.names.Close()) })
}

// Endpoint returns the gateway's address, http://127.0.0.1:PORT.
func (s *Sandbox) Endpoint() string { return "http://" + s.gateway.addr }

// Resolver returns the name server's address, 127.0.0.1:PORT, for UDP and TCP.
func (s *Sandbox) Resolver() string { return s.names.Addr() }

// Listener returns the address at which clients reach the domains of the classic
// gateway, with TLS and without, 127.0.0.1:PORT.
func (s *Sandbox) Listener() string { return s.callers.net.Addr().String() }

// GatewayListener returns the address at which clients reach the domains of the
// cloud-native gateways, with TLS and without, 127.0.0.1:PORT. One port serves all
// gateways of the account.
func (s *Sandbox) GatewayListener() string { return s.cloud.net.Addr().String() }

// Env returns the environment of a client, as NAME=value: endpoint, resolver,
// listeners, roots if there are any, access key id and secret.
func (s *Sandbox) Env() []string {
	env := []string{"BINDGATE_ENDPOINT=" + s.Endpoint(), "BINDGATE_RESOLVER=" + s.Resolver(), "BINDGATE_PROBE=" + s.Listener(),
		"BINDGATE_PROBE_GATEWAY=" + s.GatewayListener()}
	if s.options.Roots != "" {
		env = append(env, "BINDGATE_ROOTS="+s.options.Roots)
	}
	return append(env,
		"ALIBABA_CLOUD_ACCESS_KEY_ID="+s.options.AccessKeyID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET="+s.options.AccessKeySecret)
}

// State returns a copy of every group with its domains, without private keys.
func (s *Sandbox) State() []account.Group { return s.account.State() }

// StateAPIG returns a copy of every cloud-native gateway, domain and HTTP API.
func (s *Sandbox) StateAPIG() apig.Seed { return s.apig.State() }

// Certificates returns those of the certificate store, without private keys.
func (s *Sandbox) Certificates() []certstore.Certificate { return s.certs.All() }

// EditAPIG changes the cloud-native gateway without a call, as another user would.
func (s *Sandbox) EditAPIG(change func(*apig.Seed)) { s.apig.Edit(change) }

// Calls returns the authenticated calls so far, in order of arrival; if there
// are very many, the last ones.
func (s *Sandbox) Calls() []Received { return s.gateway.log.all() }

// ReceivedKey reports whether a call contained a private key with this digest:
// sha256:<hex> of its SubjectPublicKeyInfo.
func (s *Sandbox) ReceivedKey(digest string) bool {
	for _, call := range s.Calls() {
		if digest != "" && call.PublicKeyDigest == digest {
			return true
		}
	}
	return false
}

// SetRecords replaces the DNS records of an owner name with master-file text;
// an empty text removes the name.
func (s *Sandbox) SetRecords(owner, text string) error { return s.names.SetRecords(owner, text) }

// SetFaults replaces the faults, with fresh counts.
func (s *Sandbox) SetFaults(f Faults) error {
	if err := validate(f); err != nil {
		return err
	}
	s.faults.Replace(f)
	return nil
}
