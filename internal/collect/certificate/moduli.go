package certificate

import (
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
	"sync"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// maxProduct limits the compared RSA moduli of a run, in bits of their product:
// 1,024 of 2048 bits. A further one then takes about 3 ms.
const maxProduct = 1024 * 2048

// moduli records the RSA keys of the certificates read in a run. The later of
// two related keys is reported with the earlier one.
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

// related returns the file of an earlier certificate whose modulus shares a
// prime with this one's, or is equal with another exponent; "" if there is
// none. The same key in several files is not related: renewals and wildcards
// share it.
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

// others looks for another modulus of the list that shares a prime with n, with
// one division of the product of all.
func (m *moduli) others(n *big.Int) string {
	product := m.product
	if _, ok := m.known[string(n.Bytes())]; ok {
		product = new(big.Int).Quo(product, n)
	}
	if rest := new(big.Int).Mod(product, n); new(big.Int).GCD(nil, nil, rest, n).IsInt64() {
		return "" // 1, or a small factor, which weakkey.RSA reports
	}
	for _, other := range m.list {
		if weakkey.SharedPrime(n, other.n) != "" {
			return other.source
		}
	}
	return ""
}
