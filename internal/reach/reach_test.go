package reach

import (
	"net/netip"
	"testing"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]Class{
		"8.8.8.8": Public, "47.96.1.1": Public, "2400:3200::1": Public, "::ffff:8.8.8.8": Public, "64:ff9b::808:808": Public,
		"10.0.0.1": Private, "172.31.255.255": Private, "192.168.1.1": Private, "100.64.0.1": Private, "fd12::1": Private,
		"::ffff:10.0.0.1": Private, "64:ff9b::a00:1": Private, "::ffff:100.127.0.1": Private,
		"127.0.0.1": Local, "127.255.0.9": Local, "::1": Local, "169.254.169.254": Local, "fe80::1": Local, "fe80::1%eth0": Local,
		"::ffff:127.0.0.1": Local, "64:ff9b::7f00:1": Local, "64:ff9b::a9fe:a9fe": Local,
		"100.100.100.200": Local, "::ffff:100.100.100.200": Local, "64:ff9b::6464:64c8": Local, "168.63.129.16": Local, "fd00:ec2::254": Local, "ff02::1": Local,
		"224.0.0.1": Local, "0.0.0.0": Reserved, "0.1.2.3": Reserved, "239.1.1.1": Reserved, "240.0.0.1": Reserved, "255.255.255.255": Reserved,
		"192.0.2.1": Reserved, "203.0.113.7": Reserved, "198.18.0.1": Reserved, "192.0.0.8": Reserved,
		"::": Reserved, "::7f00:1": Reserved, "::ffff:0:7f00:1": Reserved, "64:ff9b:1::7f00:1": Reserved, "2002:7f00:1::": Reserved,
		"2001::7f00:1": Reserved, "2001:db8::1": Reserved, "3fff::1": Reserved, "fec0::1": Reserved, "100::1": Reserved, "ff0e::1": Reserved, "4000::1": Reserved,
	} {
		if got := Of(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if Of(netip.Addr{}) != Reserved {
		t.Error("the zero address is reached")
	}
}

func TestPolicy(t *testing.T) {
	allow := func(text ...string) (out []netip.Prefix) {
		for _, p := range text {
			out = append(out, netip.MustParsePrefix(p))
		}
		return out
	}
	for _, c := range []struct {
		policy Policy
		addr   string
		ok     bool
	}{
		{Policy{}, "8.8.8.8", true},
		{Policy{}, "10.0.0.1", false},
		{Policy{}, "203.0.113.7", false},
		{Policy{Private: true}, "10.0.0.1", true},
		{Policy{Private: true}, "64:ff9b::a00:1", true},
		{Policy{Private: true}, "127.0.0.1", false},
		{Policy{Private: true}, "169.254.169.254", false},
		{Policy{Private: true}, "100.100.100.200", false},
		{Policy{Private: true}, "fd00:ec2::254", false},
		{Policy{Allow: allow("10.0.0.0/8")}, "10.0.0.1", true},
		{Policy{Allow: allow("10.0.0.0/8")}, "::ffff:10.0.0.1", true},
		{Policy{Allow: allow("10.0.0.0/8")}, "192.168.0.1", false},
		{Policy{Allow: allow("127.0.0.0/8")}, "127.0.0.1", true},
		{Policy{Allow: allow("100.64.0.0/10", "0.0.0.0/0")}, "100.100.100.200", false},
		{Policy{Allow: allow("100.100.100.200/32")}, "100.100.100.200", true},
		{Policy{Allow: allow("203.0.113.0/24")}, "203.0.113.7", true},
		{Policy{Allow: allow("0.0.0.0/0", "::/0")}, "224.0.0.1", false},
		{Policy{Allow: allow("0.0.0.0/0", "::/0")}, "0.0.0.0", false},
	} {
		if err := c.policy.Check(netip.MustParseAddr(c.addr)); (err == nil) != c.ok {
			t.Errorf("%+v of %s: %v, want allowed %t", c.policy, c.addr, err, c.ok)
		}
	}
}

func TestLoopbackURL(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost": true,
		"https://apigateway.cn-hangzhou.aliyuncs.com": false, "http://localhost.example.net": false, "http://127.0.0.1@example.net": false,
		"http://user@127.0.0.1": false, "127.0.0.1:8080": false, "": false,
	} {
		if got := LoopbackURL(endpoint); got != want {
			t.Errorf("%q: got %t, want %t", endpoint, got, want)
		}
	}
}
