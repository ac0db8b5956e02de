package sources

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
)

// tfChanged holds what a plan deletes or changes of what bindings depend on, each with the
// address of the first resource that does.
type tfChanged struct {
	deleted map[deletion]string
	records map[string]string // by the names of DNS records; empty: a name that is not known
}

// deletion is a domain or a target that the plan deletes.
type deletion struct {
	platform, domain string // empty domain: the target itself
	target           string // anyTarget: whichever it is; empty: not known
}

const anyTarget = "*"

// isTarget reports whether a resource is a group or a gateway.
func isTarget(change map[string]any) bool {
	return text(change, "mode") != "data" && targets()[text(change, "type")] != ""
}

// targets returns the platforms of the resource types that are groups and gateways.
func targets() map[string]string {
	return map[string]string{"alicloud_api_gateway_group": binding.Classic, "alicloud_apig_gateway": binding.APIG}
}

// delete notes what a resource deletes, replaced ones included.
func (p *tfPlan) delete(change map[string]any) {
	what := object(change, "change")
	if !slices.Contains(list(what, "actions"), any("delete")) {
		return
	}
	before, kind, at := object(what, "before"), text(change, "type"), text(change, "address")
	if platform := targets()[kind]; platform != "" {
		p.changed.delete(deletion{platform: platform, target: text(before, "id")}, at)
		return
	}
	d := deletion{platformOf(kind), canonical(text(before, "domain_name")), text(before, "group_id")}
	if d.domain == "" {
		p.notRun(at, "the plan deletes a domain, and does not say which")
		return
	}
	p.changed.delete(d, at)
	p.changed.delete(deletion{d.platform, d.domain, anyTarget}, at)
}

func (c tfChanged) delete(d deletion, at string) {
	c.deleted[d] = cmp.Or(c.deleted[d], at)
}

// stopChanged stops each binding of which the plan deletes the domain or the target, too:
// Terraform orders both calls as it likes, and what the gateway has of the domain is lost. It
// stops those whose DNS records the plan changes: what DNS says now is judged.
func (p *tfPlan) stopChanged() {
	for i := range p.entries {
		e := &p.entries[i]
		if e.Domain == "" {
			continue
		}
		domain := canonical(e.Domain)
		target, _ := e.Values[map[string]string{binding.Classic: "groupId", binding.APIG: "gatewayId"}[e.Platform]].(string)
		same := p.changed.deleted[deletion{e.Platform, domain, anyTarget}]
		if e.Platform == binding.Classic && target != "" { // in another group it is another domain
			same = cmp.Or(p.changed.deleted[deletion{e.Platform, domain, target}], p.changed.deleted[deletion{e.Platform, domain, ""}])
		}
		if same != "" {
			e.NotRun = append(e.NotRun, fmt.Sprintf("the plan deletes the same domain, too (%s), and with it what the gateway has of it, such as a certificate; "+
				"use a moved block for a resource with another name or another index, and no replacement", address(same)))
		}
		if at := p.changed.deleted[deletion{platform: e.Platform, target: target}]; at != "" && target != "" {
			e.NotRun = append(e.NotRun, fmt.Sprintf("the plan deletes its group or gateway, too (%s)", address(at)))
		}
		if at := p.changed.record(domain); at != "" && e.Called {
			e.NotRun = append(e.NotRun, fmt.Sprintf("the plan changes its DNS record, too, or one that may be its own (%s); apply the record first, and plan again", address(at)))
		}
	}
}

// recordNames returns the attributes of a resource type that are the zone and the name in
// it; empty for what is no record of Alibaba Cloud DNS.
func recordNames(kind string) (zone, name string) {
	switch kind {
	case "alicloud_alidns_record":
		return "domain_name", "rr"
	case "alicloud_dns_record":
		return "name", "host_record"
	}
	return "", ""
}

func isRecord(change map[string]any) bool {
	zone, _ := recordNames(text(change, "type"))
	return text(change, "mode") != "data" && zone != ""
}

// record notes the names of a record before and after its change.
func (p *tfPlan) record(change map[string]any) {
	what := object(change, "change")
	if actions := list(what, "actions"); len(actions) == 1 && slices.Contains([]any{"no-op", "forget"}, actions[0]) {
		return
	}
	zone, name := recordNames(text(change, "type"))
	for _, side := range []map[string]any{object(what, "before"), object(what, "after")} {
		if side == nil {
			continue
		}
		whole := ""
		if in, host := text(side, zone), text(side, name); in != "" && host != "" {
			whole = canonical(strings.TrimPrefix(host+"."+in, "@."))
		}
		p.changed.records[whole] = cmp.Or(p.changed.records[whole], text(change, "address"))
	}
}

// record returns the address of a record that may be the one of a domain: by its name, as
// a wildcard, or because its name is not known.
func (c tfChanged) record(domain string) string {
	at := cmp.Or(c.records[domain], c.records[""])
	for _, parent, ok := strings.Cut(domain, "."); ok; _, parent, ok = strings.Cut(parent, ".") {
		at = cmp.Or(at, c.records["*."+parent])
	}
	return at
}

// canonical is a domain name as names are compared.
func canonical(domain string) string { return strings.ToLower(strings.TrimSuffix(domain, ".")) }
