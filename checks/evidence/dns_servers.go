package evidence

import "time"

// ServerAnswers holds what each address of each authoritative server of a name's zone
// answered to the question for its CNAME.
type ServerAnswers struct {
	Name                   string         `json:"name"`                             // what was asked
	Zone                   string         `json:"zone"`                             // the apex; . for the root
	NegativeTTL            uint32         `json:"negativeTtl,omitempty"`            // seconds for which "there is none" is kept (RFC 2308 §5)
	Answers                []ServerAnswer `json:"answers"`                          // by host and address
	OtherRecords           []string       `json:"otherRecords,omitempty"`           // types of other records at Name
	OtherRecordsUnanswered []string       `json:"otherRecordsUnanswered,omitempty"` // types that the servers do not answer for
	OtherRecordsProblem    string         `json:"otherRecordsProblem,omitempty"`    // why there may be more types than are listed
}

// ServerStatus is the status of one address of a name server.
type ServerStatus string

// The statuses. Only an authoritative answer says anything about the name.
const (
	ServerAuthoritative ServerStatus = "authoritative" // it answered, with AA=1
	ServerLame          ServerStatus = "lame"          // it answered, but does not serve the zone
	ServerUnreachable   ServerStatus = "unreachable"   // no answer that could be read
	ServerNotTested     ServerStatus = "not-tested"    // this machine has no way to it, or its address is not known
)

// ServerAnswer is the answer of one address.
type ServerAnswer struct {
	Server  string       `json:"server"`            // the host's name
	Address string       `json:"address,omitempty"` // IP and port
	At      time.Time    `json:"at,omitzero"`       // when it answered, or was given up
	Status  ServerStatus `json:"status"`            // authoritative, lame, unreachable or not-tested
	RCode   string       `json:"rcode,omitempty"`   // NOERROR, NXDOMAIN, …
	Flags   []string     `json:"flags,omitempty"`   // AA, RA, …
	Targets []string     `json:"targets,omitempty"` // of the CNAME records, sorted; none: see RCode
	TTL     uint32       `json:"ttl,omitempty"`     // seconds
	Serial  uint32       `json:"serial,omitempty"`  // of the zone's SOA record there; 0: not known
	Problem string       `json:"problem,omitempty"` // why it is not authoritative
	Origin  string       `json:"origin,omitempty"`  // glue or zone: only the delegation, or only the zone itself, gives this address
}

// Origins of an address that only one side gives.
const (
	OriginGlue = "glue"
	OriginZone = "zone"
)

// ResolverAnswer is the answer of one resolver that was asked in addition to the authoritative servers.
type ResolverAnswer struct {
	Server  string `json:"server"`         // the resolver: its address or URL
	Hops    []Hop  `json:"hops,omitempty"` // TTL: what is left of it
	End     End    `json:"end,omitzero"`
	Bogus   bool   `json:"bogus,omitempty"`   // it fails, but answers with CD=1: it validates, and does not believe the answer
	Problem string `json:"problem,omitempty"` // why there is no answer
	// Differing are answers for A and AAAA that do not lead where the CNAME records lead.
	Differing []ClientAnswer `json:"differing,omitempty"`
}

// Statuses of DNSSEC (RFC 4035 §4.3).
const (
	DNSSECSecure        = "secure"
	DNSSECInsecure      = "insecure"
	DNSSECBogus         = "bogus"
	DNSSECIndeterminate = "indeterminate"
)

// NameSecurity is the DNSSEC status of one name of the chain, by bindgate's own
// validation from the root's trust anchor.
type NameSecurity struct {
	Name    string    `json:"name"`             // the name of the chain
	Zone    string    `json:"zone"`             // the zone that holds it
	Status  string    `json:"status"`           // secure, insecure, bogus or indeterminate
	Reason  string    `json:"reason,omitempty"` // why it is not secure; secure: what of some server does not hold
	Expires time.Time `json:"expires,omitzero"` // secure: when the first signature on the way ends
}

// Lookup is the records of one type at one name, or why they are not known.
type Lookup struct {
	Name    string   `json:"name"`              // what was asked
	Event   Event    `json:"event,omitempty"`   // nodata or nxdomain where there are none
	Records []string `json:"records,omitempty"` // in presentation format, sorted
	Problem string   `json:"problem,omitempty"` // why they are not known
}

// DNSContext holds records that matter for the names of the CNAME chain.
type DNSContext struct {
	Missing string   `json:"missing,omitempty"` // QueryName does not exist: the topmost name on the way to it that does not
	Types   []string `json:"types,omitempty"`   // QueryName exists without alias and address: types that it has, of those asked for
	Group   *Lookup  `json:"group,omitempty"`   // addresses of the name that the group's id and region make; asked where there is no alias
	CAA     []Lookup `json:"caa,omitempty"`     // from QueryName up, to the first that has any (RFC 8659 §3)
	HTTPS   *Lookup  `json:"https,omitempty"`   // HTTPS records of QueryName (RFC 9460)
	// Misplaced are records at names where they are published by mistake, looked for where
	// QueryName has none.
	Misplaced          []Lookup `json:"misplaced,omitempty"`
	UnregisteredDomain string   `json:"unregisteredDomain,omitempty"` // the chain ends at NXDOMAIN: its registrable domain does not exist
}
