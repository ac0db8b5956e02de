package evidence

// Event is the result of asking for a name (terms of RFC 9499).
type Event string

// The ends of a walk along a chain of aliases. Ends that say nothing about the
// name (SERVFAIL, REFUSED, a time-out, a malformed answer) are not events: they
// make the observation Failed, with the reason in words.
const (
	EventAddress        Event = "address"         // the last name has A or AAAA records
	EventNoData         Event = "nodata"          // it exists, with neither alias nor address
	EventNameError      Event = "nxdomain"        // it does not exist
	EventLoop           Event = "loop"            // the chain comes back to an earlier name
	EventMultipleCNAMEs Event = "multiple-cnames" // one owner has two or more CNAME records
	EventTooLong        Event = "too-long"        // over MaxHops aliases
)

// DNS is the CNAME chain of the binding's domain, one owner at a time.
type DNS struct {
	Mode      string `json:"mode"`      // resolver or authoritative
	QueryName string `json:"queryName"` // what was asked; for a wildcard binding a random label below its parent
	Hops      []Hop  `json:"hops"`      // the aliases in order; empty: none at QueryName
	End       End    `json:"end"`
	// What follows came later; saved evidence of before has none of it.
	Servers   []ServerAnswers  `json:"servers,omitempty"`   // authoritative mode: one for each name of the chain, in order
	Resolvers []ResolverAnswer `json:"resolvers,omitempty"` // authoritative mode: resolvers asked in addition
	// ResolversProblem is why some or all of the system's resolvers were not asked.
	ResolversProblem string         `json:"resolversProblem,omitempty"`
	Security         []NameSecurity `json:"security,omitempty"` // authoritative mode: one for each name of the chain
	Context          *DNSContext    `json:"context,omitempty"`  // nil: not looked at
	Clients          *Clients       `json:"clients,omitempty"`  // nil: not looked at
}

// Hop is one CNAME record. Names are absolute, lower case, without the final dot.
type Hop struct {
	Owner  string `json:"owner"`  // the alias
	Target string `json:"target"` // the name that it is an alias of
	TTL    uint32 `json:"ttl"`    // seconds, as this server gave it
	Server string `json:"server"` // who said so
}

// End is where the chain ends and how.
type End struct {
	Name      string   `json:"name"`                // the last name asked
	Event     Event    `json:"event"`               // how: address, nodata, nxdomain, loop, multiple-cnames or too-long
	Addresses []string `json:"addresses,omitempty"` // EventAddress: A and AAAA, sorted
	TTL       uint32   `json:"ttl,omitempty"`       // EventAddress: seconds, of the shortest-lived
	Targets   []string `json:"targets,omitempty"`   // EventMultipleCNAMEs: all of them, sorted
}

// Final is the name at which the chain ends.
func (d DNS) Final() string { return d.End.Name }

// Clients is what the questions got that clients ask, for A and AAAA of the names of
// the chain, compared with what the question for the CNAME got.
type Clients struct {
	Compared  int            `json:"compared"`            // answers that were compared
	Differing []ClientAnswer `json:"differing,omitempty"` // those that lead elsewhere, or nowhere
	Missing   []ClientAnswer `json:"missing,omitempty"`   // types that no server answers for: see Problem
}

// ClientAnswer is one answer to a question for records of a name.
type ClientAnswer struct {
	Name      string   `json:"name"`                // what was asked
	Type      string   `json:"type"`                // A, AAAA or TXT
	Server    string   `json:"server,omitempty"`    // host and address, or the resolver
	CNAME     string   `json:"cname,omitempty"`     // the target that the same server gave for the CNAME; empty: none
	Targets   []string `json:"targets,omitempty"`   // of the CNAME records of this answer, in order
	Records   []string `json:"records,omitempty"`   // of the type, at the last of them
	NameError bool     `json:"nameError,omitempty"` // NXDOMAIN
	Problem   string   `json:"problem,omitempty"`   // why there is no answer
}

// Empty reports whether an answer leads nowhere: it has neither an alias nor records.
func (a ClientAnswer) Empty() bool { return len(a.Targets) == 0 && len(a.Records) == 0 }

// Proof is the TXT record set that proves ownership, at <GroupId>.<domain>.
type Proof struct {
	Owner   string   `json:"owner"`             // the name of the records
	Hops    []Hop    `json:"hops,omitempty"`    // aliases followed from Owner
	Records []string `json:"records,omitempty"` // each TXT record, its strings joined, sorted
	Event   Event    `json:"event,omitempty"`   // nodata, nxdomain, loop, …; empty when there are records
	// Differing are answers for TXT that do not repeat what the question for the CNAME got.
	Differing []ClientAnswer `json:"differing,omitempty"`
	// OwnerProblem is why there can be no record at Owner.
	OwnerProblem string `json:"ownerProblem,omitempty"`
	// Misplaced are records at names where they are published by mistake.
	Misplaced []Lookup `json:"misplaced,omitempty"`
	// Partial are records that some authoritative servers have and others do not.
	Partial []string `json:"partial,omitempty"`
}
