package evidence

import (
	"net/netip"
	"slices"
)

// PublicAddress reports whether an address can be one of the public Internet: not
// loopback, link-local, multicast, private or reserved (IANA's registries of
// special-purpose addresses, RFC 6890; 198.18.0.0/15 is also what proxies make up
// addresses from). Documentation networks (RFC 5737, RFC 3849) count as public, for
// examples and sandboxes use them, and so does 64:ff9b::/96, which DNS64 answers
// with (RFC 6052).
func PublicAddress(addr netip.Addr) bool {
	addr = addr.Unmap()
	reserved := []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b:1::/48", "100::/64", "fec0::/10"}
	return addr.IsGlobalUnicast() && !addr.IsPrivate() &&
		!slices.ContainsFunc(reserved, func(block string) bool { return netip.MustParsePrefix(block).Contains(addr) })
}
