package client

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// The two types of gateways, as ListDomains filters by them.
const (
	typeAPI = "API"
	typeAI  = "AI"
)

// listing is every domain of a region, as the list shows them, by the parent of their names.
type listing struct {
	records []evidence.Record
	byZone  map[string][]int
	problem string // why some are missing; empty: there are all
}

// list reads every domain of a region once in a run.
func (r *Reader) list(ctx context.Context, region string) (*listing, error) {
	return r.listings.Get(ctx, region, func(ctx context.Context, region string) (*listing, error) {
		records, err := r.listDomains(ctx, region, nil)
		switch {
		case denied(err):
			return newListing(nil, err.Error()), nil
		case err != nil:
			return nil, err
		}
		return newListing(records, ""), nil
	})
}

// listDomains returns the domains of a region. The list does not show for which type of
// gateway a domain is, so it is asked for those of AI gateways too, and for those of API
// gateways where that leaves it open.
func (r *Reader) listDomains(ctx context.Context, region string, params map[string]string) ([]evidence.Record, error) {
	ask := func(ctx context.Context, kind string) (map[string]domain, error) {
		q := question{region: region, action: "ListDomains", path: []string{"domains"}, params: maps.Clone(params), size: pageSize}
		if kind != "" {
			if q.params == nil {
				q.params = map[string]string{}
			}
			q.params["gatewayType"] = kind
		}
		items, err := all(ctx, r, q, func(d domain) string { return d.DomainID })
		if err != nil {
			return nil, fmt.Errorf("listing domains: %w", err)
		}
		byID := map[string]domain{}
		for _, d := range items {
			byID[d.DomainID] = d
		}
		return byID, nil
	}
	var every, ai, api map[string]domain
	work, both := errgroup.WithContext(ctx)
	work.Go(func() (err error) { every, err = ask(both, ""); return err })
	work.Go(func() (err error) { ai, err = ask(both, typeAI); return err })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	if len(ai) > 0 { // or the platform does not filter
		var err error
		if api, err = ask(ctx, typeAPI); err != nil {
			return nil, err
		}
	}
	out := map[string]domain{}
	for _, some := range []map[string]domain{api, ai, every} {
		maps.Copy(out, some)
	}
	records := make([]evidence.Record, 0, len(out))
	for _, id := range slices.Sorted(maps.Keys(out)) {
		record := out[id].record()
		if record.GatewayType == "" {
			_, isAI := ai[id]
			_, isAPI := api[id]
			record.GatewayType = kindOf(isAI, isAPI || len(ai) == 0)
		}
		records = append(records, record)
	}
	return records, nil
}

// kindOf returns the type of a domain's gateways; empty: it is not known.
func kindOf(isAI, isAPI bool) string {
	switch {
	case isAI && !isAPI:
		return typeAI
	case isAPI && !isAI:
		return typeAPI
	}
	return ""
}

func newListing(records []evidence.Record, problem string) *listing {
	l := &listing{records: records, byZone: map[string][]int{}, problem: problem}
	for i, d := range records {
		zone := evidence.Parent(evidence.PlainName(d.Name))
		l.byZone[zone] = append(l.byZone[zone], i)
	}
	return l
}

// near returns the records with a name, and those with one that overlaps it at any depth.
func (l *listing) near(name string) (same, overlaps []evidence.Record) {
	name = evidence.PlainName(name)
	var found []int
	if under, wildcard := strings.CutPrefix(name, "*."); wildcard {
		for zone, some := range l.byZone {
			if zone == under || strings.HasSuffix(zone, "."+under) {
				found = append(found, some...)
			}
		}
	} else {
		found = append(found, l.byZone[evidence.Parent(name)]...)
	}
	for zone := evidence.Parent(evidence.Parent(name)); zone != ""; zone = evidence.Parent(zone) { // wildcards over it, further up
		found = append(found, l.byZone[zone]...)
	}
	slices.Sort(found)
	for _, i := range slices.Compact(found) {
		switch r := l.records[i]; {
		case evidence.SameName(r.Name, name):
			same = append(same, r)
		case evidence.Covers(name, r.Name) || evidence.Covers(r.Name, name):
			overlaps = append(overlaps, r)
		}
	}
	return same, overlaps
}

// Records is the domain of a binding, and the others whose names overlap its name. The first
// call in a run lists the region.
func (r *Reader) Records(ctx context.Context, b binding.Binding) (evidence.Records, error) {
	l, err := r.list(ctx, b.RegionID)
	if err != nil {
		return evidence.Records{}, err
	}
	same, overlaps := l.near(b.DomainName)
	full, err := r.whole(ctx, b.RegionID, same, func(ctx context.Context, region string, listed evidence.Record) (evidence.Record, error) {
		return r.records.Get(ctx, place{region, listed.DomainID}, func(ctx context.Context, _ place) (evidence.Record, error) {
			return r.recordNow(ctx, region, listed)
		})
	})
	if err != nil {
		return evidence.Records{}, err
	}
	problem := l.problem
	if problem == "" {
		if problem, err = r.lacking(ctx, b.RegionID, l); err != nil {
			return evidence.Records{}, err
		}
	}
	out := r.chosen(ctx, b, full)
	out.Overlaps, out.Complete, out.Problem, out.CountRead = overlaps, problem == "", problem, len(l.records)
	return out, nil
}

// recordsNow is Records, asked now, without what only overlaps: the list is asked for names
// like the binding's and, if it does not find it, for all.
func (r *Reader) recordsNow(ctx context.Context, b binding.Binding) (evidence.Records, error) {
	var same []evidence.Record
	read := 0
	for _, params := range []map[string]string{{"nameLike": b.DomainName}, nil} {
		records, err := r.listDomains(ctx, b.RegionID, params)
		if err != nil {
			return evidence.Records{}, err
		}
		same, _ = newListing(records, "").near(b.DomainName)
		read = len(records)
		if len(same) > 0 {
			break
		}
	}
	full, err := r.whole(ctx, b.RegionID, same, r.recordNow)
	if err != nil {
		return evidence.Records{}, err
	}
	out := r.chosen(ctx, b, full)
	out.Complete, out.CountRead = true, read
	return out, nil
}

// whole reads each listed record whole: the list lacks fields. One that is listed and cannot
// be found is an error, since a domain that is taken for missing would be created again.
func (r *Reader) whole(ctx context.Context, region string, listed []evidence.Record,
	read func(ctx context.Context, region string, listed evidence.Record) (evidence.Record, error)) (out []evidence.Record, err error) {
	for _, l := range listed {
		record, err := read(ctx, region, l)
		switch {
		case missing(err):
			return nil, fmt.Errorf("reading the domain: the list has %q (%.128q), and GetDomain does not find it: it was deleted meanwhile, run it again (%w)", l.Name, l.DomainID, err)
		case err != nil:
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

// recordNow reads one record, and takes from the list what only the list shows.
func (r *Reader) recordNow(ctx context.Context, region string, listed evidence.Record) (evidence.Record, error) {
	var d domain
	err := r.get(ctx, region, "GetDomain", []string{"domains", listed.DomainID}, map[string]string{"withStatistics": "true"}, &d)
	switch {
	case err != nil:
		return evidence.Record{}, fmt.Errorf("reading the domain: %w", err)
	case d.DomainID != listed.DomainID || !evidence.SameName(d.Name, listed.Name):
		return evidence.Record{}, fmt.Errorf("reading the domain: asked for %q (%q), the platform answered about %.128q (%.128q)", listed.DomainID, listed.Name, d.DomainID, d.Name)
	}
	record := d.record()
	record.Status = cmp.Or(record.Status, listed.Status)
	record.GatewayType = cmp.Or(record.GatewayType, listed.GatewayType)
	record.UnknownFields = slices.Compact(slices.Sorted(slices.Values(slices.Concat(record.UnknownFields, listed.UnknownFields))))
	return record, nil
}

// chosen picks among the records with the binding's name the one that is for its type of
// gateway. Of several that may be, the first is taken and the others are Same.
func (r *Reader) chosen(ctx context.Context, b binding.Binding, same []evidence.Record) (out evidence.Records) {
	want := b.GatewayType
	if want == "" && len(same) > 1 {
		want = typeAPI
		if list, err := r.listGateways(ctx, b.RegionID); err == nil {
			if i := slices.IndexFunc(list, func(g gateway) bool { return g.GatewayID == b.GatewayID }); i >= 0 {
				want = cmp.Or(list[i].GatewayType, want)
			}
		}
	}
	for _, record := range same {
		fits := want == "" || record.GatewayType == "" || strings.EqualFold(record.GatewayType, want)
		if fits && out.Domain == nil {
			out.Domain = &record
			continue
		}
		out.Same = append(out.Same, record)
	}
	return out
}

// lacking returns an error text if the list lacks a domain that is known to exist: it may
// lack others, for example because RAM permissions hide them. A route may name a domain
// that was deleted.
func (r *Reader) lacking(ctx context.Context, region string, l *listing) (string, error) {
	return r.lacks.Get(ctx, region, func(ctx context.Context, region string) (string, error) {
		s, err := r.servingOf(ctx, region)
		if err != nil {
			return "", ctx.Err() // the evidence of serving contains the error
		}
		for _, id := range slices.Sorted(maps.Keys(s.routes)) {
			if id == "" || slices.ContainsFunc(l.records, func(d evidence.Record) bool { return d.DomainID == id }) {
				continue
			}
			var d domain
			err := r.get(ctx, region, "GetDomain", []string{"domains", id}, nil, &d)
			switch {
			case err == nil || denied(err):
				return fmt.Sprintf("the list of %d domains lacks %.128q, which a route names, so it may lack others too", len(l.records), id), nil
			case !missing(err):
				return "", fmt.Errorf("reading a domain that a route names: %w", err)
			}
		}
		return "", nil
	})
}

// Served is one domain and a gateway that serves it; no gateway: none does.
type Served struct {
	Record    evidence.Record
	GatewayID string
}

// Domains returns every domain of a region, once for each gateway that serves it, in the
// order of their names. A list that is not whole is an error.
func (r *Reader) Domains(ctx context.Context, region string) ([]Served, error) {
	var l *listing
	var s *serving
	work, both := errgroup.WithContext(ctx)
	work.Go(func() (err error) { l, err = r.list(both, region); return err })
	work.Go(func() (err error) { s, err = r.servingOf(both, region); return err })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	if problem := cmp.Or(l.problem, s.problem); problem != "" {
		return nil, fmt.Errorf("listing what the account holds: %s", problem)
	}
	var out []Served
	for _, record := range l.records {
		gateways := map[string]bool{}
		for _, route := range s.routes[record.DomainID] {
			gateways[route.GatewayID] = true
		}
		delete(gateways, "")
		if len(gateways) == 0 {
			gateways[""] = true
		}
		for _, id := range slices.Sorted(maps.Keys(gateways)) {
			out = append(out, Served{record, id})
		}
	}
	slices.SortStableFunc(out, func(a, b Served) int {
		return cmp.Or(cmp.Compare(a.Record.Name, b.Record.Name), cmp.Compare(a.Record.DomainID, b.Record.DomainID))
	})
	return out, nil
}
