package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
)

// comparePoint says whether point is the public key of a private number.
func comparePoint(curve elliptic.Curve, private, point []byte) []string {
	size := (curve.Params().BitSize + 7) / 8
	private = bytes.TrimLeft(private, "\x00")
	if len(private) > size {
		return nil
	}
	padded := append(make([]byte, size-len(private)), private...)
	key, err := ecdsa.ParseRawPrivateKey(curve, padded)
	if err != nil {
		return []string{"the private number is not between 1 and the order of the curve"}
	}
	want, err := key.PublicKey.Bytes()
	if err != nil {
		return nil
	}
	if len(point) == size+1 && (point[0] == 2 || point[0] == 3) { // compressed: x, and whether y is odd
		want = append([]byte{2 + want[len(want)-1]&1}, want[1:size+1]...)
	}
	if !bytes.Equal(point, want) {
		return []string{"the public point is not that of the private number (Q = d*G)"}
	}
	return nil
}

// curveOf is the NIST curve of an object identifier, nil for another.
func curveOf(oid asn1.ObjectIdentifier) elliptic.Curve {
	switch oid.String() {
	case "1.3.132.0.33":
		return elliptic.P224()
	case "1.2.840.10045.3.1.7":
		return elliptic.P256()
	case "1.3.132.0.34":
		return elliptic.P384()
	case "1.3.132.0.35":
		return elliptic.P521()
	}
	return nil
}
