// Package registrytest is an OCI registry in memory, for tests. It shares no code
// with the client.
package registrytest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Registry is an http.Handler of the parts of the distribution specification that
// pull and push need.
type Registry struct {
	User, Password string // of basic authentication; empty: none

	// Before answers a request in the registry's place where it returns true.
	Before func(http.ResponseWriter, *http.Request) bool

	mu        sync.Mutex
	blobs     map[string][]byte // by digest
	manifests map[string][]byte // by repository@digest, repository:tag
	asked     []string
}

// Asked returns method and path of every request so far.
func (r *Registry) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// Put stores a manifest of one layer under a tag and returns its digest.
func (r *Registry) Put(repository, tag, mediaType string, layer []byte) string {
	config := []byte("{}")
	text, _ := json.Marshal(map[string]any{ // strings, numbers and maps
		"schemaVersion": 2, "mediaType": manifestType,
		"config": map[string]any{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config), "size": len(config)},
		"layers": []any{map[string]any{"mediaType": mediaType, "digest": digest(layer), "size": len(layer)}},
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	r.blobs[digest(config)], r.blobs[digest(layer)] = config, layer
	r.manifests[repository+"@"+digest(text)], r.manifests[repository+":"+tag] = text, text
	return digest(text)
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

func (r *Registry) init() {
	if r.blobs == nil {
		r.blobs, r.manifests = map[string][]byte{}, map[string][]byte{}
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ServeHTTP answers a request.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.init()
	r.asked = append(r.asked, q.Method+" "+q.URL.Path)
	r.mu.Unlock()
	if r.Before != nil && r.Before(w, q) {
		return
	}
	if user, password, _ := q.BasicAuth(); r.User != "" && (user != r.User || password != r.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(q.URL.Path, "/v2/")
	r.mu.Lock()
	defer r.mu.Unlock()
	switch repository, rest := cutLast(path, "/manifests/"); {
	case rest != "":
		r.manifest(w, q, repository, rest)
	case strings.HasSuffix(path, "/blobs/uploads/") && q.Method == http.MethodPost:
		w.Header().Set("Location", "/v2/"+path+"one")
		w.WriteHeader(http.StatusAccepted)
	case q.Method == http.MethodPut:
		data, _ := io.ReadAll(q.Body) // of a test
		r.blobs[digest(data)] = data
		w.WriteHeader(http.StatusCreated)
	default:
		_, name := cutLast(path, "/blobs/")
		r.answer(w, q, "application/octet-stream", r.blobs[name])
	}
}

func (r *Registry) manifest(w http.ResponseWriter, q *http.Request, repository, name string) {
	key := func(name string) string {
		if strings.HasPrefix(name, "sha256:") {
			return repository + "@" + name
		}
		return repository + ":" + name
	}
	if q.Method == http.MethodPut {
		data, _ := io.ReadAll(q.Body) // of a test
		r.manifests[key(name)], r.manifests[key(digest(data))] = data, data
		w.Header().Set("Docker-Content-Digest", digest(data))
		w.WriteHeader(http.StatusCreated)
		return
	}
	r.answer(w, q, manifestType, r.manifests[key(name)])
}

func (r *Registry) answer(w http.ResponseWriter, q *http.Request, contentType string, data []byte) {
	if data == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Docker-Content-Digest", digest(data))
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if q.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

// cutLast cuts at the last separator; after is empty if there is none.
func cutLast(s, sep string) (before, after string) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, ""
	}
	return s[:at], s[at+len(sep):]
}
