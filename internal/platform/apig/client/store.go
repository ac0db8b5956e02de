package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// maxMatching bounds how many certificates with one leaf are read.
const maxMatching = 20

// store is the list of certificates of a region, by identifier and by digest of the leaf.
type store struct {
	items   []listed
	byID    map[string]int
	byLeaf  map[string][]int
	problem string // why the list is missing; empty: it is whole
}

func newStore(items []listed, problem string) *store {
	s := &store{items: items, byID: map[string]int{}, byLeaf: map[string][]int{}, problem: problem}
	for i, c := range items {
		s.byID[c.CertIdentifier] = i
		if leaf := digest(c.SHA2); leaf != "" {
			s.byLeaf[leaf] = append(s.byLeaf[leaf], i)
		}
	}
	return s
}

// facts returns what the list says of an identifier; nil: it does not have it.
func (s *store) facts(identifier string) *listed {
	if i, ok := s.byID[identifier]; ok {
		return &s.items[i]
	}
	return nil
}

// certificates lists the certificates of a region whose names are like a name, with the
// empty name all.
func (r *Reader) certificates(ctx context.Context, region, like, domain string) (*store, error) {
	params := map[string]string{}
	if like != "" {
		params["certNameLike"] = like
	}
	if domain != "" {
		params["domainName"] = domain
	}
	items, err := all(ctx, r, question{region: region, action: "ListSslCerts", path: []string{"ssl", "certs"}, params: params, size: pageSize},
		func(c listed) string { return c.CertIdentifier })
	switch {
	case denied(err):
		return newStore(nil, err.Error()), nil
	case err != nil:
		return nil, fmt.Errorf("listing certificates: %w", err)
	}
	return newStore(items, ""), nil
}

// Store is what the certificate store says of the certificate of a binding and of the one
// in effect. leaf is the SHA-256 of the leaf of the binding's certificate, current the
// identifier that the domain has now; each may be empty. The first call in a run lists the
// certificates of the region.
func (r *Reader) Store(ctx context.Context, b binding.Binding, leaf, current string) (evidence.Store, error) {
	s, err := r.stores.Get(ctx, b.RegionID, func(ctx context.Context, region string) (*store, error) {
		return r.certificates(ctx, region, "", "")
	})
	if err != nil {
		return evidence.Store{}, err
	}
	look := lookup{r: r, region: b.RegionID, detail: func(ctx context.Context, id string) (detail, error) {
		return r.details.Get(ctx, place{b.RegionID, id}, func(ctx context.Context, p place) (detail, error) { return r.detailNow(ctx, p.region, p.id) })
	}}
	out := evidence.Store{Complete: s.problem == "", Problem: s.problem}
	if out.Current, err = look.certificate(ctx, s, current); err != nil {
		return evidence.Store{}, err
	}
	if c := b.ClientCertificate; c != nil {
		if out.ClientCA, err = look.certificate(ctx, s, c.CASID); err != nil {
			return evidence.Store{}, err
		}
	}
	if c := b.Certificate; c != nil {
		if out.ByID, err = look.certificate(ctx, s, c.CASID); err != nil {
			return evidence.Store{}, err
		}
		for _, i := range s.byLeaf[leaf] {
			if leaf == "" || len(out.Matching) == maxMatching {
				break
			}
			match, err := look.certificate(ctx, s, s.items[i].CertIdentifier)
			if err != nil {
				return evidence.Store{}, err
			}
			out.Matching = append(out.Matching, *match)
		}
		out.SameName = slices.ContainsFunc(s.items, func(i listed) bool { return i.CertName == c.Name && (leaf == "" || digest(i.SHA2) != leaf) })
		if err := r.match(ctx, b, &out); err != nil {
			return evidence.Store{}, err
		}
	}
	out.Problem = cmp.Or(out.Problem, look.problem)
	return out, nil
}

// match asks whether the certificates that a binding may use are for its domain: the list
// says it of one domain only.
func (r *Reader) match(ctx context.Context, b binding.Binding, out *evidence.Store) error {
	var all []*evidence.StoredCertificate
	if out.ByID != nil {
		all = append(all, out.ByID)
	}
	for i := range out.Matching {
		all = append(all, &out.Matching[i])
	}
	asked := map[string]*store{}
	for _, c := range all {
		s, done := asked[c.Name]
		if !done {
			var err error
			if s, err = r.certificates(ctx, b.RegionID, c.Name, b.DomainName); err != nil {
				return err
			}
			asked[c.Name] = s
		}
		if l := s.facts(c.CertIdentifier); l != nil {
			c.DomainMatch = l.DomainMatchCert.plain()
		}
	}
	return nil
}

// storeNow reads afresh the certificate in effect, the one of casId, and those with the name
// of the binding's: what a call can change or refer to. All of them are in Matching.
func (r *Reader) storeNow(ctx context.Context, b binding.Binding, record *evidence.Record) (evidence.Store, error) {
	look := lookup{r: r, region: b.RegionID, detail: func(ctx context.Context, id string) (detail, error) { return r.detailNow(ctx, b.RegionID, id) }}
	out := evidence.Store{}
	current := ""
	if record != nil {
		current = record.CertIdentifier
	}
	named := newStore(nil, "")
	var err error
	if b.Certificate != nil && b.Certificate.CASID == "" {
		if named, err = r.certificates(ctx, b.RegionID, b.Certificate.Name, ""); err != nil {
			return out, err
		}
	}
	out.Complete = named.problem == ""
	add := func(identifier string) (*evidence.StoredCertificate, error) {
		c, err := look.certificate(ctx, named, identifier)
		same := func(have evidence.StoredCertificate) bool { return have.CertIdentifier == identifier }
		if c != nil && !slices.ContainsFunc(out.Matching, same) {
			out.Matching = append(out.Matching, *c)
		}
		return c, err
	}
	if out.Current, err = add(current); err != nil {
		return out, err
	}
	if c := b.Certificate; c != nil {
		if out.ByID, err = add(c.CASID); err != nil {
			return out, err
		}
		for _, i := range named.items {
			if i.CertName != c.Name || len(out.Matching) > maxMatching {
				continue
			}
			if _, err := add(i.CertIdentifier); err != nil {
				return out, err
			}
		}
	}
	out.Problem = cmp.Or(named.problem, look.problem)
	return out, nil
}

// lookup brings the two sources of a certificate's facts together.
type lookup struct {
	r       *Reader
	region  string
	detail  func(ctx context.Context, id string) (detail, error)
	problem string // why some facts are missing
}

// certificate returns what the store says of an identifier; nil without one, or if there is
// no such certificate. What the two sources both say must be the same.
func (l *lookup) certificate(ctx context.Context, s *store, identifier string) (*evidence.StoredCertificate, error) {
	if identifier == "" {
		return nil, nil
	}
	var out evidence.StoredCertificate
	known := s.facts(identifier)
	d, err := l.read(ctx, identifier)
	switch {
	case missing(err):
	case denied(err):
		l.problem = err.Error()
	case err != nil:
		return nil, fmt.Errorf("reading a certificate: %w", err)
	default:
		out = d.stored()
	}
	if known == nil && s.problem == "" && out.Name != "" { // the list at hand has other names only
		named, err := l.r.certificates(ctx, l.region, out.Name, "")
		if err != nil {
			return nil, err
		}
		known, l.problem = named.facts(identifier), cmp.Or(l.problem, named.problem)
	}
	if known != nil {
		from := known.stored()
		for what, pair := range map[string][2]string{"serial number": {out.Serial, from.Serial}, "digest": {out.SHA256, from.SHA256}} {
			if pair[0] != "" && pair[1] != "" && pair[0] != pair[1] {
				return nil, fmt.Errorf("reading a certificate: ListSslCerts and GetCertificateDetail say two things of the %s of %q", what, identifier)
			}
		}
		out.Name, out.Serial, out.SHA256 = cmp.Or(out.Name, from.Name), cmp.Or(out.Serial, from.Serial), cmp.Or(out.SHA256, from.SHA256)
		out.Algorithm, out.NotBefore, out.NotAfter = cmp.Or(out.Algorithm, from.Algorithm), cmp.Or(out.NotBefore, from.NotBefore), cmp.Or(out.NotAfter, from.NotAfter)
		out.ChainCompleted = from.ChainCompleted
		if len(out.SANs) == 0 {
			out.SANs = from.SANs
		}
	} else if out.CertIdentifier == "" {
		return nil, nil
	}
	out.CertIdentifier = identifier
	return &out, nil
}

// read asks for the details of an identifier by the number that it begins with, and takes
// only an answer about that very identifier. An identifier without a number has no details.
func (l *lookup) read(ctx context.Context, identifier string) (detail, error) {
	number, _, _ := strings.Cut(identifier, "-")
	if _, err := strconv.ParseUint(number, 10, 63); err != nil {
		return detail{}, nil
	}
	d, err := l.detail(ctx, number)
	if err == nil && d.CertIdentifier != identifier { // of the other site, or no identifier of this store
		return detail{}, nil
	}
	return d, err
}

func (r *Reader) detailNow(ctx context.Context, region, id string) (d detail, err error) {
	err = wire.Read(ctx, r.transport, wire.Request{Product: wire.CAS, Region: region, Action: "GetCertificateDetail", Params: map[string]string{"CertificateId": id}}, &d)
	return d, err
}

// listed is one certificate as ListSslCerts shows it.
type listed struct {
	CertID             number
	CertIdentifier     string
	CertName           string
	DomainMatchCert    *truth
	IsChainCompleted   *truth
	Algorithm          string
	SANs               names
	SerialNo           string
	SHA2               string
	NotBeforeTimestamp number
	NotAfterTimestamp  number
}

func (l listed) stored() evidence.StoredCertificate {
	return evidence.StoredCertificate{CertIdentifier: l.CertIdentifier, Name: l.CertName, Serial: serial(l.SerialNo), SHA256: digest(l.SHA2),
		SANs: l.SANs, Algorithm: l.Algorithm, NotBefore: int64(l.NotBeforeTimestamp), NotAfter: int64(l.NotAfterTimestamp),
		ChainCompleted: l.IsChainCompleted.plain()}
}

// detail is one certificate as GetCertificateDetail shows it. The call returns neither the
// certificate nor its key.
type detail struct {
	CertIdentifier          string
	CertificateName         string
	CertificateStatus       string
	ExistPrivateKey         *truth
	FingerPrint             string
	Serial                  string
	Algorithm               string
	SubjectAlternativeNames names
	NotBefore               number
	NotAfter                number
}

func (d detail) stored() evidence.StoredCertificate {
	return evidence.StoredCertificate{CertIdentifier: d.CertIdentifier, Name: d.CertificateName, Serial: serial(d.Serial), SHA256: digest(d.FingerPrint),
		SANs: d.SubjectAlternativeNames, Algorithm: d.Algorithm, NotBefore: int64(d.NotBefore), NotAfter: int64(d.NotAfter),
		Status: d.CertificateStatus, ExistPrivateKey: d.ExistPrivateKey.plain()}
}

// hexadecimal returns the digits of a number in lower case: answers write some in upper
// case, with colons or with blanks. Empty: it is no such number.
func hexadecimal(s string) string {
	s = strings.TrimPrefix(strings.NewReplacer(":", "", " ", "").Replace(strings.ToLower(s)), "0x")
	if strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return s
}

// serial returns a serial number in the form in which serial numbers are compared.
func serial(s string) string {
	digits := hexadecimal(s)
	if plain := strings.TrimLeft(digits, "0"); plain != "" || digits == "" {
		return plain
	}
	return "0"
}

// digest returns a SHA-256 fingerprint in the form in which digests are compared; empty
// for one of another length, such as SHA-1.
func digest(s string) string {
	const length = 64
	if h := hexadecimal(s); len(h) == length {
		return "sha256:" + h
	}
	return ""
}
