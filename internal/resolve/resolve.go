// Package resolve asks one recursive DNS resolver and follows aliases one owner
// at a time. It knows the protocol and judges nothing.
//
// A chain of aliases is never read out of one answer: servers cut chains, may
// add records that nobody asked for, and their RCODE speaks of one name only.
// So each owner is asked for its own CNAME, only records of that owner count,
// and each target is asked again in its turn (RFC 1034 §3.6.2, §5.2.2).
package resolve

import (
	"context"
	"fmt"
	"net"
	"time"
)

// Defaults of a Config.
const (
	defaultTimeout = 2 * time.Second
	defaultTries   = 3
)

// Config says whom to ask and how patiently.
type Config struct {
	Server  string        // IP address, with or without a port: 192.0.2.53, [2001:db8::53]:5353
	Timeout time.Duration // of one try; 0: 2 s
	Tries   int           // how often a question is sent before it timed out; 0: 3
	// Dial opens a connection ("udp" or "tcp"); nil: the operating system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client asks one resolver. Each question is asked once in the client's life
// and its answer shared, so make one client for a run. It is safe for
// concurrent use; how many walks go on at once is the caller's to bound.
type Client struct {
	server  string
	timeout time.Duration
	tries   int
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	answers memo[question, answer]
}

// New makes a client. The error says what is wrong with the server's address.
func New(cfg Config) (*Client, error) {
	server, err := parseServer(cfg.Server)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout < 0 || cfg.Tries < 0 {
		return nil, fmt.Errorf("resolver timeout %v with %d tries: want positive values", cfg.Timeout, cfg.Tries)
	}
	c := &Client{server: server, timeout: cfg.Timeout, tries: cfg.Tries, dial: cfg.Dial}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.tries == 0 {
		c.tries = defaultTries
	}
	if c.dial == nil {
		c.dial = new(net.Dialer).DialContext
	}
	return c, nil
}

// Server is the resolver's address with its port.
func (c *Client) Server() string { return c.server }
