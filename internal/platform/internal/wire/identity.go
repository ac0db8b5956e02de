package wire

import (
	"context"
	"errors"
	"fmt"
)

// stsVersion is the one published version of the product Sts.
const stsVersion = "2015-04-01"

// NoSTS in the place of an address says that the installation has no STS.
const NoSTS = "none"

// ErrNoSTS reports that the installation has no STS.
var ErrNoSTS = errors.New("the installation has no STS, as the owner says")

// Identity is who the credentials belong to, as STS says.
type Identity struct {
	AccountID   string
	ARN         string
	AccessKeyID string // shortened
	Source      string // where the credentials come from
}

// Identity asks STS who is calling (GetCallerIdentity, which every identity may
// call), once for each access key. Without an STS it is the key and its source
// alone, with ErrNoSTS.
func (p *Pool) Identity(ctx context.Context, region string) (Identity, error) {
	id, key, err := p.caller(ctx)
	if err != nil {
		return Identity{}, err
	}
	if p.config.STS == NoSTS {
		return id, ErrNoSTS
	}
	p.mu.Lock()
	known, ok := p.identities[key]
	p.mu.Unlock()
	if ok {
		return known, nil
	}
	var a struct {
		AccountID string `xml:"AccountId"`
		Arn       string
	}
	if err := Read(ctx, p, Request{Product: sts, Region: region, Action: "GetCallerIdentity", key: key}, &a); err != nil {
		return id, fmt.Errorf("asking STS who is calling: %w", err)
	}
	if a.AccountID == "" || a.Arn == "" {
		return id, errors.New("asking STS who is calling: the answer names no account or no identity")
	}
	id.AccountID, id.ARN = clip(a.AccountID, 64), clip(a.Arn, 256)
	p.mu.Lock()
	p.identities[key] = id
	p.mu.Unlock()
	return id, nil
}

// caller returns what is known of the caller without asking, and the access key id.
func (p *Pool) caller(ctx context.Context) (id Identity, key string, err error) {
	c, err := current(ctx, p.config.Credential)
	if ctx.Err() != nil {
		return Identity{}, "", &Error{Kind: NotSent, Action: "GetCallerIdentity", Message: "no time was left to read the credentials", cause: ctx.Err()}
	}
	if err != nil || c == nil || c.AccessKeyId == "" {
		return Identity{}, "", &Error{Kind: Auth, Action: "GetCallerIdentity", Message: "the credentials could not be read or renewed"}
	}
	id.AccessKeyID = shortened(c.AccessKeyId)
	if named, ok := p.config.Credential.(interface{ Source() string }); ok {
		id.Source = named.Source()
	}
	return id, c.AccessKeyId, nil
}

// shortened is enough of an access key id to tell it from others.
func shortened(id string) string {
	if len(id) < 12 {
		return id[:min(len(id), 4)] + "…"
	}
	return id[:4] + "…" + id[len(id)-4:]
}
