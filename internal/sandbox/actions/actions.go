// Package actions reads the parameters of each action of the gateway's API
// (product CloudAPI, version 2016-07-14) and shapes its answer. Parameters that
// an action does not have are ignored, as the platform's RPC style does.
package actions

import (
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// Version is the only version of the API there is.
const Version = "2016-07-14"

// Request is one authenticated call of an action.
type Request struct {
	ID     string // the answer's RequestId
	Params map[string]string

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
	do     func(*account.Account, Request) (any, error)
}

// Do carries the action out. The answer's exported fields are what a client
// sees, by the names in their json and xml tags. Errors are *apierror.Error.
func (a Action) Do(acc *account.Account, r Request) (any, error) { return a.do(acc, r) }

// All are the actions that there are.
func All() []Action {
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
	}
}

// Find looks an action up by its name.
func Find(name string) (Action, bool) {
	for _, a := range All() {
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
