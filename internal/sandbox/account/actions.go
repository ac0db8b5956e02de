package account

import (
	"cmp"
	"strconv"
)

// Version is the only version of the API there is.
const Version = "2016-07-14"

// stsVersion is the only version of STS there is.
const stsVersion = "2015-04-01"

// Request is one authenticated call of an action.
type Request struct {
	ID     string // the answer's RequestId
	Params map[string]string
	Region string // of whose endpoint the call is, unless a parameter says it; empty: of every one
	Caller string // the id of the account that signed

	// Contract2017 makes SetDomain speak its form of 2017 instead of today's. A
	// parameter that came later is refused as Invalid<name>. Old installations
	// probably ignore it (not documented), but then a binding for TEST would
	// silently open every environment; a sandbox makes that seen.
	Contract2017 bool
}

// Action is one action of the API.
type Action struct {
	Name   string
	Writes bool
	sts    bool // of the product Sts, not of CloudAPI
	do     func(*Account, Request) (any, error)
}

// Do carries the action out. The answer's exported fields are what a client
// sees, by the names in their json and xml tags. Errors are *Error.
func (a Action) Do(acc *Account, r Request) (any, error) { return a.do(acc, r) }

// Actions returns the actions of the API.
func Actions() []Action {
	return []Action{
		{Name: "DescribeApiGroup", do: describeGroup},
		{Name: "DescribeApiGroups", do: describeGroups},
		{Name: "DescribeDomain", do: describeDomain},
		{Name: "SetDomain", do: setDomain, Writes: true},
		{Name: "SetDomainCertificate", do: setDomainCertificate, Writes: true},
		{Name: "DeleteDomain", do: deleteDomain, Writes: true},
		{Name: "DeleteDomainCertificate", do: deleteDomainCertificate, Writes: true},
		{Name: "ReactivateDomain", do: reactivateDomain, Writes: true},
		{Name: "SetDomainWebSocketStatus", do: setDomainWebSocketStatus, Writes: true},
		{Name: "GetCallerIdentity", do: getCallerIdentity, sts: true},
	}
}

// Version is the version of the action's product.
func (a Action) Version() string {
	if a.sts {
		return stsVersion
	}
	return Version
}

type callerAnswer struct {
	RequestID    string `json:"RequestId" xml:"RequestId"`
	IdentityType string
	AccountID    string `json:"AccountId" xml:"AccountId"`
	PrincipalID  string `json:"PrincipalId" xml:"PrincipalId"`
	UserID       string `json:"UserId" xml:"UserId"`
	Arn          string
}

// getCallerIdentity answers who signed the request.
func getCallerIdentity(_ *Account, r Request) (any, error) {
	return callerAnswer{RequestID: r.ID, IdentityType: "RAMUser", AccountID: r.Caller, PrincipalID: "269390000000000001", UserID: "269390000000000001",
		Arn: "acs:ram::" + r.Caller + ":user/sandbox"}, nil
}

// FindAction looks up an action by its name.
func FindAction(name string) (Action, bool) {
	for _, a := range Actions() {
		if a.Name == name {
			return a, true
		}
	}
	return Action{}, false
}

// done is the answer of an action that says nothing more.
type done struct {
	RequestID string `json:"RequestId" xml:"RequestId"`
}

// place is the group, and with wantDomain the domain, that a call names.
func (r Request) place(wantDomain bool) (Place, error) {
	p := Place{GroupID: r.Params["GroupId"], Region: r.region(), Domain: r.Params["DomainName"]}
	switch {
	case p.GroupID == "":
		return p, missing("GroupId")
	case wantDomain && p.Domain == "":
		return p, missing("DomainName")
	}
	return p, nil
}

// region is that whose groups the call sees; empty: all.
func (r Request) region() string { return cmp.Or(r.Params["RegionId"], r.Region) }

// optional is a parameter that may be empty; nil if it was not sent.
func (r Request) optional(name string) *string {
	if value, sent := r.Params[name]; sent {
		return &value
	}
	return nil
}

// boolean is true or false; nil if it was not sent.
func (r Request) boolean(name string) (*bool, error) {
	value, sent := r.Params[name]
	if !sent {
		return nil, nil
	}
	if value != "true" && value != "false" {
		return nil, Invalid(name, "it must be true or false")
	}
	yes := value == "true"
	return &yes, nil
}

// number is a whole number from 1 to most; def if it was not sent.
func (r Request) number(name string, def, most int) (int, error) {
	value, sent := r.Params[name]
	if !sent {
		return def, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, Invalid(name, "it must be a whole number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}

// require says which of the parameters is absent or empty.
func (r Request) require(names ...string) error {
	for _, name := range names {
		if r.Params[name] == "" {
			return missing(name)
		}
	}
	return nil
}
