package sign

import (
	"crypto/sha256"
	"sync"
)

// maxNonces is how many nonces a generation remembers: two of them are kept,
// so at least this many and at most twice as many, in about 10 MB.
const maxNonces = 1 << 17

// nonceMemory remembers nonces in two generations, so that its size is bounded
// whatever a client sends. The price: a replay that comes after maxNonces other
// calls, within the 15 minutes, is not noticed.
type nonceMemory struct {
	limit             int
	mu                sync.Mutex
	current, previous map[[16]byte]struct{}
}

// spend remembers a nonce and reports whether it was new.
func (m *nonceMemory) spend(nonce string) bool {
	sum := sha256.Sum256([]byte(nonce))
	key := [16]byte(sum[:16])
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, seen := m.current[key]; seen {
		return false
	}
	if _, seen := m.previous[key]; seen {
		return false
	}
	if m.current == nil || len(m.current) >= m.limit {
		m.previous, m.current = m.current, make(map[[16]byte]struct{})
	}
	m.current[key] = struct{}{}
	return true
}
