// Package ident makes the ids that the gateway gives to requests and
// certificates.
package ident

import (
	"crypto/rand"
	"fmt"
)

// New is a random id in the shape of the published examples: an upper-case
// UUID (RFC 9562 §5.4).
func New() string {
	var b [16]byte
	rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
