package actions

import (
	"strconv"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apierror"
)

// place is the group, and with wantDomain the domain, that a call names.
func (r Request) place(wantDomain bool) (account.Place, error) {
	p := account.Place{GroupID: r.Params["GroupId"], Region: r.Params["RegionId"], Domain: r.Params["DomainName"]}
	switch {
	case p.GroupID == "":
		return p, apierror.Missing("GroupId")
	case wantDomain && p.Domain == "":
		return p, apierror.Missing("DomainName")
	}
	return p, nil
}

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
		return nil, apierror.Invalid(name, "it must be true or false")
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
		return 0, apierror.Invalid(name, "it must be a whole number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}

// require says which of the parameters is absent or empty.
func (r Request) require(names ...string) error {
	for _, name := range names {
		if r.Params[name] == "" {
			return apierror.Missing(name)
		}
	}
	return nil
}
