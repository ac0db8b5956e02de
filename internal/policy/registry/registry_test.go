package registry_test

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/policy/registry"
	"github.com/bindgate/bindgate/internal/policy/registry/registrytest"
)

const layerType = "application/vnd.oci.image.layer.v1.tar+gzip"

func archive(t *testing.T) []byte {
	t.Helper()
	data, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte("package bindgate.policy.x\n")}}, ast.RegoV1)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func none(string) (string, bool) { return "", false }

// serve starts a registry without TLS and returns a reference to one of its
// repositories.
func serve(t *testing.T, h http.Handler) bundle.Ref {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return bundle.Ref{Host: strings.TrimPrefix(server.URL, "http://"), Repository: "team/policies", Tag: "v1"}
}

func TestPushResolveFetch(t *testing.T) {
	r := &registrytest.Registry{User: "ci", Password: "geheim"}
	ref := serve(t, r)
	dir := t.TempDir()
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := registry.Options{LookupEnv: none, Hosts: map[string]registry.Host{ref.Host: {Username: "ci", PasswordFile: password}}}
	c := registry.New(o)
	pushed, err := c.Push(t.Context(), ref, archive(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Push(t.Context(), ref, archive(t))
	if err != nil || again != pushed {
		t.Errorf("pushed again: %s, %v; want %s", again, err, pushed)
	}
	if got, err := c.Resolve(t.Context(), ref); err != nil || got != pushed {
		t.Errorf("resolved %s, %v; want %s", got, err, pushed)
	}
	locked := ref
	locked.Digest = pushed
	if got, err := c.Fetch(t.Context(), locked); err != nil || string(got) != string(archive(t)) {
		t.Errorf("fetched %d bytes, %v", len(got), err)
	}
	if _, err := c.Fetch(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "has no digest") || !strings.Contains(err.Error(), "write "+locked.String()) {
		t.Errorf("a tag alone: %v; want the digest to write", err)
	}
	if _, err := registry.New(registry.Options{LookupEnv: none}).Fetch(t.Context(), locked); err == nil || !strings.Contains(err.Error(), "docker login") || errors.Is(err, registry.ErrUnavailable) {
		t.Errorf("without credentials: %v", err)
	}
	_ = os.WriteFile(password, []byte("falsch\n"), 0o600)
	if _, err := c.Fetch(t.Context(), locked); err == nil || !strings.Contains(err.Error(), "answered 401") || strings.Contains(err.Error(), "falsch") {
		t.Errorf("a wrong password: %v", err)
	}
}

// TestCache shows that a fetched bundle needs no network, and that what was changed
// in the cache is not used.
func TestCache(t *testing.T) {
	r := &registrytest.Registry{}
	ref := serve(t, r)
	ref.Digest = r.Put(ref.Repository, ref.Tag, layerType, archive(t))
	cache := filepath.Join(t.TempDir(), "bindgate", "policies")
	online := registry.New(registry.Options{LookupEnv: none, Cache: cache})
	offline := registry.New(registry.Options{LookupEnv: none, Cache: cache, Offline: "--offline"})
	if _, err := offline.Fetch(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "--offline asks no registry; run `bindgate policy check "+ref.String()) {
		t.Errorf("offline, not in the cache: %v", err)
	}
	if len(r.Asked()) > 0 {
		t.Errorf("offline, the registry was asked: %v", r.Asked())
	}
	if _, err := online.Fetch(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	asked := len(r.Asked())
	for _, c := range []*registry.Client{online, offline} {
		if got, err := c.Fetch(t.Context(), ref); err != nil || string(got) != string(archive(t)) || len(r.Asked()) != asked {
			t.Errorf("from the cache: %d bytes, %v, %d requests; want none after %d", len(got), err, len(r.Asked()), asked)
		}
	}
	files, _ := filepath.Glob(filepath.Join(cache, "*"))
	if len(files) != 2 {
		t.Fatalf("the cache holds %v, want manifest and layer", files)
	}
	for _, file := range files {
		before, _ := os.ReadFile(file)
		if err := os.WriteFile(file, append([]byte("x"), before[1:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := offline.Fetch(t.Context(), ref); err == nil {
			t.Errorf("offline, with a changed %s: no error", filepath.Base(file))
		}
		if got, err := online.Fetch(t.Context(), ref); err != nil || string(got) != string(archive(t)) {
			t.Errorf("online, with a changed %s: %v", filepath.Base(file), err)
		}
		if after, _ := os.ReadFile(file); string(after) != string(before) {
			t.Errorf("%s was not repaired", filepath.Base(file))
		}
	}
	if err := os.RemoveAll(cache); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cache, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	if _, err := online.Fetch(t.Context(), ref); err != nil {
		t.Errorf("a cache that cannot be written: %v", err)
	}
}

// TestHostileRegistry answers each request for a bundle by something else.
func TestHostileRegistry(t *testing.T) {
	good := archive(t)
	for name, tc := range map[string]struct {
		before      func(w http.ResponseWriter, q *http.Request) bool
		want        string
		unavailable bool
	}{
		"another manifest": {on("/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			fmt.Fprint(w, `{"schemaVersion":2}`)
		}), "digest", false},
		"another layer": {on("/blobs/", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append([]byte("x"), good[1:]...))
		}), "sent a layer with the digest", false},
		"a short layer":    {on("/blobs/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(good[:10]) }), "", false},
		"an endless body":  {on("/manifests/", endless("application/vnd.oci.image.manifest.v1+json")), "more than", false},
		"an endless layer": {on("/blobs/", endless("application/octet-stream")), "has not the", false},
		"a web page": {on("/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>log in")
		}), "digest", false},
		"to loopback": {on("/blobs/", func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "https://127.0.0.2:1/x", http.StatusTemporaryRedirect)
		}), "leads to 127.0.0.2:1: 127.0.0.2 is an address of this machine", false},
		"to the metadata service": {on("/blobs/", func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "https://100.100.100.200/latest/meta-data", http.StatusFound)
		}), "leads to 100.100.100.200: 100.100.100.200 is an address of this machine", false},
		"to another host without TLS": {on("/blobs/", func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "http://169.254.169.254/x", http.StatusFound)
		}), "want https for another host", false},
		"around":                   {on("/blobs/", func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, q.URL.Path, http.StatusFound) }), "redirects more than 5 times", false},
		"an error":                 {on("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }), "could not be asked: it answered 502", true},
		"too many requests":        {on("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }), "answered 429", true},
		"an end of the connection": {on("/", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }), "could not be asked", true},
		"no answer":                {on("/", func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }), "could not be asked", true},
		"nothing":                  {on("/manifests/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }), "does not have it; check repository, tag and digest", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &registrytest.Registry{}
			ref := serve(t, r)
			ref.Digest = r.Put(ref.Repository, ref.Tag, layerType, good)
			r.Before = tc.before
			o := registry.Options{LookupEnv: none, Cache: t.TempDir()}
			if name == "no answer" {
				o.Timeout = 100 * time.Millisecond
			}
			got, err := registry.New(o).Fetch(t.Context(), ref)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), ref.String()) {
				t.Errorf("got %d bytes, error %v; want %q and the reference", len(got), err, tc.want)
			}
			if errors.Is(err, registry.ErrUnavailable) != tc.unavailable {
				t.Errorf("trying again helps: %t, want %t: %v", !tc.unavailable, tc.unavailable, err)
			}
			if kept, _ := filepath.Glob(filepath.Join(o.Cache, "*")); len(kept) > 0 {
				t.Errorf("kept %v", kept)
			}
		})
	}
}

func on(part string, do http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, q *http.Request) bool {
		if !strings.Contains(q.URL.Path, part) {
			return false
		}
		do(w, q)
		return true
	}
}

func endless(contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if q.Method == http.MethodHead {
			w.Header().Set("Content-Length", "100")
		}
		for q.Method == http.MethodGet {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
}

func TestManifestsThatHoldNoBundle(t *testing.T) {
	for name, tc := range map[string]struct{ manifest, want string }{
		"not JSON":        {"<html>", "is not JSON"},
		"an index":        {`{"schemaVersion":2,"manifests":[{"digest":"sha256:x"}]}`, "index of several images"},
		"no layer":        {`{"schemaVersion":2,"layers":[]}`, "has 0 layers, want one"},
		"conftest's":      {`{"layers":[{"mediaType":"application/vnd.cncf.openpolicyagent.policy.layer.v1+rego"}]}`, `type "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego"`},
		"another hash":    {`{"layers":[{"mediaType":"` + layerType + `","digest":"md5:x"}]}`, "want SHA-256"},
		"too large":       {`{"layers":[{"mediaType":"` + layerType + `","digest":"sha256:` + strings.Repeat("0", 64) + `","size":99999999}]}`, "has 99999999 bytes"},
		"a negative size": {`{"layers":[{"mediaType":"` + layerType + `","digest":"sha256:` + strings.Repeat("0", 64) + `","size":-1}]}`, "has -1 bytes"},
		"a huge manifest": {`{"layers":"` + strings.Repeat("x", 2<<20) + `"}`, "fetching"},
	} {
		t.Run(name, func(t *testing.T) {
			ref := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				w.Header().Set("Content-Length", fmt.Sprint(len(tc.manifest)))
				_, _ = io.WriteString(w, tc.manifest)
			}))
			ref.Digest = bundle.Digest([]byte(tc.manifest))
			if _, err := registry.New(registry.Options{LookupEnv: none}).Fetch(t.Context(), ref); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestCredentialsStayWithTheRegistry lets a registry ask for its credentials to be
// sent to another host.
func TestCredentialsStayWithTheRegistry(t *testing.T) {
	var leaked []string
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		leaked = append(leaked, q.Header.Get("Authorization")+string(body))
		fmt.Fprint(w, `{"token":"token-of-the-service","access_token":"token-of-the-service"}`)
	}))
	defer other.Close()
	host := strings.TrimPrefix(other.URL, "https://")
	dir := t.TempDir()
	ca, docker := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "config.json")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &registrytest.Registry{}
	server := httptest.NewTLSServer(r)
	defer server.Close()
	ref := bundle.Ref{Host: strings.TrimPrefix(server.URL, "https://"), Repository: "team/policies", Tag: "v1"}
	ref.Digest = r.Put(ref.Repository, ref.Tag, layerType, archive(t))

	for name, tc := range map[string]struct {
		auth   string
		before func(http.ResponseWriter, *http.Request) bool
	}{
		"basic to the token service": {`"auth":"` + base64.StdEncoding.EncodeToString([]byte("ci:geheim")) + `"`, challenge(other.URL)},
		"an identity token to it":    {`"identitytoken":"geheim"`, challenge(other.URL)},
		"a redirect": {`"auth":"` + base64.StdEncoding.EncodeToString([]byte("ci:geheim")) + `"`, func(w http.ResponseWriter, q *http.Request) bool {
			if q.Header.Get("Authorization") == "" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			http.Redirect(w, q, other.URL, http.StatusTemporaryRedirect)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			leaked = nil
			r.Before = tc.before
			if err := os.WriteFile(docker, []byte(`{"auths":{"`+ref.Host+`":{`+tc.auth+`}}}`), 0o600); err != nil {
				t.Fatal(err)
			}
			o := registry.Options{LookupEnv: none, Docker: docker, Hosts: map[string]registry.Host{ref.Host: {CA: ca}}}
			_, err := registry.New(o).Fetch(t.Context(), ref)
			if err == nil || !strings.Contains(err.Error(), host) || !strings.Contains(err.Error(), "hosts of the owner's file") || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v, want the other host and where to name it", err)
			}
			if len(leaked) > 0 {
				t.Errorf("the other host received %q", leaked)
			}
			if name == "a redirect" {
				return
			}
			o.Hosts = map[string]registry.Host{ref.Host: {CA: ca, Also: []string{host}}}
			if got, err := registry.New(o).Fetch(t.Context(), ref); err != nil || string(got) != string(archive(t)) || len(leaked) == 0 {
				t.Errorf("a host that the owner names: %v, it received %d requests", err, len(leaked))
			}
		})
	}
}

// challenge asks for a token of the realm.
func challenge(realm string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, q *http.Request) bool {
		if q.Header.Get("Authorization") == "Bearer token-of-the-service" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`/token",service="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}

func TestDockerConfig(t *testing.T) {
	r := &registrytest.Registry{User: "ci", Password: "ge:heim"}
	ref := serve(t, r)
	ref.Digest = r.Put(ref.Repository, ref.Tag, layerType, archive(t))
	right := `"auth":"` + base64.StdEncoding.EncodeToString([]byte("ci:ge:heim")) + `"`
	for name, tc := range map[string]struct{ config, want string }{
		"auths":            {`{"auths":{"HOST":{` + right + `}}}`, ""},
		"auths with a URL": {`{"auths":{"https://HOST/v2/":{` + right + `}}}`, ""},
		"another host":     {`{"auths":{"other.example.com":{` + right + `}}}`, "docker login HOST"},
		"a helper":         {`{"credHelpers":{"HOST":"ecr-login"},"auths":{"HOST":{` + right + `}}}`, "docker-credential-ecr-login, and bindgate starts no programs"},
		"a store":          {`{"credsStore":"desktop","auths":{"HOST":{}}}`, "docker-credential-desktop, and bindgate starts no programs"},
		"a store alone":    {`{"credsStore":"desktop"}`, "docker-credential-desktop of"},
		"an empty entry":   {`{"auths":{"HOST":{}}}`, "holds no credentials"},
		"not base64":       {`{"auths":{"HOST":{"auth":"ge!heim"}}}`, "no base64 of user:password"},
		"not JSON":         {`geheim`, "not the JSON that `docker login` writes"},
		"no file":          {"", "docker login HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			docker := filepath.Join(t.TempDir(), "config.json")
			if tc.config != "" {
				if err := os.WriteFile(docker, []byte(strings.ReplaceAll(tc.config, "HOST", ref.Host)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := registry.New(registry.Options{LookupEnv: none, Docker: docker}).Fetch(t.Context(), ref)
			want := strings.ReplaceAll(tc.want, "HOST", ref.Host)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("got %v, want %q", err, want)
			}
			if err != nil && (strings.Contains(err.Error(), "heim") || strings.Contains(err.Error(), right)) {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

// TestAnonymousStorage follows a redirect to a storage that the owner names.
func TestAnonymousStorage(t *testing.T) {
	good := archive(t)
	storage := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "" {
			t.Error("the storage received credentials")
		}
		_, _ = w.Write(good)
	}))
	defer storage.Close()
	host := strings.TrimPrefix(storage.URL, "https://")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: storage.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &registrytest.Registry{}
	r.Before = on("/blobs/", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, storage.URL+"/signed?token=geheim", http.StatusTemporaryRedirect)
	})
	server := httptest.NewTLSServer(r)
	defer server.Close()
	ref := bundle.Ref{Host: strings.TrimPrefix(server.URL, "https://"), Repository: "p", Tag: "v1"}
	ref.Digest = r.Put("p", "v1", layerType, good)
	o := registry.Options{LookupEnv: none, Hosts: map[string]registry.Host{ref.Host: {CA: ca}}}
	if _, err := registry.New(o).Fetch(t.Context(), ref); err == nil || strings.Contains(err.Error(), "geheim") || !strings.Contains(err.Error(), "name the host in registries."+ref.Host+".hosts") {
		t.Errorf("a storage at a loopback address: %v", err)
	}
	o.Hosts[ref.Host] = registry.Host{CA: ca, Also: []string{host}}
	if got, err := registry.New(o).Fetch(t.Context(), ref); err != nil || !slices.Equal(got, good) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}
