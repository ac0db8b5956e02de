package dns

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// draw shows a chain: api.demo.com → (60 s) cdn.example.net, which does not exist.
func draw(d evidence.DNS) string {
	var b strings.Builder
	b.WriteString(d.QueryName)
	for _, hop := range d.Hops {
		fmt.Fprintf(&b, " → (%d s) %s", hop.TTL, hop.Target)
	}
	return b.String() + ending(d)
}

func ending(d evidence.DNS) string {
	switch d.End.Event {
	case evidence.EventAddress:
		return " (" + some(d.End.Addresses) + ")"
	case evidence.EventNoData:
		return ", which exists but has neither a CNAME nor an address record"
	case evidence.EventNameError:
		return ", which does not exist"
	case evidence.EventLoop:
		return ", where the chain has been before"
	case evidence.EventMultipleCNAMEs:
		return ", which has several CNAME records (" + some(d.End.Targets) + ")"
	case evidence.EventTooLong:
		return ", where following it was ended"
	}
	return ""
}

// some is a list cut to what a reader can take in.
func some(list []string) string {
	const most = 4
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// readable is nil for a chain that can be judged. One that ends in no known way,
// or whose records do not follow on each other, proves nothing.
func readable(d evidence.DNS) *checks.Verdict {
	if why := target.Gap(d); why != "" {
		return cannotTell(why)
	}
	return nil
}

func cannotTell(why string) *checks.Verdict {
	v := checks.Unknown(why)
	return &v
}

// endless reports whether the chain has no last name.
func endless(d evidence.DNS) bool {
	switch d.End.Event {
	case evidence.EventLoop, evidence.EventMultipleCNAMEs, evidence.EventTooLong:
		return true
	}
	return false
}

// record is the record to publish so that the binding's domain is an alias of
// target, as a line of a zone file.
func record(s checks.Subject, target string) string {
	return fmt.Sprintf("%s. CNAME %s.", ownerOf(s.Binding, s.Evidence.DNS.Facts), evidence.PlainName(target))
}

// ownerOf is the owner of the record that answers for the binding, in A-labels.
func ownerOf(b binding.Binding, d evidence.DNS) string {
	if _, parent, ok := strings.Cut(d.QueryName, "."); ok && b.Wildcard() {
		return "*." + parent
	}
	return d.QueryName
}

// ownName is the target's own name in messages: "the group's own name".
func ownName(s checks.Subject) string { return "the " + target.Word(s.Binding) + "'s own name" }

// movesLater says why it does not matter yet where the domain leads: a gateway's domain
// that is proved by other means. Empty: it matters.
func movesLater(s checks.Subject) string {
	if ok, _ := target.Gateway(s.Binding); !ok || reaches(s) || !target.Prove(s).Elsewhere() {
		return ""
	}
	return "the domain does not lead to the gateway yet and is proved by other means; see dns/cname-reaches-gateway"
}
