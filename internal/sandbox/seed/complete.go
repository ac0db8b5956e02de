package seed

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/ident"
	"github.com/bindgate/bindgate/internal/sandbox/material"
)

// Complete checks a seed and fills in what it leaves out: region cn-hangzhou,
// instance shared-1 of type VPC_SHARED, base path /, SubDomain
// <groupId>-<region>.alicloudapi.com, statuses NORMAL, BINDING and RESOLVED,
// the stages TEST, PRE and RELEASE, and the facts of a certificate that is
// given. The seed that it is called on does not change.
func (s Seed) Complete() (Seed, error) {
	groups := make([]Group, len(s.Groups))
	seen := map[string]bool{}
	for i, g := range s.Groups {
		g = g.Clone()
		if err := g.complete(); err != nil {
			return Seed{}, fmt.Errorf("group %q: %w", g.GroupID, err)
		}
		if seen[g.GroupID] {
			return Seed{}, fmt.Errorf("group %q: the groupId is given twice", g.GroupID)
		}
		seen[g.GroupID] = true
		groups[i] = g
	}
	s.Groups = groups
	if _, err := s.AllRecords(); err != nil {
		return Seed{}, err
	}
	return s, nil
}

func (g *Group) complete() error {
	if g.GroupID == "" {
		return fmt.Errorf("got no groupId, want one, e.g. 927d50c0f2e54b359919923d908bb015")
	}
	fill(&g.GroupName, g.GroupID)
	fill(&g.RegionID, "cn-hangzhou")
	fill(&g.InstanceID, "shared-1")
	fill(&g.InstanceType, "VPC_SHARED")
	fill(&g.BasePath, "/")
	fill(&g.SubDomain, g.GroupID+"-"+g.RegionID+".alicloudapi.com")
	fill(&g.HTTPSPolicy, "HTTPS2_TLS1_2")
	fill(&g.Status, "NORMAL")
	fill(&g.BillingStatus, "NORMAL")
	fill(&g.IllegalStatus, "NORMAL")
	fill(&g.CreatedTime, "2026-01-01T00:00:00Z")
	fill(&g.ModifiedTime, g.CreatedTime)
	g.TrafficLimit = cmp.Or(g.TrafficLimit, 500)
	if g.Stages == nil {
		g.Stages = []Stage{{StageName: "TEST"}, {StageName: "PRE"}, {StageName: "RELEASE"}}
	}
	for i := range g.Stages {
		fill(&g.Stages[i].StageID, fmt.Sprintf("%s-%d", g.GroupID, i+1))
	}
	for i := range g.Domains {
		if err := g.Domains[i].complete(); err != nil {
			return fmt.Errorf("domain %q: %w", g.Domains[i].DomainName, err)
		}
	}
	return nil
}

func (d *Domain) complete() error {
	if d.DomainName == "" {
		return fmt.Errorf("got no domainName, want one, e.g. api.demo.com")
	}
	d.DomainName = strings.ToLower(d.DomainName)
	fill(&d.CustomDomainType, "INTERNET")
	fill(&d.DomainBindingStatus, "BINDING")
	fill(&d.DomainCNAMEStatus, "RESOLVED")
	fill(&d.DomainLegalStatus, "NORMAL")
	fill(&d.DomainWebSocketStatus, "NORMAL")
	if d.Certificate == nil {
		return nil
	}
	pair, err := material.Parse(d.Certificate.Body, d.Certificate.PrivateKey)
	if err != nil {
		return fmt.Errorf("reading its certificate: %w", err)
	}
	id := d.CertificateID
	d.Attach(*d.Certificate, pair)
	fill(&id, d.CertificateID)
	d.CertificateID = id
	return nil
}

// Attach makes a certificate the domain's, with the facts that describing the
// domain tells. Another chain gets another certificate id.
func (d *Domain) Attach(c Certificate, pair material.Pair) {
	c.ChainDigest, c.PublicKeyDigest = pair.ChainDigest, pair.PublicKeyDigest
	if d.Certificate == nil || d.Certificate.ChainDigest != c.ChainDigest {
		d.CertificateID = ident.New()
	}
	d.CertificateName = c.Name
	d.CertificateValidStart = pair.Leaf.NotBefore.UnixMilli()
	d.CertificateValidEnd = pair.Leaf.NotAfter.UnixMilli()
	d.Certificate = &c
}

// Detach takes the certificate, and every fact of it, away.
func (d *Domain) Detach() {
	d.Certificate, d.CertificateID, d.CertificateName = nil, "", ""
	d.CertificateValidStart, d.CertificateValidEnd = 0, 0
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
