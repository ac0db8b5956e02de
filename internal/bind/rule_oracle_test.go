package bind_test

import (
	"cmp"
	"slices"
	"sync"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
)

// The oracle decides from the case alone, and never from the gate's decision,
// which bindings may be written.

// everyCheck is the catalogue, made once: the oracle asks for it often.
var everyCheck = sync.OnceValue(catalog.All)

// mustPass are the checks that may not merely not apply.
func (b *ruleBinding) mustPass(id string) bool {
	proof := "dns/cname-reaches-group"
	if b.requested.DomainProof == binding.ProofTXT {
		proof = "dns/ownership-is-proved"
	}
	return slices.Contains([]string{"request/stage-is-valid", "request/network-type-is-valid", "request/domain-is-well-formed",
		"request/contract-supports-fields", "group/exists", proof}, id)
}

// real are the checks that judge as they always do: those that read the policies.
func real(id string) bool { return id == "policy/no-denials" || id == "rebind/force-is-allowed" }

func applies(c checks.Check, b binding.Binding) bool {
	if c.Applies == nil {
		return true
	}
	ok, _ := c.Applies(b)
	return ok
}

// lacks reports whether evidence was not gathered.
func (b *ruleBinding) lacks(need evidence.Need) bool {
	in := b.collector
	switch need {
	case evidence.NeedDNS, evidence.NeedProof:
		return in["dns"] != ""
	case evidence.NeedCertificate, evidence.NeedKey:
		return in["certificate"] != "" || b.requested.Certificate == nil
	case evidence.NeedGroup:
		return in["group"] != ""
	case evidence.NeedAccount: // it comes last, so it has no time left after a time-out; DNS has its share alone
		return in["account"] != "" || in["group"] != "" || in["certificate"] == "time-out" && b.requested.Certificate != nil
	case evidence.NeedPolicy:
		return in["policy"] != ""
	case evidence.NeedSiblings:
		return false
	}
	return in["rest"] != ""
}

// off reports whether what became of a check is not a pass, nor a plain "does
// not apply" where that is enough.
func (b *ruleBinding) off(c checks.Check) bool {
	if b.results[c.ID] != "" {
		return true
	}
	if !applies(c, b.requested) {
		return b.mustPass(c.ID)
	}
	if slices.ContainsFunc(b.needs(c), b.lacks) {
		return true
	}
	switch {
	case c.ID == "policy/no-denials":
		return b.of.limits() || slices.Contains([]string{"deny", "not waivable", "not run"}, b.says())
	case c.ID == "rebind/force-is-allowed":
		return !slices.Contains([]string{"allow", "deny", "waived", "not waivable"}, b.says())
	case b.verdict[c.ID] == "not-applicable":
		return b.mustPass(c.ID)
	}
	return b.verdict[c.ID] != "" && b.verdict[c.ID] != warns
}

// says is what the policies say, with the approvals that they want counted.
func (b *ruleBinding) says() string {
	say := b.policy
	if b.again {
		say = cmp.Or(b.later, b.policy)
	}
	left := 0
	for _, life := range b.of.lives {
		if !b.again || life != "short" {
			left++
		}
	}
	switch {
	case say != "allow" || b.wants == 0:
		return say
	case !b.of.plan:
		return "not run"
	case left < b.wants:
		return "deny"
	}
	return say
}

// warned reports whether any finding only informs where warnings do not refuse.
func (b *ruleBinding) warned() bool {
	return slices.ContainsFunc(everyCheck(), func(c checks.Check) bool {
		judged := !real(c.ID) && applies(c, b.requested) && !slices.ContainsFunc(b.needs(c), b.lacks)
		advice := c.Severity == checks.Warning && !c.Core
		spoilt := b.results[c.ID] == "bare fail" || b.results[c.ID] == "error finding" || b.results[c.ID] == "finding without severity"
		return judged && (b.verdict[c.ID] == warns || advice && b.verdict[c.ID] == "fail") || advice && spoilt
	})
}

func (b *ruleBinding) needs(c checks.Check) []evidence.Need {
	if c.NeedsFor != nil {
		return c.NeedsFor(b.requested)
	}
	return c.Needs
}

// offs counts the results that are off, and those among them that refuse.
func (b *ruleBinding) offs() (all, refusing int) {
	list := everyCheck()
	for _, c := range list {
		if !b.off(c) {
			continue
		}
		all++
		advice := c.Severity == checks.Warning && !c.Core
		if spoilt := b.results[c.ID]; !advice || spoilt == "missing" || spoilt == "doubled" || spoilt == "renamed" {
			refusing++
		}
	}
	for id := range b.results {
		if !slices.ContainsFunc(list, func(c checks.Check) bool { return c.ID == id }) {
			all, refusing = all+1, refusing+1
		}
	}
	return all, refusing
}

// allowed reports whether the binding's results open the gate.
func (c *ruleCase) allowed(b *ruleBinding) bool {
	_, refusing := b.offs()
	return refusing == 0 && !(c.strict && b.warned()) && c.cancel != cancels[0] && (c.cancel != cancels[1] || b != c.bindings[len(c.bindings)-1])
}

// writable reports whether any call for the binding may be made at all: it is
// allowed by fresh evidence, its certificate was read, nothing changed since,
// and the run was not cancelled before.
func (c *ruleCase) writable(b *ruleBinding) bool {
	early := c.cancel != "" && c.cancel != cancels[3]
	stranger := c.identity == identities[0] || c.identity == identities[1]
	ended := c.plan && slices.Contains(c.lives, "until the call")
	return c.allowed(b) && c.stays(b) && c.live && !b.unread() && !early && !b.changes() && !stranger && !ended
}

// stays reports whether judging again, at a later clock, allows the binding too.
func (c *ruleCase) stays(b *ruleBinding) bool {
	later := *b
	later.again = true
	_, refusing := later.offs()
	return refusing == 0
}

// unread: no check that judges the certificate may refuse, and still nothing is
// sent that was not read.
func (b *ruleBinding) unread() bool {
	return b.requested.Certificate != nil && b.lacks(evidence.NeedCertificate)
}

// changes reports whether what the binding would send or take away changes
// between judging and calling.
func (b *ruleBinding) changes() bool {
	carries := slices.ContainsFunc(b.shape.calls, func(r request) bool { return r.chain != "" })
	return b.changed && (carries || b.requested.IsForce)
}
