package certificate

import (
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"sync"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// maxProduct bounds the RSA moduli of a run that are compared, in bits of their
// product: 1,024 of 2048 bits. With so many a further one costs some 3 ms.
const maxProduct = 1024 * 2048

// moduli remembers the RSA keys of the certificates that a run has read. Whichever
// of two related keys is read later is told of the earlier one.
type moduli struct {
	mu      sync.Mutex
	known   map[string]int // modulus, big-endian → index in list
	list    []modulus
	product *big.Int // of the list
}

type modulus struct {
	n      *big.Int
	e      int
	source string
}

func newModuli() *moduli { return &moduli{known: map[string]int{}, product: big.NewInt(1)} }

// related returns the file of an earlier certificate whose modulus shares a prime
// with this one's, or is the same with another exponent; "" for none. The same key in
// several files is no relation: renewals and wildcards have it.
func (m *moduli) related(c *x509.Certificate, source string) string {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.Sign() <= 0 || key.N.BitLen() > 8192 {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := m.known[string(key.N.Bytes())]; ok && m.list[i].e != key.E {
		return m.list[i].source
	} else if ok {
		return m.others(key.N)
	}
	found := m.others(key.N)
	if m.product.BitLen() < maxProduct {
		m.known[string(key.N.Bytes())] = len(m.list)
		m.list = append(m.list, modulus{key.N, key.E, strings.Clone(source)})
		m.product = new(big.Int).Mul(m.product, key.N)
	}
	return found
}

// others looks for another modulus of the list that shares a prime with n: first in
// the product of all, which is one division.
func (m *moduli) others(n *big.Int) string {
	product := m.product
	if _, ok := m.known[string(n.Bytes())]; ok {
		product = new(big.Int).Quo(product, n)
	}
	if rest := new(big.Int).Mod(product, n); new(big.Int).GCD(nil, nil, rest, n).IsInt64() {
		return "" // 1, or a small factor, which weakkey.RSA names
	}
	for _, other := range m.list {
		if weakkey.SharedPrime(n, other.n) != "" {
			return other.source
		}
	}
	return ""
}
