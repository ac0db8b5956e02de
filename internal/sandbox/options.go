package sandbox

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
	"github.com/bindgate/bindgate/internal/sandbox/ram"
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
	Rates           Rates            // of single actions, instead of RatePerSecond
	Deny            []string         // PRODUCT:ACTION globs (apigateway, apig, yundun-cert, sts) that no key may call
	AccessKeyID     string           // default: random
	AccessKeySecret string           // default: random
	AccountID       string           // of the access key; default 1234567890123456
	OtherKeys       []Key            // further access keys, possibly of other accounts; all see the same groups
	Roots           string           // path of a PEM file, for BINDGATE_ROOTS
	Contract2017    bool             // SetDomain has its form of 2017
	Assume          Assumptions      // behaviour that the platform does not document
	Policy          *ram.Policy      // rights of every access key; nil: all
	AccessLog       io.Writer        // a line per call, without parameters; default: none
}

// Key is an access key and its account.
type Key struct{ ID, Secret, AccountID string }

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
		if r.Target != "*" && !strings.HasPrefix(r.Target, "dns/") && !isTarget(r.Target) {
			return fmt.Errorf("fault %q: %q is not an action; %s", r, r.Target, instead(r.Target))
		}
	}
	return nil
}

// isTarget reports whether a fault or a rate can name this: ACTION, PRODUCT/ACTION or
// PRODUCT/*.
func isTarget(target string) bool {
	return slices.ContainsFunc(operations(), func(op operation) bool {
		return target == op.name || target == op.product+"/"+op.name || target == op.product+"/*"
	})
}

// instead suggests the intended action, or lists all.
func instead(got string) string {
	var names []string
	best, distance := "", 3 // in edits
	for _, op := range operations() {
		if !slices.Contains(names, op.name) {
			names = append(names, op.name)
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(got), strings.ToLower(op.name)); d < distance {
			best, distance = op.name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "want *, dns/NAME or one of " + strings.Join(names, ", ") + ", or PRODUCT/ACTION"
}

// Rates are calls a second, by PRODUCT/ACTION.
type Rates map[string]float64

// ParseRates parses calls a second: N for each action, ACTION=N, PRODUCT/ACTION=N or
// PRODUCT/*=N for some, and "documented" for those that the platform's pages name
// and no other text does.
func ParseRates(texts []string) (perSecond float64, rates Rates, err error) {
	rates = Rates{}
	all := false
	for _, text := range texts {
		if text == "documented" {
			continue
		}
		target, number, some := strings.Cut(text, "=")
		if !some {
			target, number = "*", text
		}
		n, err := strconv.ParseFloat(number, 64)
		switch {
		case err != nil || n < 0:
			return 0, nil, fmt.Errorf("got %q, want N, ACTION=N or documented", text)
		case !some && all:
			return 0, nil, errors.New("the rate of each action is given twice")
		case !some:
			perSecond, all = n, true
			continue
		case !isTarget(target):
			return 0, nil, fmt.Errorf("%q is not an action; %s", target, instead(target))
		}
		for _, op := range operations() {
			if target != op.name && target != op.key() && target != op.product+"/*" {
				continue
			}
			if _, twice := rates[op.key()]; twice {
				return 0, nil, fmt.Errorf("the rate of %s is given twice", op.key())
			}
			rates[op.key()] = n
		}
	}
	if slices.Contains(texts, "documented") {
		for _, op := range operations() {
			if _, given := rates[op.key()]; !given && op.rate > 0 {
				rates[op.key()] = op.rate
			}
		}
	}
	return perSecond, rates, nil
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
	for _, glob := range o.Deny {
		if _, err := path.Match(glob, ""); err != nil || !strings.Contains(glob, ":") {
			return o, fmt.Errorf("got %q in Deny, want PRODUCT:ACTION, such as apig:Create*", glob)
		}
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
