package dnssec

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// Denial is what a message proves not to exist.
type Denial struct {
	// Insecure: what lies below is unsigned (opt-out, RFC 5155 §6), or hashed
	// more often than anyone should check (RFC 9276 §3.2).
	Insecure bool
	Until    time.Time // when the first signature of the proof ends
}

const mostIterations = 100 // RFC 9276 §3.2: validators may treat more as insecure

// denial is the verified NSEC and NSEC3 records of a message.
type denial struct {
	zone    string
	nsec    []*dns.NSEC
	nsec3   []*dns.NSEC3
	until   time.Time
	tooMany bool // iterations
}

// signedOwner undoes the expansion of a wildcard: what the signature speaks of is
// the wildcard's own record (RFC 4035 §5.3.2). Unbound answers so.
func signedOwner(rr dns.RR, sig *dns.RRSIG) dns.RR {
	labels := dns.SplitDomainName(rr.Header().Name)
	if int(sig.Labels) >= len(labels) {
		return rr
	}
	rr = dns.Copy(rr)
	rr.Header().Name = dns.Fqdn("*." + strings.Join(labels[len(labels)-int(sig.Labels):], "."))
	return rr
}

var errUnproven = errors.New("the answer does not prove that there is nothing (NSEC, NSEC3)")

// collect verifies the NSEC and NSEC3 records of an authority section.
func collect(section []dns.RR, zone string, keys []*dns.DNSKEY, now time.Time) denial {
	d := denial{zone: zone}
	for _, rr := range section {
		switch rr.(type) {
		case *dns.NSEC, *dns.NSEC3:
		default:
			continue
		}
		if len(d.nsec)+len(d.nsec3) >= 8 { // three or four make a proof
			break
		}
		sig, err := SetOf(section, resolve.Canonical(rr.Header().Name), rr.Header().Rrtype).Verify(zone, keys, now)
		if err != nil {
			continue
		}
		if until := Until(sig, now); d.until.IsZero() || until.Before(d.until) {
			d.until = until
		}
		switch rr := signedOwner(rr, sig).(type) {
		case *dns.NSEC:
			d.nsec = append(d.nsec, rr)
		case *dns.NSEC3:
			d.tooMany = d.tooMany || rr.Iterations > mostIterations
			d.nsec3 = append(d.nsec3, rr)
		}
	}
	return d
}

// NoData checks the proof that a name has no records of a type (and no alias).
func NoData(section []dns.RR, zone string, keys []*dns.DNSKEY, name string, qtype uint16, now time.Time) (Denial, error) {
	d := collect(section, zone, keys, now)
	for _, rr := range d.nsec {
		owner := resolve.Canonical(rr.Hdr.Name)
		if owner == name && lacks(rr.TypeBitMap, qtype) || spansNSEC(rr, zone, name) && below(resolve.Canonical(rr.NextDomain), name) {
			return Denial{Until: d.until}, nil // its own record, or an empty non-terminal's
		}
	}
	if encloser, ok := d.encloser(name); ok { // a wildcard's
		for _, rr := range d.nsec {
			if resolve.Canonical(rr.Hdr.Name) == wildcard(encloser) && lacks(rr.TypeBitMap, qtype) {
				return Denial{Until: d.until}, nil
			}
		}
	}
	if d.tooMany {
		return Denial{Insecure: true, Until: d.until}, nil
	}
	for _, rr := range d.nsec3 {
		if rr.Match(dns.Fqdn(name)) && lacks(rr.TypeBitMap, qtype) {
			return Denial{Until: d.until}, nil
		}
	}
	encloser, optOut, ok := d.encloser3(name)
	switch {
	case ok && optOut && qtype == dns.TypeDS:
		return Denial{Insecure: true, Until: d.until}, nil
	case ok:
		for _, rr := range d.nsec3 {
			if rr.Match(dns.Fqdn(wildcard(encloser))) && lacks(rr.TypeBitMap, qtype) {
				return Denial{Until: d.until}, nil
			}
		}
	}
	return Denial{}, errUnproven
}

// NameError checks the proof that a name does not exist, not by a wildcard either.
func NameError(section []dns.RR, zone string, keys []*dns.DNSKEY, name string, now time.Time) (Denial, error) {
	d := collect(section, zone, keys, now)
	if encloser, ok := d.encloser(name); ok {
		for _, rr := range d.nsec {
			if coversNSEC(rr, zone, wildcard(encloser)) {
				return Denial{Until: d.until}, nil
			}
		}
	}
	if d.tooMany {
		return Denial{Insecure: true, Until: d.until}, nil
	}
	if encloser, optOut, ok := d.encloser3(name); ok {
		for _, rr := range d.nsec3 {
			if rr.Cover(dns.Fqdn(wildcard(encloser))) {
				return Denial{Insecure: optOut || rr.Flags&1 != 0, Until: d.until}, nil
			}
		}
	}
	return Denial{}, errUnproven
}

// Expanded checks the proof that goes with an answer out of a wildcard: the name
// itself does not exist (RFC 4035 §5.3.4). labels is the signature's count.
func Expanded(section []dns.RR, zone string, keys []*dns.DNSKEY, name string, labels int, now time.Time) (Denial, error) {
	d := collect(section, zone, keys, now)
	for _, rr := range d.nsec {
		if coversNSEC(rr, zone, name) {
			return Denial{Until: d.until}, nil
		}
	}
	parts := dns.SplitDomainName(dns.Fqdn(name))
	if labels < 0 || labels >= len(parts) {
		return Denial{}, errUnproven
	}
	next := strings.Join(parts[len(parts)-labels-1:], ".")
	for _, rr := range d.nsec3 {
		if rr.Cover(dns.Fqdn(next)) {
			return Denial{Insecure: rr.Flags&1 != 0, Until: d.until}, nil
		}
	}
	if d.tooMany {
		return Denial{Insecure: true, Until: d.until}, nil
	}
	return Denial{}, errUnproven
}

// encloser is the closest encloser of a name that a NSEC record covers: the
// longest name above it that the record shows to exist.
func (d denial) encloser(name string) (string, bool) {
	for _, rr := range d.nsec {
		if !coversNSEC(rr, d.zone, name) {
			continue
		}
		longest := d.zone
		for _, edge := range []string{resolve.Canonical(rr.Hdr.Name), resolve.Canonical(rr.NextDomain)} {
			if common := shared(name, edge); dns.CountLabel(dns.Fqdn(common)) > dns.CountLabel(dns.Fqdn(longest)) {
				longest = common
			}
		}
		return longest, true
	}
	return "", false
}

// encloser3 is the closest encloser that NSEC3 records prove: it matches one,
// and the next name towards name is covered by one (RFC 5155 §8.3).
func (d denial) encloser3(name string) (encloser string, optOut, ok bool) {
	next := name
	for at := parentOf(name); below(next, d.zone); at, next = parentOf(at), at {
		if !slices.ContainsFunc(d.nsec3, func(rr *dns.NSEC3) bool { return rr.Match(dns.Fqdn(at)) && !cut(rr.TypeBitMap) }) {
			continue
		}
		for _, rr := range d.nsec3 {
			if rr.Cover(dns.Fqdn(next)) {
				return at, rr.Flags&1 != 0, true
			}
		}
		return "", false, false
	}
	return "", false, false
}

// lacks reports whether a bitmap denies a type: neither it nor an alias is there,
// and it is that of the side of a zone cut that may speak (RFC 4035 §5.4, §5.2).
func lacks(bitmap []uint16, qtype uint16) bool {
	if slices.Contains(bitmap, qtype) || slices.Contains(bitmap, dns.TypeCNAME) {
		return false
	}
	if qtype == dns.TypeDS {
		return !slices.Contains(bitmap, dns.TypeSOA)
	}
	return !slices.Contains(bitmap, dns.TypeNS) || slices.Contains(bitmap, dns.TypeSOA)
}

// cut reports whether names below the bitmap's owner are not this zone's to deny.
func cut(bitmap []uint16) bool {
	return slices.Contains(bitmap, dns.TypeDNAME) || slices.Contains(bitmap, dns.TypeNS) && !slices.Contains(bitmap, dns.TypeSOA)
}
