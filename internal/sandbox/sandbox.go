// Package sandbox is a gateway, its listener for the clients of domains, and a
// name server on loopback: a second, independent implementation of the documented
// platform, for the demo, the tests and users' CI. Official clients work with it
// unchanged.
//
// It verifies V1 and V3 signatures (package sign), implements the platform's rules
// and error codes (package account), responds in JSON or XML, and injects requested
// faults (package fault). It shares no code with bindgate's client.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/dnsserver"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// Sandbox is a running gateway and name server. Its methods are safe for
// concurrent use.
type Sandbox struct {
	options Options
	account *account.Account
	names   *dnsserver.Server
	gateway *gateway
	callers *listener
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
	s.account = account.New(o.Seed.Groups, s.names).Assume(o.Assume.Assumptions)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.GatewayAddr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the sandbox: listening for the gateway: %w", err), s.names.Close())
	}
	callers, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the sandbox: listening for clients: %w", err), listener.Close(), s.names.Close())
	}
	s.gateway = newGateway(o, s.account, s.faults, listener)
	s.callers = newListener(s.account, callers)
	s.detach = context.AfterFunc(ctx, s.stop)
	return s, nil
}

// Close stops the servers and waits for all running calls; calls held by a fault
// are aborted.
func (s *Sandbox) Close() error {
	s.detach()
	s.stop()
	return s.closed
}

func (s *Sandbox) stop() {
	s.once.Do(func() { s.closed = errors.Join(s.gateway.close(), s.callers.close(), s.names.Close()) })
}

// Endpoint returns the gateway's address, http://127.0.0.1:PORT.
func (s *Sandbox) Endpoint() string { return "http://" + s.gateway.addr }

// Resolver returns the name server's address, 127.0.0.1:PORT, for UDP and TCP.
func (s *Sandbox) Resolver() string { return s.names.Addr() }

// Listener returns the address at which clients reach the domains, with TLS and
// without, 127.0.0.1:PORT.
func (s *Sandbox) Listener() string { return s.callers.net.Addr().String() }

// Env returns the environment of a client, as NAME=value: endpoint, resolver,
// listener, roots if there are any, access key id and secret.
func (s *Sandbox) Env() []string {
	env := []string{"BINDGATE_ENDPOINT=" + s.Endpoint(), "BINDGATE_RESOLVER=" + s.Resolver(), "BINDGATE_PROBE=" + s.Listener()}
	if s.options.Roots != "" {
		env = append(env, "BINDGATE_ROOTS="+s.options.Roots)
	}
	return append(env,
		"ALIBABA_CLOUD_ACCESS_KEY_ID="+s.options.AccessKeyID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET="+s.options.AccessKeySecret)
}

// State returns a copy of every group with its domains, without private keys.
func (s *Sandbox) State() []account.Group { return s.account.State() }

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
