package evidence

import "time"

// Cutover is what is observed of a domain that moves from an API group of the classic
// gateway to a cloud-native gateway, in addition to the evidence about both.
type Cutover struct {
	// Old and New are TLS handshakes with the name of the domain at addresses of the API
	// group and of the gateway, wherever DNS leads. Without TLS, they are HTTP requests.
	Old Observation[Probe] `json:"old"`
	New Observation[Probe] `json:"new"`
	// Served is what DescribeDomain shows of the domain on the API group. Its private key
	// is dropped when it is read.
	Served Observation[Served] `json:"served"`
	// Account are the other API groups of the account and region that hold the name.
	Account Observation[Account] `json:"account"`

	Directions []Direction `json:"directions,omitempty"` // where each server leads callers
	OldTTL     uint32      `json:"oldTtl,omitempty"`     // seconds: the longest TTL of a record that does not lead to the gateway; 0: there is none
}

// Direction is where one server leads the callers of a domain.
type Direction struct {
	Name    string    `json:"name"`              // what it was asked: a name of the CNAME chain
	Server  string    `json:"server"`            // host and address of an authoritative server, or the resolver
	Leads   Leads     `json:"leads"`             // old, new, elsewhere or unknown
	Target  string    `json:"target,omitempty"`  // the name or the addresses that it gave
	TTL     uint32    `json:"ttl,omitempty"`     // seconds
	At      time.Time `json:"at,omitzero"`       // when it answered
	Problem string    `json:"problem,omitempty"` // why it is unknown
}

// Leads is a direction.
type Leads string

// The directions.
const (
	LeadsOld       Leads = "old"       // to the API group
	LeadsNew       Leads = "new"       // to the gateway
	LeadsElsewhere Leads = "elsewhere" // to neither, or nowhere
	LeadsUnknown   Leads = "unknown"
)

// Leading counts the servers that lead in a direction.
func (c Cutover) Leading(where Leads) (n int) {
	for _, d := range c.Directions {
		if d.Leads == where {
			n++
		}
	}
	return n
}

// RenewalsEnd returns the time after which the classic gateway is not renewed:
// 2027-03-21, 00:00 UTC+8.
func RenewalsEnd() time.Time { return time.Date(2027, time.March, 20, 16, 0, 0, 0, time.UTC) }

// ClassicEnds returns the time when the classic gateway is switched off: 2027-09-21,
// 00:00 UTC+8.
func ClassicEnds() time.Time { return time.Date(2027, time.September, 20, 16, 0, 0, 0, time.UTC) }

// DaysUntil returns the whole days that are left; 0 if none is.
func DaysUntil(then, now time.Time) int { return max(0, int(then.Sub(now)/(24*time.Hour))) }

// TLSPolicy is what an API group's HttpsPolicy means for its domains.
type TLSPolicy struct {
	Min, Max string // as a gateway's domain spells them
	HTTP2    bool
}

// TLSPolicyOf returns the meaning of a value of HttpsPolicy; known is false for one that
// has no documented meaning.
func TLSPolicyOf(httpsPolicy string) (p TLSPolicy, known bool) {
	switch httpsPolicy {
	case "HTTPS1_1_TLS1_0":
		return TLSPolicy{"TLS 1.0", "TLS 1.2", false}, true
	case "HTTPS2_TLS1_0":
		return TLSPolicy{"TLS 1.0", "TLS 1.2", true}, true
	case "HTTPS2_TLS1_2":
		return TLSPolicy{"TLS 1.2", "TLS 1.2", true}, true
	case "HTTPS2_TLS1_3":
		return TLSPolicy{"TLS 1.2", "TLS 1.3", true}, true
	}
	return TLSPolicy{}, false
}
