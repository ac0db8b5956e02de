package client

import "testing"

func TestNetworkTypeOfAnAnswer(t *testing.T) {
	for got, want := range map[string]string{"intranet": "INTRANET", "INTRANET": "INTRANET", "Internet": "INTERNET", "": "", "vpn": "vpn"} {
		if typ := networkType(got); typ != want {
			t.Errorf("%q: got %q, want %q", got, typ, want)
		}
	}
}
