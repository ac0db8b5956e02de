// Package dnssec validates signatures, keys and denials of existence (RFC 4035
// §5, RFC 5155 §8) of messages that the caller fetched. It sends no queries.
package dnssec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// Bounds of the work that one message can cause: a hostile zone may hold many
// keys and signatures with one key tag.
const (
	mostKeys     = 32
	mostAttempts = 16
)

// ErrUnsupported reports that the zone is signed in ways that this validator does not know,
// and so it counts as unsigned (RFC 4035 §5.2).
var ErrUnsupported = errors.New("no algorithm that is supported")

// Set is the records of one name and type, and the signatures over them.
type Set struct {
	Records    []dns.RR
	Signatures []*dns.RRSIG
}

// SetOf picks a set out of a section of a message; name is in canonical form.
func SetOf(section []dns.RR, name string, qtype uint16) Set {
	var s Set
	for _, rr := range section {
		if resolve.Canonical(rr.Header().Name) != name || rr.Header().Class != dns.ClassINET {
			continue
		}
		if sig, ok := rr.(*dns.RRSIG); ok && sig.TypeCovered == qtype {
			s.Signatures = append(s.Signatures, sig)
		} else if rr.Header().Rrtype == qtype {
			s.Records = append(s.Records, rr)
		}
	}
	return s
}

// Verify finds a signature of the zone that holds at the time, by one of its
// keys. The error is of the signature that came nearest.
func (s Set) Verify(zone string, keys []*dns.DNSKEY, now time.Time) (*dns.RRSIG, error) {
	if len(s.Records) == 0 {
		return nil, errors.New("there are no records")
	}
	if len(s.Signatures) == 0 {
		return nil, errors.New("it is not signed, and the zone is")
	}
	problem, attempts := errors.New("no signature is by a key of the zone"), 0
	for _, sig := range s.Signatures {
		for _, key := range keys {
			if resolve.Canonical(sig.SignerName) != zone || sig.KeyTag != key.KeyTag() || sig.Algorithm != key.Algorithm {
				continue
			}
			if attempts++; attempts > mostAttempts {
				return nil, errors.New("there are too many signatures and keys to try")
			}
			switch err := sig.Verify(key, s.Records); {
			case err != nil:
				problem = fmt.Errorf("the signature by key %d is wrong: %w", sig.KeyTag, err)
			case !sig.ValidityPeriod(now):
				problem = fmt.Errorf("the signature by key %d holds from %s to %s only", sig.KeyTag,
					dns.TimeToString(sig.Inception), dns.TimeToString(sig.Expiration))
			default:
				return sig, nil
			}
		}
	}
	return nil, problem
}

// Until is when a signature ends (RFC 4034 §3.1.5: serial arithmetic, here within 68 years of now).
func Until(sig *dns.RRSIG, now time.Time) time.Time {
	return now.Add(time.Duration(int32(sig.Expiration-uint32(now.Unix()))) * time.Second).UTC().Truncate(time.Second)
}

// Keys are the keys of a zone, if one that a DS record vouches for signs them.
// ErrUnsupported: no DS record can be checked.
func Keys(zone string, set Set, vouched []*dns.DS, now time.Time) ([]*dns.DNSKEY, *dns.RRSIG, error) {
	if !slices.ContainsFunc(vouched, supported) {
		return nil, nil, ErrUnsupported
	}
	var all, entry []*dns.DNSKEY
	for _, rr := range set.Records {
		key, ok := rr.(*dns.DNSKEY)
		const zoneKey, revoked = 1 << 8, 1 << 7
		if !ok || key.Flags&zoneKey == 0 || key.Flags&revoked != 0 || key.Protocol != 3 || len(all) >= mostKeys {
			continue
		}
		all = append(all, key)
		if slices.ContainsFunc(vouched, func(ds *dns.DS) bool { return supported(ds) && names(ds, key) }) {
			entry = append(entry, key)
		}
	}
	if len(entry) == 0 {
		return nil, nil, errors.New("no key of the zone is the one that the zone above vouches for (DS)")
	}
	sig, err := set.Verify(zone, entry, now)
	if err != nil {
		return nil, nil, fmt.Errorf("the zone's keys: %w", err)
	}
	return all, sig, nil
}

func names(ds *dns.DS, key *dns.DNSKEY) bool {
	if ds.KeyTag != key.KeyTag() || ds.Algorithm != key.Algorithm {
		return false
	}
	made := key.ToDS(ds.DigestType)
	return made != nil && equalHex(made.Digest, ds.Digest)
}

func supported(ds *dns.DS) bool {
	switch ds.Algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512, dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519:
		return ds.DigestType == dns.SHA1 || ds.DigestType == dns.SHA256 || ds.DigestType == dns.SHA384
	}
	return false
}

// coversNSEC reports whether a NSEC record shows that a name does not exist: the
// name lies between its owner and the next name, and that is not below the name,
// which would make it an empty non-terminal (RFC 8020 §2, RFC 4592 §2.2.2).
func coversNSEC(rr *dns.NSEC, zone, name string) bool {
	return spansNSEC(rr, zone, name) && !below(resolve.Canonical(rr.NextDomain), name)
}

// spansNSEC reports whether a name lies between a NSEC record's owner and the
// next name of the zone (RFC 4034 §4.1.1, §6.1).
func spansNSEC(rr *dns.NSEC, zone, name string) bool {
	owner, next := resolve.Canonical(rr.Hdr.Name), resolve.Canonical(rr.NextDomain)
	if !below(name, zone) || below(name, owner) && owner != name && cut(rr.TypeBitMap) {
		return false
	}
	last := compare(next, owner) <= 0 // it wraps to the apex
	return compare(owner, name) < 0 && (last || compare(name, next) < 0)
}

// compare orders names canonically: by labels from the right, as bytes.
func compare(a, b string) int {
	la, lb := labels(a), labels(b)
	for i := 1; i <= len(la) && i <= len(lb); i++ {
		if c := bytes.Compare(la[len(la)-i], lb[len(lb)-i]); c != 0 {
			return c
		}
	}
	return len(la) - len(lb)
}

// labels are a name's labels as bytes; the name is in lower case already.
func labels(name string) [][]byte {
	var wire [256]byte
	end, err := dns.PackDomainName(dns.Fqdn(name), wire[:], 0, nil, false)
	if err != nil {
		return nil
	}
	var out [][]byte
	for at := 0; at < end && wire[at] != 0; at += int(wire[at]) + 1 {
		out = append(out, wire[at+1:at+1+int(wire[at])])
	}
	return out
}

// below reports whether name is above or lies below it.
func below(name, above string) bool { return dns.IsSubDomain(dns.Fqdn(above), dns.Fqdn(name)) }

// shared is the longest name that both lie below.
func shared(a, b string) string {
	n := dns.CompareDomainName(dns.Fqdn(a), dns.Fqdn(b))
	parts := dns.SplitDomainName(dns.Fqdn(a))
	if n == 0 {
		return "."
	}
	return strings.Join(parts[len(parts)-n:], ".")
}

func parentOf(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

// wildcard is the wildcard name directly below a name.
func wildcard(name string) string {
	if name == "." {
		return "*"
	}
	return "*." + name
}

func equalHex(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
