package demo

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

const certIdentifier = "certIdentifier"

// isRead reports whether an action is plainly a read.
func isRead(action string) bool {
	return slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(verb string) bool { return strings.HasPrefix(action, verb) })
}

// placeOf returns the binding that a received call is for. Calls of the cloud-native
// gateway name a domain or its id, and an upload the certificate of the decided call.
func (r run) placeOf(c sandbox.Received) place {
	at := func(domain string) place {
		for _, d := range r.bindings {
			if d.DomainName == domain {
				return d.place()
			}
		}
		return place{domain: domain}
	}
	switch c.Action {
	case "CreateDomain":
		return at(c.Params["name"])
	case "UpdateDomain":
		for _, d := range r.cloudAfter.Domains {
			if d.DomainID == c.Params["domainId"] {
				return at(d.Name)
			}
		}
	case "UploadUserCertificate":
		for _, d := range r.bindings {
			for _, call := range d.Calls {
				if call.Action == c.Action && call.Params["Name"] == c.Params["Name"] {
					return d.place()
				}
			}
		}
	}
	return place{c.Params["DomainName"], c.Params["GroupId"]}
}

// plain returns a received call with the digest of the chain in place of its identifier.
func (r run) plain(c sandbox.Received) sandbox.Received {
	if id := c.Params[certIdentifier]; id != "" {
		c.Params = maps.Clone(c.Params)
		c.Params[certIdentifier] = r.chainOf(id)
	}
	return c
}

// chainOf returns the digest of the chain that the store has under an identifier.
func (r run) chainOf(identifier string) string {
	for _, c := range r.certificates {
		if c.Identifier == identifier {
			return ca.ChainDigest(c.Body)
		}
	}
	return "no certificate of the store: " + identifier
}

// callsOf returns the decided calls of a binding. The identifier that an upload fills in
// is that of the uploaded chain.
func (r run) callsOf(d decided) []string {
	var calls []string
	uploaded := ""
	for _, c := range d.Calls {
		params := maps.Clone(c.Params)
		if params == nil {
			params = map[string]string{}
		}
		switch id := params[certIdentifier]; {
		case c.Filled != "":
			params[c.Filled] = uploaded
		case id != "":
			params[certIdentifier] = r.chainOf(id)
		}
		if text := params["clientCACert"]; text != "" {
			params["clientCACert"] = ca.ChainDigest(text)
		}
		if c.Action == "UploadUserCertificate" {
			uploaded = c.Material.Chain
		}
		calls = append(calls, callText(c.Action, params, c.Material.Chain, c.Material.Key))
	}
	return calls
}

// changedRecords returns the names of the records that changed though nothing of them was
// to be bound, or in more than their certificate.
func (r run) changedRecords() map[string]bool {
	changed := map[string]bool{}
	for _, old := range r.cloudBefore.Domains {
		bound := slices.ContainsFunc(r.bindings, func(d decided) bool { return d.DomainName == old.Name && d.became() == "bound" })
		changed[old.Name] = changed[old.Name] || !slices.ContainsFunc(r.cloudAfter.Domains, func(d apig.Domain) bool {
			if bound {
				d.CertIdentifier, d.UpdateTimestamp = old.CertIdentifier, old.UpdateTimestamp
			}
			return reflect.DeepEqual(d, old)
		})
	}
	return changed
}

// merged adds the differences of the second rows to the first.
func merged(rows, more []row) []row {
	for _, m := range more {
		for i := range rows {
			if rows[i].place == m.place {
				rows[i].differences = append(rows[i].differences, m.differences...)
			}
		}
	}
	return rows
}
