package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// Bounds of a listing. The pages of routes and HTTP APIs may have 100 items, those of
// the other lists 50 for all that is known. maxItems bounds the memory of a list, of
// which every item has to be known.
const (
	pageSize  = 50
	largePage = 100
	maxItems  = 100_000
)

// question is one kind of list.
type question struct {
	region, action string
	path           []string
	params         map[string]string
	size           int
}

// pages are asked for at once, but for the first.
const pagesAtOnce = 8

// page is one page of a list.
type page[T any] struct {
	TotalSize *number
	Items     wire.List[T]
}

// all returns every item of a list, or fails: a list that misses one, or whose count is
// not the same on every page, is an error. The count ends the list, not a short page, since
// the platform may allow smaller pages than are asked for.
func all[T any](ctx context.Context, r *Reader, q question, id func(T) string) ([]T, error) {
	seen := map[string]bool{}
	var out []T
	total := -1
	for number := 1; ; {
		next, err := some[T](ctx, r, q, number, total, len(out))
		if err != nil {
			return nil, err
		}
		number += len(next)
		for _, p := range next {
			switch {
			case p.TotalSize == nil:
				return nil, errors.New("the answer holds no totalSize")
			case *p.TotalSize < 0:
				return nil, fmt.Errorf("the platform counts %d, want none or more", *p.TotalSize)
			case total >= 0 && total != int(*p.TotalSize):
				return nil, fmt.Errorf("the platform counted %d on one page and %d on the next: they changed meanwhile, run it again", total, *p.TotalSize)
			}
			if total = int(*p.TotalSize); total > maxItems {
				return nil, r.transport.Lasting(fmt.Errorf("%w: the platform counts %d, and bindgate reads at most %d; trying again does not help", api.ErrTooLong, total, maxItems))
			}
			before := len(out)
			for _, item := range p.Items {
				name := id(item)
				if name == "" {
					return nil, errors.New("the answer lists an item without an id")
				}
				if !seen[name] {
					seen[name] = true
					out = append(out, item)
				}
			}
			// A full page may hide more than the count admits; one that brings nothing
			// new is the end, regardless of the count.
			end := len(out) == before
			switch {
			case len(out) > total || end && len(out) != total:
				return nil, fmt.Errorf("the pages hold %d, the platform counts %d: they changed meanwhile, run it again", len(out), total)
			case len(out) == total && (end || len(p.Items) < q.size):
				return out, nil
			}
		}
	}
}

// some reads the pages that are next: one if nothing is known of the list, else as many as
// what is missing fills, and that one more that shows the end.
func some[T any](ctx context.Context, r *Reader, q question, from, total, have int) ([]page[T], error) {
	many := 1
	if perPage := have / max(from-1, 1); perPage > 0 {
		many = min((total-have)/perPage+1, pagesAtOnce)
	}
	out := make([]page[T], many)
	work, ctx := errgroup.WithContext(ctx)
	for i := range out {
		work.Go(func() error {
			params := map[string]string{"pageNumber": strconv.Itoa(from + i), "pageSize": strconv.Itoa(q.size)}
			maps.Copy(params, q.params)
			return r.get(ctx, q.region, q.action, q.path, params, &out[i])
		})
	}
	return out, work.Wait()
}

func (r *Reader) get(ctx context.Context, region, action string, path []string, params map[string]string, out any) error {
	return wire.Read(ctx, r.transport, wire.Request{Product: wire.APIG, Region: region, Action: action, Method: "GET",
		Path: append([]string{"v1"}, path...), Params: params}, out)
}

func denied(err error) bool { return is(err, api.NoPermission) }

func missing(err error) bool { return is(err, api.NotFound) }

func is(err error, kind api.Kind) bool {
	var refused *api.Error
	return errors.As(err, &refused) && refused.Kind == kind
}
