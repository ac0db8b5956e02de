package sandbox

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/sign"
)

// maxRecords limits the recorded calls.
const maxRecords = 1 << 16

// Received is one authenticated call.
type Received struct {
	Product string // classic, sts, apig or cas; empty for an unknown action
	Action  string
	Params  map[string]string // of the action, without certificate body and private key; of apig the body's fields too
	InURL   []string          // names of the parameters that were in the URL, sorted

	ChainDigest     string // sha256:<hex> of the certificate body in canonical PEM; empty without one
	PublicKeyDigest string // sha256:<hex> of the private key's SubjectPublicKeyInfo; empty without one

	Code      string // "" while running, OK, an error code, or the kind of fault that replaced the response
	Committed bool   // the state was changed
}

// record is the log of received calls, in order of arrival.
type record struct {
	mu    sync.Mutex
	calls []*Received
}

// add starts a call's entry; set completes it.
func (r *record) add(product string, call sign.Call, inURL []string) *Received {
	entry := &Received{Product: product, Action: call.Action, Params: maps.Clone(call.Params), InURL: inURL}
	for _, name := range [...]string{"CertificateBody", "Cert", "SignCert", "EncryptCert"} {
		if body := call.Params[name]; body != "" {
			entry.ChainDigest = ca.ChainDigest(body)
		}
		delete(entry.Params, name)
	}
	for _, name := range [...]string{"CertificatePrivateKey", "PrivateKey", "Key", "SignPrivateKey", "EncryptPrivateKey"} {
		if key := call.Params[name]; key != "" {
			entry.PublicKeyDigest = ca.PublicKeyDigest(key)
		}
		delete(entry.Params, name)
	}
	for name, value := range entry.Params {
		if strings.Contains(value, "PRIVATE KEY") {
			entry.Params[name] = "(a private key)"
		} else if name == "clientCACert" && value != "" {
			entry.Params[name] = ca.ChainDigest(value)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls) >= maxRecords {
		r.calls = slices.Delete(r.calls, 0, maxRecords/2)
	}
	r.calls = append(r.calls, entry)
	return entry
}

func (r *record) set(entry *Received, change func(*Received)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(entry)
}

func (r *record) get(entry *Received) Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	copied := *entry
	copied.Params = maps.Clone(entry.Params)
	return copied
}

func (r *record) all() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Received, len(r.calls))
	for i, entry := range r.calls {
		out[i] = *entry
		out[i].Params = maps.Clone(entry.Params)
	}
	return out
}
