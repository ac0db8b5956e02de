package bind_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// platform is what a case runs against: the edge in memory, or a sandbox.
type platform struct {
	config  api.Config
	writes  func() []received // so far, in order of arrival
	faults  func(sandbox.Faults) error
	take    func(group, domain string) error // another client forces the domain to a group
	collect time.Duration                    // for the evidence of one binding
	call    time.Duration                    // for one call and its repetitions
	wait    time.Duration                    // for the read back
	tick    time.Duration                    // between two reads
	close   func() error
	key     *turncoat // what the calls are signed with
}

// turncoat is a credential that may become another one's.
type turncoat struct {
	providers.CredentialsProvider
	mu  sync.Mutex
	now string // the access key id, or "none"
}

// Keys of the platforms: of the account that is judged, twice, and of another one.
const (
	firstKey   = "testid"
	sessionKey = "testid-of-a-new-session"
	otherKey   = "testid-of-another-account"
)

func (t *turncoat) GetCredentials() (*providers.Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now == "none" {
		return nil, errors.New("the credentials are gone")
	}
	return &providers.Credentials{AccessKeyId: t.now, AccessKeySecret: "testsecret"}, nil
}

// become makes the credential what a case says.
func (t *turncoat) become(identity string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := map[string]string{"another account": otherKey, "none": "none", "a new session": sessionKey}[identity]; now != "" {
		t.now = now
	}
}

// world of a case: its groups, and where its names lead, first to the group of
// the binding and then to the bystander.
func (c *ruleCase) world() ([]account.Group, aliases) {
	var groups []account.Group
	a := aliases{}
	for i, b := range c.bindings {
		groups = append(groups, b.groups(i)...)
		name := groupID(i, 0) + "-" + region
		if b.requested.CustomDomainType == "INTRANET" {
			name = groupID(i, 0) + "-vpc"
		}
		a[b.displaced()] = []string{groupID(i, 1) + "-" + region + ".alicloudapi.com."}
		a[b.requested.DomainName] = []string{name + ".alicloudapi.com.", groupID(i, 2) + "-" + region + ".alicloudapi.com."}
	}
	return groups, a
}

// inMemory is a platform for the fake clock: nothing of it takes time.
func inMemory(key providers.CredentialsProvider, c *ruleCase) (*platform, error) {
	e, err := newEdge(c.world())
	if err != nil {
		return nil, err
	}
	turns := &turncoat{CredentialsProvider: key, now: firstKey}
	return &platform{
		key:    turns,
		config: api.Config{RoundTripper: e, Credential: turns, Rate: -1, Tries: 2},
		writes: e.received, take: e.take, close: func() error { return nil },
		faults:  func(f sandbox.Faults) error { e.faults.Replace(f); return nil },
		collect: time.Second, call: 20 * time.Second, wait: 4 * time.Second, tick: 500 * time.Millisecond,
	}, nil
}

// overSockets is a sandbox: HTTP, signatures, real faults and the real clock.
func overSockets(key providers.CredentialsProvider, c *ruleCase) (*platform, error) {
	groups, a := c.world()
	var zone strings.Builder
	for name, targets := range a {
		fmt.Fprintf(&zone, "%s. IN CNAME %s\n", name, targets[0])
		if len(targets) > 1 {
			bystander, _, _ := strings.Cut(targets[1], "-")
			fmt.Fprintf(&zone, "%s.%s. IN TXT apigateway-domain-verification=%s\n", bystander, strings.TrimPrefix(name, "*."), targets[1])
		}
	}
	s, err := sandbox.Start(context.Background(), sandbox.Options{Seed: account.Seed{Groups: groups, Zone: zone.String()},
		Now: time.Now, AccessKeyID: firstKey, AccessKeySecret: "testsecret", OtherKeys: []sandbox.Key{
			{ID: sessionKey, Secret: "testsecret", AccountID: accountID}, {ID: otherKey, Secret: "testsecret", AccountID: "6543210987654321"}}})
	if err != nil {
		return nil, err
	}
	turns := &turncoat{CredentialsProvider: key, now: firstKey}
	return &platform{
		key:    turns,
		config: api.Config{Endpoint: s.Endpoint(), Credential: turns, Rate: -1, Tries: 2, Pause: time.Millisecond},
		writes: func() []received { return writesOf(s) }, faults: s.SetFaults, close: s.Close,
		take: func(group, domain string) error {
			return past(s, "SetDomain", "GroupId", group, "DomainName", domain, "IsForce", "true")
		},
		collect: time.Minute, call: 5 * time.Second, wait: 2 * time.Second, tick: 20 * time.Millisecond,
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
