package weakkey_test

import (
	"encoding/asn1"
	"encoding/hex"
	"testing"

	"github.com/bindgate/bindgate/checks/weakkey"
)

func TestUnaccepted(t *testing.T) {
	ec := asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	curve := func(oid ...int) asn1.RawValue {
		return asn1.RawValue{FullBytes: must(asn1.Marshal(asn1.ObjectIdentifier(oid)))}
	}
	for _, test := range []struct {
		oid        asn1.ObjectIdentifier
		parameters asn1.RawValue
		want       string
	}{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue, ""},
		{ec, curve(1, 2, 840, 10045, 3, 1, 7), ""},
		{ec, curve(1, 3, 132, 0, 33), ""}, // weak, and reported as such
		{ec, curve(1, 2, 156, 10197, 1, 301), "SM2"},
		{ec, curve(1, 3, 132, 0, 10), "ECDSA on the curve secp256k1"},
		{ec, curve(1, 3, 36, 3, 3, 2, 8, 1, 1, 7), "ECDSA on a Brainpool curve"},
		{ec, curve(1, 2, 3), "ECDSA on the unknown curve 1.2.3"},
		{ec, asn1.RawValue{FullBytes: []byte{0x30, 0}}, "ECDSA with explicit curve parameters"},
		{asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, asn1.NullRawValue, "DSA"},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, asn1.NullRawValue, "RSASSA-PSS"},
		{asn1.ObjectIdentifier{1, 3, 101, 110}, asn1.RawValue{}, "X25519"},
		{asn1.ObjectIdentifier{1, 3, 101, 111}, asn1.RawValue{}, "X448"},
		{asn1.ObjectIdentifier{1, 3, 101, 112}, asn1.RawValue{}, "Ed25519"},
		{asn1.ObjectIdentifier{1, 3, 101, 113}, asn1.RawValue{}, "Ed448"},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 17}, asn1.RawValue{}, "ML-DSA-44"},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}, asn1.RawValue{}, "ML-DSA-65"},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 19}, asn1.RawValue{}, "ML-DSA-87"},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 24}, asn1.RawValue{}, "SLH-DSA"},
		{asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 1}, asn1.RawValue{}, "GOST R 34.10-2012"},
		{asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}, asn1.RawValue{}, "SM2"},
		{asn1.ObjectIdentifier{1, 2, 3, 4}, asn1.RawValue{}, "of the unknown algorithm 1.2.3.4"},
	} {
		type identifier struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		spki := must(asn1.Marshal(struct {
			Algorithm identifier
			Key       asn1.BitString
		}{identifier{test.oid, test.parameters}, asn1.BitString{Bytes: []byte{1}, BitLength: 8}}))
		if got := weakkey.Unaccepted(spki); got != test.want {
			t.Errorf("%s: got %q, want %q", hex.EncodeToString(spki), got, test.want)
		}
	}
	for _, none := range [][]byte{nil, {0x30, 0}, {0x30, 2, 0x30, 0}, []byte("hello")} {
		if got := weakkey.Unaccepted(none); got != "" {
			t.Errorf("%x: got %q", none, got)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
