package evidence

import (
	"net/netip"
	"testing"
)

func TestPublicAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"47.96.0.10": true, "2400:3200::1": true, "192.0.2.1": true, "2001:db8::1": true, "64:ff9b::2f60:a": true, "::ffff:47.96.0.10": true,
		"127.0.0.1": false, "::1": false, "10.0.0.1": false, "fd00::1": false, "169.254.169.254": false, "fe80::1": false, "224.0.0.1": false,
		"0.1.2.3": false, "100.100.2.136": false, "192.0.0.8": false, "198.18.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"64:ff9b:1::1": false, "100::1": false, "fec0::1": false, "::ffff:192.168.0.1": false, "::": false,
	} {
		if got := PublicAddress(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}
