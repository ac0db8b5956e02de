package sandbox

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// Options configure a sandbox. Now is required; everything else has a default.
type Options struct {
	Seed            account.Seed
	GatewayAddr     string           // default 127.0.0.1:0; loopback only
	DNSAddr         string           // default 127.0.0.1:0; loopback only
	Faults          Faults           // default: none
	Now             func() time.Time // clock for signatures and rates
	Latency         time.Duration    // delay of every response of the gateway
	RatePerSecond   float64          // per action; above it Throttling.User; 0: no limit
	AccessKeyID     string           // default: random
	AccessKeySecret string           // default: random
	AccountID       string           // of the access key; default 1234567890123456
	OtherKeys       []Key            // further access keys, possibly of other accounts; all see the same groups
	Roots           string           // path of a PEM file, for BINDGATE_ROOTS
	Contract2017    bool             // SetDomain has its form of 2017
	Assume          Assumptions      // behaviour that the platform does not document
	AccessLog       io.Writer        // a line per call, without parameters; default: none
}

// Key is an access key and its account.
type Key struct{ ID, Secret, AccountID string }

// Assumptions choose behaviour that the platform does not document.
type Assumptions struct {
	account.Assumptions
	MaxBody int // limit of a call's body in bytes, above which the gateway returns 413 as HTML; 0: only the sandbox's limit
}

// ParseAssumptions parses NAME=VALUE pairs: update=keep|reset, renewal=keep|reset,
// client-certificate=shown|hidden, network-type=upper|lower, max-body=BYTES. The
// default is the first value of each, except for renewal, where it is reset.
func ParseAssumptions(pairs []string) (a Assumptions, err error) {
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if name == "max-body" {
			if a.MaxBody, err = strconv.Atoi(value); err != nil || a.MaxBody < 1 {
				return a, fmt.Errorf("got %q, want max-body=BYTES", pair)
			}
			continue
		}
		switch pair {
		case "update=keep", "update=reset":
			a.UpdateResets = value == "reset"
		case "renewal=keep", "renewal=reset":
			a.RenewalKeeps = value == "keep"
		case "client-certificate=shown", "client-certificate=hidden":
			a.HidesClients = value == "hidden"
		case "network-type=upper", "network-type=lower":
			a.LowerCase = value == "lower"
		default:
			return a, fmt.Errorf("got %q, want update=keep|reset, renewal=keep|reset, client-certificate=shown|hidden, network-type=upper|lower or max-body=BYTES", pair)
		}
	}
	return a, nil
}

// Faults are the faults of a sandbox; package fault has the grammar.
type Faults = fault.Set

// ParseFaults parses the grammar of package fault. A target that is no action
// of the API is an error: such a rule would never apply.
func ParseFaults(spec string) (Faults, error) {
	f, err := fault.Parse(spec)
	if err != nil {
		return nil, err
	}
	return f, validate(f)
}

// validate checks faults against the grammar and the known actions.
func validate(f Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	for _, r := range f {
		if _, known := account.FindAction(r.Target); !known && r.Target != "*" && !strings.HasPrefix(r.Target, "dns/") {
			return fmt.Errorf("fault %q: %q is not an action; %s", r, r.Target, instead(r.Target))
		}
	}
	return nil
}

// instead suggests the intended action, or lists all.
func instead(got string) string {
	var names []string
	best, distance := "", 3 // in edits
	for _, a := range account.Actions() {
		names = append(names, a.Name)
		if d := levenshtein.ComputeDistance(strings.ToLower(got), strings.ToLower(a.Name)); d < distance {
			best, distance = a.Name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "want *, dns/NAME or one of " + strings.Join(names, ", ")
}

func (o Options) complete() (Options, error) {
	var err error
	if o.Seed, err = o.Seed.Complete(); err != nil {
		return o, err
	}
	if err := validate(o.Faults); err != nil {
		return o, err
	}
	switch {
	case o.Now == nil:
		return o, errors.New("got no clock: set Now")
	case o.Latency < 0 || o.RatePerSecond < 0:
		return o, errors.New("got a negative latency or rate, want zero or more")
	}
	o.GatewayAddr = cmp.Or(o.GatewayAddr, "127.0.0.1:0")
	o.DNSAddr = cmp.Or(o.DNSAddr, "127.0.0.1:0")
	for _, addr := range []string{o.GatewayAddr, o.DNSAddr} {
		if err := loopback(addr); err != nil {
			return o, err
		}
	}
	o.AccessKeyID = cmp.Or(o.AccessKeyID, "sandbox"+rand.Text()[:16])
	o.AccountID = cmp.Or(o.AccountID, "1234567890123456")
	o.AccessKeySecret = cmp.Or(o.AccessKeySecret, rand.Text())
	return o, nil
}

// loopback refuses an address that other machines can reach: the sandbox
// returns private keys to any client that can sign.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("got address %q, want HOST:PORT: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("got address %q, want a loopback address such as 127.0.0.1:0", addr)
	}
	return nil
}
