package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// Bounds of a listing. The pages of routes and HTTP APIs may have 100 items, those of
// the other lists 50 for all that is known; a list of more than maxItems is refused.
const (
	pageSize  = 50
	largePage = 100
	maxItems  = 10_000
)

// question is one kind of list.
type question struct {
	region, action string
	path           []string
	params         map[string]string
	size           int
}

// all returns every item of a list, or fails: a list that misses one, or whose count is
// not the same on every page, is an error. The count ends the list, not a short page, since
// the platform may allow smaller pages than are asked for.
func all[T any](ctx context.Context, r *Reader, q question, id func(T) string) ([]T, error) {
	seen := map[string]bool{}
	var out []T
	total := -1
	for page := 1; len(out) <= maxItems; page++ {
		params := maps.Clone(q.params)
		if params == nil {
			params = map[string]string{}
		}
		params["pageNumber"], params["pageSize"] = strconv.Itoa(page), strconv.Itoa(q.size)
		var a struct {
			TotalSize *number
			Items     wire.List[T]
		}
		if err := r.get(ctx, q.region, q.action, q.path, params, &a); err != nil {
			return nil, err
		}
		switch {
		case a.TotalSize == nil:
			return nil, errors.New("the answer holds no totalSize")
		case *a.TotalSize < 0:
			return nil, fmt.Errorf("the platform counts %d, want none or more", *a.TotalSize)
		case total >= 0 && total != int(*a.TotalSize):
			return nil, fmt.Errorf("the platform counted %d on one page and %d on the next: they changed meanwhile, run it again", total, *a.TotalSize)
		}
		total = int(*a.TotalSize)
		before := len(out)
		for _, item := range a.Items {
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
		case len(out) == total && (end || len(a.Items) < q.size):
			return out, nil
		}
	}
	return nil, fmt.Errorf("over %d, want fewer", maxItems)
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
