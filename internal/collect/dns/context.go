package dns

import (
	"context"
	"slices"
	"strings"

	miekg "github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
)

// follow follows the CNAME chain of a name and returns the records of some types at its end.
type follow func(ctx context.Context, name string, types ...uint16) (resolve.Chain, error)

// most is the maximum number of parent names that are looked up and of records that are kept.
const most = 16

// collectContext collects the context of a chain. It records an error in the Problem of the
// part that failed, and continues with the other parts.
func collectContext(ctx context.Context, ask follow, b binding.Binding, d evidence.DNS) *evidence.DNSContext {
	a := &evidence.DNSContext{HTTPS: lookup(ctx, ask, destination(d), miekg.TypeHTTPS)}
	a.HTTPS.Name = d.QueryName
	alone := len(d.Hops) == 0
	switch {
	case d.End.Event == evidence.EventNameError && alone:
		a.Missing = missing(ctx, ask, d.QueryName)
		a.Misplaced = doubled(ctx, ask, d)
	case d.End.Event == evidence.EventNameError:
		a.UnregisteredDomain = unregistered(ctx, ask, d.End.Name)
	case d.End.Event == evidence.EventNoData && alone:
		a.Types = typesAt(ctx, ask, d.QueryName)
		a.Misplaced = doubled(ctx, ask, d)
	case d.End.Event == evidence.EventAddress && alone && b.GatewayID == "":
		a.Group = lookup(ctx, ask, groupName(b), miekg.TypeA, miekg.TypeAAAA)
	}
	if b.Certificate != nil {
		a.CAA = caa(ctx, ask, b, d)
	}
	return a
}

// destination returns the name at the end of the CNAME chain, where the records of QueryName
// are; or QueryName if the chain has no end. Many names share the end, so its answers are
// often cached.
func destination(d evidence.DNS) string {
	switch d.End.Event {
	case evidence.EventAddress, evidence.EventNoData, evidence.EventNameError:
		return d.End.Name
	}
	return d.QueryName
}

// groupName builds the public name of a group from its id and region, in the form of
// the platform's published examples.
func groupName(b binding.Binding) string {
	return strings.ToLower(b.GroupID + "-" + b.RegionID + ".alicloudapi.com")
}

func lookup(ctx context.Context, ask follow, name string, types ...uint16) *evidence.Lookup {
	l := &evidence.Lookup{Name: name}
	chain, err := ask(ctx, name, types...)
	switch {
	case err != nil:
		l.Problem = err.Error()
	case chain.Event == resolve.Found:
		l.Records = chain.Records[:min(len(chain.Records), most)]
	default:
		l.Event = event(chain.Event)
	}
	return l
}

// missing is called for a name that does not exist. Of the name and its ancestors, it returns
// the one closest to the root that does not exist.
func missing(ctx context.Context, ask follow, name string) string {
	for range most {
		up := evidence.Parent(name)
		if up == "" {
			break
		}
		if chain, err := ask(ctx, up, miekg.TypeSOA); err != nil || chain.Event != resolve.NameError || len(chain.Hops) > 0 {
			break
		}
		name = up
	}
	return name
}

// doubled looks for a CNAME record at QueryName with its zone, or its registrable domain,
// appended. Such a record exists if the full name was entered and the DNS provider
// appended the zone.
func doubled(ctx context.Context, ask follow, d evidence.DNS) (found []evidence.Lookup) {
	for _, zone := range zonesOf(d.QueryName, d.Servers) {
		name := d.QueryName + "." + zone
		if chain, err := ask(ctx, name, miekg.TypeA, miekg.TypeAAAA); err == nil && len(chain.Hops) > 0 {
			found = append(found, evidence.Lookup{Name: name, Records: []string{"CNAME " + chain.Hops[0].Target}})
		}
	}
	return found
}

// zonesOf returns the zone of a name, if servers contains it, and the registrable domain.
func zonesOf(name string, servers []evidence.ServerAnswers) (zones []string) {
	if len(servers) > 0 && servers[0].Zone != "." {
		zones = append(zones, servers[0].Zone)
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil && !slices.Contains(zones, domain) {
		zones = append(zones, domain)
	}
	return zones
}

// misplacedProof looks for the TXT record where it is often published by mistake: at the
// owner with the zone appended, below the registrable domain, and at the domain itself.
func misplacedProof(ctx context.Context, ask follow, b binding.Binding, p evidence.Proof) (found []evidence.Lookup) {
	isToken := func(text string) bool { return strings.HasPrefix(text, "apigateway-domain-") }
	if b.GatewayID != "" {
		isToken = func(text string) bool { return strings.HasPrefix(text, "gateway=") }
	}
	first, domain, _ := strings.Cut(p.Owner, ".")
	if slices.ContainsFunc(p.Records, isToken) || len(p.Partial) > 0 || len(p.Differing) > 0 {
		return nil
	}
	names := []string{domain}
	for _, zone := range zonesOf(domain, nil) {
		names = append(names, p.Owner+"."+zone, first+"."+zone)
	}
	for _, name := range names {
		if name == p.Owner {
			continue
		}
		l := lookup(ctx, ask, name, miekg.TypeTXT)
		if l.Records = slices.DeleteFunc(slices.Clone(l.Records), func(text string) bool { return !isToken(text) }); len(l.Records) > 0 {
			found = append(found, *l)
		}
	}
	return found
}

// unregistered returns the registrable domain of a name if that domain does not exist.
func unregistered(ctx context.Context, ask follow, name string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	if chain, err := ask(ctx, domain, miekg.TypeSOA); err != nil || chain.Event != resolve.NameError || len(chain.Hops) > 0 {
		return ""
	}
	return domain
}

// typesAt returns the record types of a name that has no CNAME and address records. An empty
// result means an empty non-terminal, or a name with only types that are not queried.
func typesAt(ctx context.Context, ask follow, name string) []string {
	var types []string
	for _, qtype := range []uint16{miekg.TypeTXT, miekg.TypeMX, miekg.TypeNS, miekg.TypeSRV, miekg.TypeHTTPS} {
		if chain, err := ask(ctx, name, qtype); err == nil && chain.Event == resolve.Found {
			types = append(types, miekg.Type(qtype).String())
		}
	}
	return types
}

// caa looks up a name and its ancestors until one has CAA records. It follows CNAME
// records, but does not look up the ancestors of their targets (RFC 8659 §3). It skips the
// random label of a wildcard binding.
func caa(ctx context.Context, ask follow, b binding.Binding, d evidence.DNS) []evidence.Lookup {
	name := d.QueryName
	if b.Wildcard() {
		name = evidence.Parent(name)
	}
	var lookups []evidence.Lookup
	for ; name != "" && len(lookups) < most; name = evidence.Parent(name) {
		at := name
		if name == d.QueryName {
			at = destination(d) // the end of the CNAME chain, which was already looked up
		}
		found := lookup(ctx, ask, at, miekg.TypeCAA)
		found.Name = name
		lookups = append(lookups, *found)
		if last := lookups[len(lookups)-1]; last.Problem != "" || len(last.Records) > 0 {
			break
		}
	}
	return slices.Clip(lookups)
}
