// Package reach decides which addresses a run may connect to where DNS or a
// certificate names them. Whoever controls a name or a certificate must not make
// this machine call into its own network.
package reach

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
)

// Class classifies an address by its reachability. The zero value is unreachable.
type Class int

// The classes.
const (
	Reserved Class = iota // multicast, documentation, transition mechanisms, everything not assigned for use
	Local                 // this machine, its link, or its instance metadata
	Private               // RFC 1918, RFC 4193 (ULA) and RFC 6598 (CGN, which Alibaba Cloud uses inside a VPC)
	Public                // the public Internet
)

// Of returns the class of an address. An IPv4 address inside an IPv6 one
// (IPv4-mapped, RFC 4291; the well-known NAT64 prefix, RFC 6052) counts as itself.
func Of(addr netip.Addr) Class {
	addr = plain(addr)
	switch {
	case metadata(addr), addr.IsLoopback(), addr.IsLinkLocalUnicast(), addr.IsInterfaceLocalMulticast(), addr.IsLinkLocalMulticast():
		return Local
	case addr.Is4():
		return of4(addr)
	}
	return of6(addr)
}

// plain returns an address without its zone, and an embedded IPv4 address as one.
func plain(addr netip.Addr) netip.Addr {
	addr = addr.WithZone("").Unmap()
	if netip.MustParsePrefix("64:ff9b::/96").Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr
}

func of4(addr netip.Addr) Class {
	switch {
	case addr.IsPrivate(), within(addr, "100.64.0.0/10"):
		return Private
	case within(addr, "0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"):
		return Reserved
	}
	return Public
}

// of6 takes for public only what is allocated for it (RFC 4291, IANA's registry of
// special-purpose addresses). Teredo and 6to4 lead on to any IPv4 address.
func of6(addr netip.Addr) Class {
	switch {
	case !addr.IsValid():
		return Reserved
	case within(addr, "fc00::/7"):
		return Private
	case !within(addr, "2000::/3"), within(addr, "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"):
		return Reserved
	}
	return Public
}

// metadata reports an address at which a cloud hands out credentials. Those of
// 169.254.0.0/16 are link-local anyway.
func metadata(addr netip.Addr) bool {
	return slices.Contains([]string{
		"100.100.100.200", // Alibaba Cloud
		"168.63.129.16",   // Azure
		"192.0.0.192",     // Oracle
		"fd00:ec2::254",   // AWS
		"fd20:ce::254",    // Google
		"fd00:42::42",     // Scaleway
	}, addr.String())
}

func within(addr netip.Addr, blocks ...string) bool {
	return slices.ContainsFunc(blocks, func(b string) bool { return netip.MustParsePrefix(b).Contains(addr) })
}

// Policy says what else than the public Internet may be reached.
type Policy struct {
	Private bool           // private addresses: the binding is of a private network
	Allow   []netip.Prefix // the owner's; a metadata address must be named alone
}

// Check returns an error for an address that may not be reached. Its text names
// the address and its class, not the name that led there.
func (p Policy) Check(addr netip.Addr) error {
	real := plain(addr)
	for _, allowed := range p.Allow {
		single := allowed.Bits() == allowed.Addr().BitLen()
		if allowed.Contains(real) && (single || !metadata(real)) && !real.IsMulticast() && !real.IsUnspecified() {
			return nil
		}
	}
	class := Of(addr)
	if class == Public || class == Private && p.Private {
		return nil
	}
	return fmt.Errorf("%s is %s", addr, class)
}

// String describes the class in a sentence after "is".
func (c Class) String() string {
	switch c {
	case Local:
		return "an address of this machine, its link or its instance metadata"
	case Private:
		return "a private address"
	case Public:
		return "a public address"
	}
	return "a reserved address"
}

// LoopbackURL reports whether an endpoint is an address of this machine.
func LoopbackURL(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.User != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}
