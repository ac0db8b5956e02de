// Package sources reads bindings from the files of other tools: plans of Terraform,
// templates of ROS, commands of the aliyun CLI. It yields the keys and values that a
// manifest would have, and the manifest's decoder reads them. A value that the file does
// not hold is never guessed: its binding is not judged.
package sources

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// everyEnvironment is the stage of a call without a BindStageName. Neither Terraform's
// provider nor ROS has a property for the stage.
const everyEnvironment = ""

// Given is what is said, by flags and by the gate's owner, of the bindings of a file that
// does not say it.
type Given struct {
	Region, Gateway, Proof       string
	Certificate, CertificateName string // of the one resource that names a certificate of the store
	Labels                       map[string]string
	Parameters                   map[string]string // of a template of ROS, by name
	Domain                       string            // of a command that names its domain by an id

	Endpoints map[string]string // the addresses that bindgate asks, by platform; empty: the region's own
	STS       string            // and that of STS; empty: the region's own

	Owner func(domain string) Owned // may be nil
}

// Owned is what the gate's owner says of the bindings of a domain.
type Owned struct {
	Gateway   string
	Labels    map[string]string
	ForceFrom []string // the groups that may lose the domain; nil: no force
}

// complete adds what the file does not say. stop is told what is missing; the error is of
// a flag that contradicts the owner's file.
func (g Given) complete(values map[string]any, gateway bool, noRegion string, stop func(name, reason string)) error {
	var owned Owned
	if domain, ok := values["domainName"].(string); ok && g.Owner != nil {
		owned = g.Owner(domain)
	}
	if _, known := values["regionId"]; !known && g.Region != "" {
		values["regionId"] = g.Region
	} else if !known {
		stop("region", noRegion+"; add --region")
	}
	switch {
	case !gateway && len(owned.ForceFrom) > 0:
		groups := make([]any, len(owned.ForceFrom))
		for i, id := range owned.ForceFrom {
			groups[i] = id
		}
		values["isForce"], values["forceFrom"] = true, groups
	case !gateway:
	case g.Gateway != "" && owned.Gateway != "" && g.Gateway != owned.Gateway:
		return fmt.Errorf("--gateway is %.64q, and the owner's file says %.64q for %.128q; omit --gateway", g.Gateway, owned.Gateway, values["domainName"])
	case g.Gateway == "" && owned.Gateway == "":
		stop("gateway", "the resource names no gateway; add --gateway, or gatewayId under sources in the owner's file")
	default:
		values["gatewayId"] = cmp.Or(g.Gateway, owned.Gateway)
	}
	if g.Proof != "" {
		values["domainProof"] = g.Proof
	}
	labels := map[string]any{}
	for name, value := range owned.Labels {
		labels[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
		if have, ok := labels[name]; ok && have != g.Labels[name] {
			return fmt.Errorf("--label: the owner's file has another value of %.64q for %.128q; omit that label", name, values["domainName"])
		}
		labels[name] = g.Labels[name]
	}
	if len(labels) > 0 {
		values["labels"] = labels
	}
	return nil
}

// certificate adds the certificate of the store that property names by its id.
func (g Given) certificate(values map[string]any, id, property string, stop func(name, reason string)) {
	c := map[string]any{"casId": id, "body": g.Certificate}
	if g.Certificate == "" {
		stop(property, "it names a certificate of the store, whose bytes the file does not hold; name its file with --certificate")
	}
	if g.CertificateName != "" {
		c["name"] = g.CertificateName
	}
	values["certificate"] = c
}
