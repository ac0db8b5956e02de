package pki

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Statement is what one verified list or OCSP response states about one
// certificate.
type Statement struct {
	Revocation
	Issued time.Time // thisUpdate

	// Err is why the source does not clear the certificate by not listing it. A
	// statement may be Revoked and have an Err: a list that is out of date or
	// covers only some reasons cannot clear a certificate, but its entries are
	// revoked.
	Err error
	// Superseded: Err is of a list that another one can replace: an older one,
	// of another key, or of another partition.
	Superseded bool
	// OtherPartition: Err is of a list of another partition.
	OtherPartition bool

	removed bool // removeFromCRL
	number  *big.Int
	base    *big.Int // of a delta list: the number of its base list
	scope   []byte   // issuingDistributionPoint
}

const (
	reasonHold   = 6
	reasonRemove = 8
)

// held reports a revocation that the issuer can lift (RFC 5280 §5.3.1).
func (s Statement) held() bool { return s.Revoked && s.Reason == Reason(reasonHold) }

func (s Statement) delta() bool { return s.base != nil }

// Conclude combines all statements about one certificate. revoked is the index
// of the statement that revokes it, clear that of the first that clears it, -1
// for none. One revocation decides, regardless of the other statements; only a
// certificateHold can be lifted, by a newer CRL without the entry. A delta CRL counts
// only with its base, so Conclude sets the Err of one without.
func Conclude(statements []Statement) (revoked, clear int) {
	for i := range statements {
		if s := &statements[i]; s.delta() && s.Err == nil && !hasBase(*s, statements) {
			s.Err = fmt.Errorf("it is a delta list, and its base, a list with the number %s or above, is not given", s.base)
		}
	}
	revoked, clear = -1, -1
	for i, s := range statements {
		switch {
		case s.Revoked && !s.held():
			return i, -1
		case s.held() && !slices.ContainsFunc(statements, func(other Statement) bool { return lifts(other, s) }):
			revoked = i
		case clear < 0 && s.Err == nil && !s.Revoked && !s.delta():
			clear = i
		}
	}
	if revoked >= 0 {
		return revoked, -1
	}
	return -1, clear
}

// hasBase reports whether statements include the base of a delta list (RFC 5280
// §5.2.4): of the same scope, and at least as new as the delta requires.
func hasBase(delta Statement, statements []Statement) bool {
	return slices.ContainsFunc(statements, func(s Statement) bool {
		return !s.delta() && s.Err == nil && s.number != nil && s.number.Cmp(delta.base) >= 0 && bytes.Equal(s.scope, delta.scope)
	})
}

// lifts reports a newer list that no longer contains a held certificate.
func lifts(s, held Statement) bool {
	newer := s.Issued.After(held.Issued) || s.Issued.Equal(held.Issued) && s.number != nil && held.number != nil && s.number.Cmp(held.number) > 0
	return newer && s.Err == nil && !s.Revoked && s.number != nil && (!s.delta() || s.removed)
}

// StatementOn returns the statement of the list about a certificate. from is the
// address that the list was fetched from, "" for a file.
func (c *CRL) StatementOn(cert, issuer *x509.Certificate, from string, now time.Time) Statement {
	s := Statement{Issued: c.list.ThisUpdate, number: c.list.Number}
	if !c.IssuedBy(issuer) || !bytes.Equal(cert.RawIssuer, issuer.RawSubject) {
		s.Err, s.Superseded = fmt.Errorf("the list is from another issuer: got %q, want %q; indirect lists are not evaluated", clip(evidence.DistinguishedName(c.list.Issuer)), Name(issuer)), true
		return s
	}
	s.Err = c.signedBy(issuer)
	if s.Err != nil && !errors.As(s.Err, new(notForLists)) {
		s.Superseded = true
		return s
	}
	attributes, foreign := c.scope(&s, cert, from)
	c.entry(&s, cert, attributes || foreign)
	if stale := c.stale(now); stale != nil && s.Err == nil {
		s.Err, s.Superseded = stale, !s.delta()
	}
	if s.held() && c.stale(now) != nil { // it may have been lifted since
		s.Revocation = Revocation{}
	}
	return s
}

// notForLists is the error of an issuer whose certificate does not allow
// signing lists.
type notForLists struct{ issuer string }

func (e notForLists) Error() string {
	return fmt.Sprintf("the issuer %q has signed the list, but its certificate does not allow that: its keyUsage lacks cRLSign (RFC 5280 §4.2.1.3)", e.issuer)
}

func (c *CRL) signedBy(issuer *x509.Certificate) error {
	err := c.list.CheckSignatureFrom(issuer)
	if err == nil {
		return nil
	}
	if errors.As(err, new(x509.ConstraintViolationError)) && issuer.IsCA &&
		issuer.CheckSignature(c.list.SignatureAlgorithm, c.list.RawTBSRevocationList, c.list.Signature) == nil {
		return notForLists{Name(issuer)}
	}
	return fmt.Errorf("the list is not signed by the issuer: %s", clip(err.Error()))
}

// stale returns why the list is not current.
func (c *CRL) stale(now time.Time) error {
	switch next := c.list.NextUpdate; {
	case now.Before(c.list.ThisUpdate):
		return fmt.Errorf("the list is from the future: thisUpdate %s", c.list.ThisUpdate.UTC().Format(time.RFC3339))
	case next.IsZero():
		return errors.New("the list has no nextUpdate, so its freshness is unknown")
	case now.After(next):
		return fmt.Errorf("the list is out of date: nextUpdate %s", next.UTC().Format(time.RFC3339))
	}
	return nil
}

// scope checks that the extensions of the list cover the certificate (RFC 5280
// §5.2). It reports a list of attribute certificates, whose serial numbers are
// separate, and a list with entries of other issuers.
func (c *CRL) scope(s *Statement, cert *x509.Certificate, from string) (attributes, foreign bool) {
	fail := func(err error, elsewhere bool) {
		if s.Err == nil {
			s.Err, s.OtherPartition, s.Superseded = err, elsewhere, elsewhere
		}
	}
	for _, e := range c.list.Extensions {
		switch {
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 27}):
			s.base = new(big.Int)
			if value := cryptobyte.String(e.Value); !value.ReadASN1Integer(s.base) {
				fail(errors.New("it is a delta list whose deltaCRLIndicator is malformed"), false)
			}
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 28}):
			s.scope = e.Value
			point, err := parsePoint(e.Value)
			if err != nil {
				fail(err, false)
				foreign = true // it may be indirect
				continue
			}
			if why := point.excludes(cert, from); why != "" {
				fail(errors.New(why), !point.indirect && !point.someReasons)
			}
			attributes, foreign = point.attributes, foreign || point.indirect && c.namesIssuers
		case e.Critical:
			fail(fmt.Errorf("the list has the critical extension %s, which cannot be evaluated", e.Id), false)
		}
	}
	if c.unknownEntry != "" {
		fail(fmt.Errorf("the list has an entry with the critical extension %s, which cannot be evaluated", c.unknownEntry), false)
	}
	return attributes, foreign
}

// entry looks for the certificate in the list. An unknown critical extension
// does not weaken a revocation (X.509 §7.3: "at a minimum … has been revoked").
func (c *CRL) entry(s *Statement, cert *x509.Certificate, others bool) {
	i, listed := c.entries[string(cert.SerialNumber.Bytes())]
	if !listed || others {
		return
	}
	entry := c.list.RevokedCertificateEntries[i]
	if entry.ReasonCode == reasonRemove {
		s.removed = true
		return
	}
	s.Revocation = Revocation{Revoked: true, At: entry.RevocationTime, Reason: Reason(entry.ReasonCode)}
}

// pointNames returns the names of the distribution points of a certificate,
// each a GeneralName with its tag. A name relative to the issuer is completed.
func pointNames(cert *x509.Certificate) (names []pointName) {
	i := slices.IndexFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 31}) })
	if i < 0 {
		return nil
	}
	outer := cryptobyte.String(cert.Extensions[i].Value)
	var points, one, name cryptobyte.String
	if !outer.ReadASN1(&points, cbasn1.SEQUENCE) {
		return nil
	}
	for len(names) < maxPointNames && points.ReadASN1(&one, cbasn1.SEQUENCE) {
		if one.ReadASN1(&name, cbasn1.Tag(0).ContextSpecific().Constructed()) {
			names = append(names, namesOfPoint(name, cert.RawIssuer)...)
		}
	}
	return names[:min(len(names), maxPointNames)]
}

const maxPointNames = 50

type pointName struct {
	tag   cbasn1.Tag
	value []byte
}

// namesOfPoint returns the names of a DistributionPointName (RFC 5280
// §4.2.1.13).
func namesOfPoint(point cryptobyte.String, issuer []byte) (found []pointName) {
	directory := cbasn1.Tag(formDirectory).ContextSpecific().Constructed()
	var names, one cryptobyte.String
	var tag cbasn1.Tag
	if point.ReadASN1(&names, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		for len(found) < maxPointNames && !names.Empty() && names.ReadAnyASN1(&one, &tag) {
			if len(one) > 0 {
				found = append(found, pointName{tag, one})
			}
		}
		return found
	}
	var rdn, above cryptobyte.String
	whole := cryptobyte.String(issuer)
	if !point.ReadASN1(&rdn, cbasn1.Tag(1).ContextSpecific().Constructed()) || !whole.ReadASN1(&above, cbasn1.SEQUENCE) {
		return nil
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(above)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(rdn) })
	})
	name, err := b.Bytes()
	if err != nil {
		return nil
	}
	return []pointName{{directory, name}}
}

// same compares two names, directory names as RFC 5280 §7.1 does.
func (n pointName) same(o pointName) bool {
	if n.tag != o.tag {
		return false
	}
	if n.tag == cbasn1.Tag(formDirectory).ContextSpecific().Constructed() {
		return sameName(n.value, o.value)
	}
	return bytes.Equal(n.value, o.value)
}
