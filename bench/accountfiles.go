package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// A full account: the platform's default quotas.
const (
	groups      = 200
	domainsEach = 5 // of each network type per group
	bindings    = groups * domainsEach * 2
)

// account is the text of the files of a full account, and its domains.
type account struct {
	manifest, groups, zone strings.Builder
	domains                []string
	bound                  bool // the bindings are in effect
}

// writeAccount writes the manifest, its certificates and the sandbox's seed for the
// number of groups, with domainsEach domains of each network type. If bound, each
// binding is already in effect, on a group without room for another.
func writeAccount(a authority, dir string, groups int, bound bool) error {
	all := account{bound: bound}
	for i := range groups {
		all.addGroup(i)
	}
	if err := a.writePairs(filepath.Join(dir, "certs"), all.domains); err != nil {
		return err
	}
	return writeFiles(dir, map[string]string{
		"roots.pem":  string(a.root.Root()),
		"owner.yaml": "apiVersion: bindgate/v1\ngatewayRate: -1\n",
		"bindings.yaml": "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, bindStageName: RELEASE}\nbindings:\n" +
			all.manifest.String(),
		"seed.yaml": "groups:\n" + all.groups.String() + "zone: |\n" + all.zone.String(),
	})
}

func (all *account) addGroup(i int) {
	id := fmt.Sprintf("927d50c0f2e54b359919923d9%07x", i)
	public, private := id+"-cn-hangzhou.alicloudapi.com", id+"-vpc.cn-hangzhou.alicloudapi.com"
	fmt.Fprintf(&all.groups, "  - groupId: %s\n    groupName: team-%d\n    subDomain: %s\n    vpcDomain: %s\n", id, i, public, private)
	if all.bound {
		all.groups.WriteString("    domains:\n")
	}
	for j := range domainsEach {
		all.addDomain(fmt.Sprintf("api%d.team%d.demo.com", j, i), id, "INTERNET", public)
		all.addDomain(fmt.Sprintf("inner%d.team%d.demo.com", j, i), id, "INTRANET", private)
	}
}

func (all *account) addDomain(domain, group, network, target string) {
	name := strings.ReplaceAll(domain, ".", "_")
	fmt.Fprintf(&all.manifest, "  - domainName: %s\n    groupId: %s\n    customDomainType: %s\n", domain, group, network)
	fmt.Fprintf(&all.manifest, "    certificate: {name: %s, body: certs/%s.pem, privateKey: certs/%[2]s.key}\n", name, domain)
	if all.bound { // the certificate in effect expired long ago, so that any other may replace it
		fmt.Fprintf(&all.groups, "      - {domainName: %s, customDomainType: %s, bindStageName: RELEASE, certificateName: %s, certificateValidEnd: 1000}\n",
			domain, network, name)
	}
	fmt.Fprintf(&all.zone, "  %s. 60 IN CNAME %s.\n", domain, target)
	all.domains = append(all.domains, domain)
}
