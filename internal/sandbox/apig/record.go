package apig

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

func getDomain(s *Store, r *Request) (any, error) {
	statistics, err := r.yes("withStatistics")
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.domainAt(r, r.Params["domainId"])
	if d == nil {
		return nil, s.noDomain()
	}
	out := s.record(*d)
	out["caCertIdentifier"], out["http2Option"], out["default"] = d.CACertIdentifier, d.HTTP2Option, d.Default
	out["tlsCipherSuitesConfig"] = d.CipherSuites.answer(s)
	updated, before, after := "updatetimestamp", "notBeforeTimestamp", "notAfterTimstamp" // so spelt in the definition
	switch s.assume.Timestamps {
	case "older":
		before = "notBeforeTimstamp"
	case "plain":
		updated, after = "updateTimestamp", "notAfterTimestamp"
	}
	out[updated] = d.UpdateTimestamp
	if s.assume.StatusEverywhere {
		out["status"] = s.status(d.DomainID, s.published(anyGateway))
	}
	s.certificateFacts(out, d.CertIdentifier, before, after)
	if statistics {
		out["statisticsInfo"] = s.statistics(d.DomainID)
	}
	return s.trimmed(out), nil
}

// certificateFacts adds what the record says of its certificate. The words of
// certDetailStatus and certDetailErrorCode are inventions.
func (s *Store) certificateFacts(out map[string]any, identifier, before, after string) {
	if identifier == "" {
		return
	}
	c, known := s.certs.Find(identifier)
	if !known {
		out["certDetailStatus"], out["certDetailErrorCode"], out["certDetailErrorMessage"] = "Failed", "NotFound", "The certificate is not found."
		return
	}
	facts := s.certs.FactsOf(c)
	out["certDetailStatus"] = "Success"
	out["certName"], out["algorithm"], out["issuer"], out["sans"] = c.Name, facts.Algorithm, facts.Issuer, facts.Sans
	out[before], out[after] = facts.NotBefore, facts.NotAfter
}

func (s *Store) statistics(id string) map[string]any {
	counts := map[string]int{}
	for _, u := range s.uses(id) {
		counts[u.kind]++
	}
	total := counts["HttpApi"] + counts["GatewayRoute"]
	list := []map[string]any{}
	for _, kind := range []string{"HttpApi", "GatewayRoute"} {
		if counts[kind] > 0 {
			list = append(list, map[string]any{"resourceType": kind, "resourceCount": counts[kind]})
		}
	}
	out := map[string]any{"totalCount": strconv.Itoa(total), "resourceStatistics": list}
	if s.assume.CountIsNumber {
		out["totalCount"] = total
	}
	return out
}

// record has the fields that the list and the single record share.
func (s *Store) record(d Domain) map[string]any {
	out := map[string]any{
		"domainId": d.DomainID, "name": d.Name, "domainScope": d.DomainScope, "forceHttps": d.ForceHTTPS, "mTLSEnabled": d.MTLSEnabled,
		"clientCACert": d.ClientCACert, "certIdentifier": d.CertIdentifier, "createFrom": d.CreateFrom,
		"tlsMin": s.tlsName(d.TLSMin), "tlsMax": s.tlsName(d.TLSMax), "resourceGroupId": d.ResourceGroupID, "createTimestamp": d.CreateTimestamp,
	}
	if d.Protocol != "" {
		out["protocol"] = d.Protocol
	}
	if s.assume.FutureField != "" {
		out[s.assume.FutureField] = "on"
	}
	return out
}

// trimmed leaves out the texts that are not set, if records do.
func (s *Store) trimmed(record map[string]any) map[string]any {
	if s.assume.OmitsUnset {
		maps.DeleteFunc(record, func(_ string, v any) bool { return v == "" })
	}
	return record
}

func (s *Store) tlsName(version string) string {
	if s.assume.PlainTLSNames {
		return strings.ReplaceAll(version, " ", "")
	}
	return version
}

func (c *Suites) answer(s *Store) map[string]any {
	list := []map[string]any{}
	for _, suite := range c.List {
		versions := []string{}
		for _, v := range suite.SupportVersions {
			versions = append(versions, s.tlsName(spaced(v)))
		}
		list = append(list, map[string]any{"name": suite.Name, "supportVersions": versions})
	}
	out := map[string]any{"configType": c.ConfigType}
	if len(list) > 0 {
		out["tlsCipherSuite"] = list
	}
	return out
}

// status has one documented value, Published; the others are inventions.
func (s *Store) status(id string, published map[string]bool) string {
	if published[id] || s.assume.UndeployedIsPublished && len(s.uses(id)) > 0 {
		return "Published"
	}
	return "Unpublished"
}

func listDomains(s *Store, r *Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	anywhere := s.published(anyGateway)
	on := anywhere
	if gateway := r.Params["gatewayId"]; gateway != "" {
		on = s.published(func(id string) bool { return id == gateway })
	}
	var all []Domain
	for _, d := range s.domains {
		if r.Params["gatewayId"] != "" && !on[d.DomainID] && !s.assume.GatewayListsAll {
			continue
		}
		if !r.here(d.RegionID) || !like(d.Name, r.Params["nameLike"]) || !r.equals("gatewayType", d.GatewayType) || !r.equals("domainScope", d.DomainScope) ||
			!r.equals("resourceGroupId", d.ResourceGroupID) {
			continue
		}
		all = append(all, d)
	}
	return paged(r, s.maxPage(), all, func(d Domain) map[string]any {
		item := s.record(d)
		item["status"], item["updateTimestamp"] = s.status(d.DomainID, anywhere), d.UpdateTimestamp
		return s.trimmed(item)
	})
}

// listCerts has no key in its answer. That domain is the common name, and what an
// instanceId looks like, are inventions.
func listCerts(s *Store, r *Request) (any, error) {
	domain := strings.ToLower(r.Params["domainName"])
	all := slices.DeleteFunc(s.certs.All(), func(c certstore.Certificate) bool { return !like(c.Name, r.Params["certNameLike"]) })
	return paged(r, s.maxPage(), all, func(c certstore.Certificate) map[string]any {
		f := s.certs.FactsOf(c)
		item := map[string]any{
			"certId": c.ID, "certIdentifier": c.Identifier, "certName": c.Name, "commonName": f.CommonName, "domain": cmp.Or(f.CommonName, f.Sans),
			"isChainCompleted": s.certs.Complete(c), "algorithm": f.Algorithm + strconv.Itoa(f.KeySize), "keySize": strconv.Itoa(f.KeySize),
			"signAlgorithm": f.SignName, "sans": f.Sans, "issuer": f.Issuer, "serialNo": f.Serial, "fingerprint": f.SHA1, "md5": f.MD5, "sha2": f.SHA256,
			"notBeforeTimestamp": f.NotBefore, "notAfterTimestamp": f.NotAfter, "instanceId": "cas-upload-" + strconv.FormatInt(c.ID, 10),
		}
		if domain != "" {
			item["domainMatchCert"] = c.Covers(domain)
		}
		return item
	})
}
