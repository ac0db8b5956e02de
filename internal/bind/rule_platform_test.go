package bind_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aliyun/credentials-go/credentials"

	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// platform is what a case runs against: the edge in memory, or a sandbox.
type platform struct {
	config  gateway.Config
	writes  func() []received // so far, in order of arrival
	faults  func(sandbox.Faults) error
	take    func(group, domain string) error // somebody else forces the domain to a group
	collect time.Duration                    // for the evidence of one binding
	wait    time.Duration                    // for the read back
	tick    time.Duration                    // between two reads
	close   func() error
}

// world of a case: its groups, and where its names lead, first to the group of
// the binding and then to the bystander.
func (c *ruleCase) world() ([]account.Group, aliases) {
	var groups []account.Group
	a := aliases{}
	for i, b := range c.bindings {
		groups = append(groups, b.groups(i)...)
		name := groupID(i, 0) + "-" + region
		if b.wish.CustomDomainType == "INTRANET" {
			name = groupID(i, 0) + "-vpc"
		}
		a[b.wish.DomainName] = []string{name + ".alicloudapi.com.", groupID(i, 2) + "-" + region + ".alicloudapi.com."}
	}
	return groups, a
}

// inMemory is a platform for the fake clock: nothing of it takes time.
func inMemory(key credentials.Credential, c *ruleCase) (*platform, error) {
	e, err := newEdge(c.world())
	if err != nil {
		return nil, err
	}
	return &platform{
		config: gateway.Config{RoundTripper: e, Credential: key, Rate: -1, Tries: 2},
		writes: e.received, take: e.take, close: func() error { return nil },
		faults:  func(f sandbox.Faults) error { e.faults.Replace(f); return nil },
		collect: time.Second, wait: 4 * time.Second, tick: 500 * time.Millisecond,
	}, nil
}

// overSockets is a sandbox: HTTP, signatures, real faults and the real clock.
func overSockets(key credentials.Credential, c *ruleCase) (*platform, error) {
	groups, a := c.world()
	var zone strings.Builder
	for name, targets := range a {
		fmt.Fprintf(&zone, "%s. IN CNAME %s\n", name, targets[0])
		bystander, _, _ := strings.Cut(targets[1], "-")
		fmt.Fprintf(&zone, "%s.%s. IN TXT apigateway-domain-verification=%s\n", bystander, name, targets[1])
	}
	s, err := sandbox.Start(context.Background(), sandbox.Options{Seed: account.Seed{Groups: groups, Zone: zone.String()},
		Now: time.Now, AccessKeyID: "testid", AccessKeySecret: "testsecret"})
	if err != nil {
		return nil, err
	}
	return &platform{
		config: gateway.Config{Endpoint: s.Endpoint(), Credential: key, Rate: -1, Tries: 2, Pause: time.Millisecond},
		writes: func() []received { return writesOf(s) }, faults: s.SetFaults, close: s.Close,
		take: func(group, domain string) error {
			return past(s, "SetDomain", "GroupId", group, "DomainName", domain, "IsForce", "true")
		},
		collect: time.Minute, wait: 2 * time.Second, tick: 2 * time.Millisecond,
	}, nil
}

func writesOf(s *sandbox.Sandbox) []received {
	var out []received
	for _, call := range s.Calls() {
		if strings.HasPrefix(call.Action, "Set") {
			out = append(out, received{request{call.Action, call.Params, call.ChainDigest, call.PublicKeyDigest}, call.Committed})
		}
	}
	return out
}
