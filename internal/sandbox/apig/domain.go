package apig

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/refusal"
)

const https = "HTTPS"

// settings are the writable fields of a call; nil: not given.
type settings struct {
	protocol, certIdentifier, caCertIdentifier, clientCACert *string
	http2Option, tlsMin, tlsMax                              *string
	forceHTTPS, mTLSEnabled                                  *bool
	suites                                                   *Suites
}

// readSettings reads the fields that CreateDomain and UpdateDomain have in common.
func readSettings(f *fields) (settings, error) {
	set := settings{
		protocol: f.text("protocol"), certIdentifier: f.text("certIdentifier"), caCertIdentifier: f.text("caCertIdentifier"),
		clientCACert: f.text("clientCACert"), http2Option: f.text("http2Option"), tlsMin: f.text("tlsMin"), tlsMax: f.text("tlsMax"),
		forceHTTPS: f.yes("forceHttps"), mTLSEnabled: f.yes("mTLSEnabled"),
	}
	if nested := f.nested("tlsCipherSuitesConfig"); nested != nil {
		suites, err := readSuites(nested)
		if err != nil {
			return set, err
		}
		set.suites = &suites
	}
	return set, nil
}

func readSuites(f *fields) (Suites, error) {
	var out Suites
	if kind := f.text("configType"); kind != nil {
		out.ConfigType = *kind
	}
	items := f.list("tlsCipherSuite")
	if err := f.end(); err != nil {
		return out, err
	}
	if !slices.Contains([]string{"Default", "Custom"}, out.ConfigType) {
		return out, invalid("configType is neither Default nor Custom")
	}
	if items == nil {
		return out, nil
	}
	for _, item := range *items {
		object, isObject := item.(map[string]any)
		if !isObject {
			return out, invalid("tlsCipherSuite is not a list of objects")
		}
		one := readFields(object)
		name, versions := one.text("name"), one.texts("supportVersions")
		if err := one.end(); err != nil {
			return out, err
		}
		if name == nil || !slices.Contains(SuiteNames(), *name) {
			return out, invalid("a cipher suite is not one of %s", strings.Join(SuiteNames(), ", "))
		}
		suite := Suite{Name: *name}
		if versions != nil {
			suite.SupportVersions = *versions
		}
		out.List = append(out.List, suite)
	}
	return out, nil
}

// SuiteNames are the documented cipher suites.
func SuiteNames() []string {
	return []string{"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "AES128-SHA", "AES256-SHA",
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
		"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "AES128-GCM-SHA256", "AES256-GCM-SHA384"}
}

// apply sets the given fields.
func (set settings) apply(d *Domain) {
	give(&d.Protocol, set.protocol)
	give(&d.ForceHTTPS, set.forceHTTPS)
	give(&d.CertIdentifier, set.certIdentifier)
	give(&d.CACertIdentifier, set.caCertIdentifier)
	give(&d.ClientCACert, set.clientCACert)
	give(&d.MTLSEnabled, set.mTLSEnabled)
	give(&d.HTTP2Option, set.http2Option)
	give(&d.TLSMin, set.tlsMin)
	give(&d.TLSMax, set.tlsMax)
	if set.suites != nil {
		d.CipherSuites = set.suites
	}
	d.TLSMin, d.TLSMax = spaced(d.TLSMin), spaced(d.TLSMax)
}

func give[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// withoutEmpty leaves the empty texts out.
func (set settings) withoutEmpty() settings {
	for _, text := range []**string{&set.protocol, &set.certIdentifier, &set.caCertIdentifier, &set.clientCACert, &set.http2Option, &set.tlsMin, &set.tlsMax} {
		if *text != nil && **text == "" {
			*text = nil
		}
	}
	return set
}

// check refuses what the definition or a live test rules out, and what an
// assumption says. It checks neither that the certificate is of the domain's name
// nor that the domain is the caller's.
func (s *Store) check(d Domain, set settings) error {
	for name, ok := range map[string]bool{
		"http2Option": slices.Contains([]string{"Open", "Close", "GlobalConfig"}, d.HTTP2Option),
		"tlsMin":      slices.Contains(tlsNames(), d.TLSMin),
		"tlsMax":      slices.Contains(tlsNames(), d.TLSMax),
	} {
		if !ok {
			return invalid("the value of %s is not one of the documented ones", name)
		}
	}
	if d.DomainScope == "Serverless" {
		switch {
		case set.protocol != nil || set.certIdentifier != nil:
			return invalid("a Serverless domain has neither protocol nor certIdentifier")
		case set.forceHTTPS == nil:
			return invalid("forceHttps is required for a Serverless domain")
		}
		return nil
	}
	switch {
	case d.Protocol != "HTTP" && d.Protocol != https:
		return invalid("protocol is neither HTTP nor HTTPS")
	case d.Protocol == https && d.CertIdentifier == "" && s.assume.NeedsCertificate:
		return invalid("certIdentifier is required for HTTPS")
	case d.MTLSEnabled && d.CACertIdentifier == "" && d.ClientCACert == "":
		return invalid("mutual TLS needs clientCACert") // an invention: which of the two is needed is not known
	case d.MTLSEnabled && d.CACertIdentifier == "" && s.assume.NeedsCAID:
		return invalid("mutual TLS needs caCertIdentifier")
	}
	for _, id := range []string{d.CertIdentifier, d.CACertIdentifier} {
		if _, known := s.certs.Find(id); id != "" && !known && s.assume.RefusesUnknownCert {
			return refusal.New(http.StatusNotFound, "NotFound.CertificateNotFound", "The certificate %q is not found.", id) // the code is an invention
		}
	}
	return nil
}

func tlsNames() []string { return []string{"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"} }

func (s *Store) defaultHTTP2() string {
	if s.assume.HTTP2Closed {
		return "Close"
	}
	return "GlobalConfig"
}

func createDomain(s *Store, r *Request) (any, error) {
	f := readFields(r.object)
	name, scope, kind, group := f.text("name"), f.text("domainScope"), f.text("gatewayType"), f.text("resourceGroupId")
	set, err := readSettings(f)
	if err := firstOf(f.end(), err); err != nil {
		return nil, err
	}
	now := s.now().UnixMilli()
	d := Domain{DomainID: newID("d"), DomainScope: "Dedicated", GatewayType: "API", CreateFrom: "Console", ResourceGroupID: "rg-default",
		RegionID: cmp.Or(r.region, defaultRegion), CreateTimestamp: now, UpdateTimestamp: now}
	give(&d.Name, name)
	give(&d.DomainScope, scope)
	give(&d.GatewayType, kind)
	give(&d.ResourceGroupID, group)
	d.fillTLS(s.defaultHTTP2())
	set.apply(&d)
	switch {
	case d.Name == "" || len(d.Name) > 128:
		return nil, invalid("name is required, and has at most 128 characters")
	case !slices.Contains([]string{"Dedicated", "Serverless"}, d.DomainScope):
		return nil, invalid("domainScope is neither Dedicated nor Serverless")
	case !slices.Contains([]string{"API", "AI"}, d.GatewayType):
		return nil, invalid("gatewayType is neither API nor AI")
	case d.DomainScope == "Dedicated" && set.protocol == nil:
		return nil, invalid("protocol is required for a Dedicated domain")
	case d.DomainScope == "Dedicated" && d.Protocol == https && set.forceHTTPS == nil:
		return nil, invalid("forceHttps is required for HTTPS")
	}
	if err := s.check(d, set); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.assume.RefusesDuplicates && slices.ContainsFunc(s.domains, func(other Domain) bool {
		return strings.EqualFold(other.Name, d.Name) && other.RegionID == d.RegionID && other.GatewayType == d.GatewayType
	}) {
		return nil, refusal.New(http.StatusConflict, "Conflict.DomainDuplicated", "The domain name is used already.") // the code is an invention
	}
	s.domains = append(s.domains, d)
	return map[string]any{"domainId": d.DomainID}, nil
}

func newID(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:20]) }

// updateDomain takes the call for the whole record, or merges it into the record.
func updateDomain(s *Store, r *Request) (any, error) {
	f := readFields(r.object)
	scope := f.text("domainScope")
	set, err := readSettings(f)
	if err := firstOf(f.end(), err); err != nil {
		return nil, err
	}
	if s.assume.EmptyKeeps {
		set = set.withoutEmpty()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.domainAt(r, r.Params["domainId"])
	if old == nil {
		return nil, s.noDomain()
	}
	if scope != nil && *scope != old.DomainScope {
		return nil, invalid("domainScope cannot change")
	}
	d := old.clone()
	if !s.assume.Merges {
		d = Domain{DomainID: old.DomainID, Name: old.Name, RegionID: old.RegionID, DomainScope: old.DomainScope, GatewayType: old.GatewayType, Default: old.Default,
			CreateFrom: old.CreateFrom, ResourceGroupID: old.ResourceGroupID, CreateTimestamp: old.CreateTimestamp}
		d.fillTLS(s.defaultHTTP2())
	}
	set.apply(&d)
	if d.HTTP2Option == "" || d.TLSMin == "" || d.TLSMax == "" {
		d.fillTLS(s.defaultHTTP2()) // an empty text is a cleared field
	}
	if d.DomainScope == "Serverless" && set.forceHTTPS == nil && s.assume.Merges {
		set.forceHTTPS = &d.ForceHTTPS
	}
	if err := s.check(d, set); err != nil {
		return nil, err
	}
	d.UpdateTimestamp = s.now().UnixMilli()
	*old = d
	return map[string]any{"deployRevisionId": newID("apr")}, nil
}

func deleteDomain(s *Store, r *Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.Params["domainId"]
	switch {
	case s.domainAt(r, id) == nil && s.assume.DeletesMissing:
		return nil, nil
	case s.domainAt(r, id) == nil:
		return nil, s.noDomain()
	case len(s.uses(id)) > 0 && !s.assume.DeletesInUse:
		return nil, refusal.New(http.StatusConflict, "Conflict.DomainInUse", "The domain is used by a route or an API.") // the code is an invention
	}
	s.domains = slices.DeleteFunc(s.domains, func(d Domain) bool { return d.DomainID == id })
	return nil, nil
}

func (s *Store) noDomain() error {
	code := "DatabaseError.RecordNotFound"
	if s.assume.PrefixedNotFound {
		code = "Error." + code
	}
	return refusal.New(http.StatusNotFound, code, "record not found")
}

func changeGroup(s *Store, r *Request) (any, error) {
	if r.Params["ResourceType"] != "Domain" || r.Params["Service"] != "APIG" || r.Params["ResourceGroupId"] == "" {
		return nil, invalid("want ResourceType=Domain, Service=APIG and a ResourceGroupId")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.domainAt(r, r.Params["ResourceId"])
	if d == nil {
		return nil, s.noDomain()
	}
	d.ResourceGroupID = r.Params["ResourceGroupId"]
	return nil, nil
}
