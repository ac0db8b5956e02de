// Package client reads the state of the classic API Gateway: groups and their domains,
// and the certificate that a domain serves. It judges nothing and changes nothing.
package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/memo"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// Reader asks the gateway, each question once in its life, which is a run:
// Group, Groups and Served keep what was answered, errors too. GroupNow,
// GroupsNow and ServedNow always ask. It is safe for concurrent use.
type Reader struct {
	transport *api.Transport
	groups    memo.Memo[groupKey, evidence.Group]
	lists     memo.Memo[string, []evidence.GroupRef]
	served    memo.Memo[domainKey, evidence.Served]
}

type groupKey struct{ region, id string }

type domainKey struct{ region, group, domain string }

// NewReader makes a reader for one run.
func NewReader(t *api.Transport) *Reader {
	r := &Reader{transport: t}
	r.groups.Transient, r.lists.Transient, r.served.Transient = memo.Interrupted, memo.Interrupted, memo.Interrupted
	return r
}

// Endpoint names who answers for a region.
func (r *Reader) Endpoint(region string) string { return r.transport.Endpoint(region) }

// Group is the group with all its domains, and without Served. A group that the
// gateway does not know is no error: its Found is false.
func (r *Reader) Group(ctx context.Context, region, id string) (evidence.Group, error) {
	return r.groups.Get(ctx, groupKey{region, id}, func(ctx context.Context, _ groupKey) (evidence.Group, error) {
		return r.GroupNow(ctx, region, id)
	})
}

// GroupNow is Group, asked now.
func (r *Reader) GroupNow(ctx context.Context, region, id string) (evidence.Group, error) {
	var a groupAnswer
	err := r.ask(ctx, region, "DescribeApiGroup", map[string]string{"GroupId": id}, &a)
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == api.NotFound:
		return evidence.Group{}, nil
	case err != nil:
		return evidence.Group{}, fmt.Errorf("reading API group: %w", err)
	case a.GroupID != id:
		return evidence.Group{}, fmt.Errorf("reading API group: asked for %q, the gateway answered about %q", id, a.GroupID)
	}
	return a.evidence(), nil
}

// State reads the group of a binding afresh, and the certificate that the domain serves
// if it has the name of the binding's certificate, or if certificate asks for it.
func (r *Reader) State(ctx context.Context, b binding.Binding, certificate bool) (plan.State, error) {
	g, err := r.GroupNow(ctx, b.RegionID, b.GroupID)
	if err != nil {
		return plan.State{}, err
	}
	d, bound := g.Domain(b.DomainName)
	if bound && (certificate || b.Certificate != nil && d.CertificateName == b.Certificate.Name) {
		served, err := r.ServedNow(ctx, b.RegionID, b.GroupID, b.DomainName)
		if err != nil {
			return plan.State{Group: g}, err
		}
		g.Served = &served
	}
	return plan.State{Group: g}, nil
}

// Served is the certificate that a domain of a group serves; a domain without
// one, or one that the group does not have, gives empty facts.
func (r *Reader) Served(ctx context.Context, region, groupID, domain string) (evidence.Served, error) {
	return r.served.Get(ctx, domainKey{region, groupID, domain}, func(ctx context.Context, _ domainKey) (evidence.Served, error) {
		return r.ServedNow(ctx, region, groupID, domain)
	})
}

// ServedNow is Served, asked now.
func (r *Reader) ServedNow(ctx context.Context, region, groupID, domain string) (evidence.Served, error) {
	var a domainAnswer
	err := r.ask(ctx, region, "DescribeDomain", map[string]string{"GroupId": groupID, "DomainName": domain}, &a)
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == api.NotFound:
		return evidence.Served{}, nil
	case err != nil:
		return evidence.Served{}, fmt.Errorf("reading the certificate that is served: %w", err)
	case !strings.EqualFold(a.DomainName, domain):
		return evidence.Served{}, fmt.Errorf("reading the certificate that is served: asked about %q, the gateway answered about %q", domain, a.DomainName)
	}
	return served(a), nil
}

// Bounds of a listing: the platform allows 200 groups an account and region,
// quotas can be raised.
const (
	pageSize = 50
	maxPages = 200
)

// Groups lists every group of the account in the region, or fails: a listing that
// misses one, or whose count is not the same on every page, is an error.
func (r *Reader) Groups(ctx context.Context, region string) ([]evidence.GroupRef, error) {
	return r.lists.Get(ctx, region, r.GroupsNow)
}

// GroupsNow is Groups, asked now.
func (r *Reader) GroupsNow(ctx context.Context, region string) ([]evidence.GroupRef, error) {
	refs, err := r.list(ctx, region)
	if err != nil {
		return nil, fmt.Errorf("listing API groups: %w", err)
	}
	return refs, nil
}

func (r *Reader) list(ctx context.Context, region string) ([]evidence.GroupRef, error) {
	seen := map[string]bool{}
	var refs []evidence.GroupRef
	total := -1
	for page := 1; page <= maxPages; page++ {
		var a listAnswer
		params := map[string]string{"PageNumber": strconv.Itoa(page), "PageSize": strconv.Itoa(pageSize)}
		if err := r.ask(ctx, region, "DescribeApiGroups", params, &a); err != nil {
			return nil, err
		}
		switch {
		case a.TotalCount == nil:
			return nil, errors.New("the answer holds no TotalCount")
		case *a.TotalCount < 0:
			return nil, fmt.Errorf("the gateway counts %d groups, want none or more", *a.TotalCount)
		case total >= 0 && total != *a.TotalCount:
			return nil, fmt.Errorf("the gateway counted %d groups on one page and %d on the next: they changed meanwhile, run it again", total, *a.TotalCount)
		}
		if total = *a.TotalCount; total > maxPages*pageSize {
			return nil, r.transport.Lasting(fmt.Errorf("%w: the gateway counts %d groups, and bindgate reads at most %d; trying again does not help", api.ErrTooLong, total, maxPages*pageSize))
		}
		items, before := a.APIGroupAttributes.APIGroupAttribute, len(refs)
		for _, i := range items {
			if i.GroupID == "" {
				return nil, errors.New("the answer lists a group without an id")
			}
			if !seen[i.GroupID] {
				seen[i.GroupID] = true
				refs = append(refs, i.ref())
			}
		}
		// A full page may hide more than TotalCount admits; one that brings
		// nothing new is the end, regardless of the count.
		end := len(refs) == before
		switch {
		case len(refs) > total || end && len(refs) != total:
			return nil, fmt.Errorf("the pages hold %d groups, the gateway counts %d: they changed meanwhile, run it again", len(refs), total)
		case len(refs) == total && (end || len(items) < pageSize):
			return refs, nil
		}
	}
	return nil, fmt.Errorf("over %d groups, want fewer", maxPages*pageSize)
}

func (a groupAttribute) ref() evidence.GroupRef {
	return evidence.GroupRef{GroupID: a.GroupID, GroupName: a.GroupName, RegionID: a.RegionID,
		InstanceID: a.InstanceID, SubDomain: a.SubDomain}
}

func (r *Reader) ask(ctx context.Context, region, action string, params map[string]string, out any) error {
	return wire.Read(ctx, r.transport, wire.Request{Region: region, Action: action, Params: params}, out)
}
