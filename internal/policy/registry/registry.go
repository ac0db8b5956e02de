// Package registry fetches policy bundles from OCI registries and pushes them.
// What it returns has the digest that was asked for. Fetched content is kept in a
// cache and hashed again at each use. Credentials are static, and are sent to the
// registry itself and to the hosts that the gate owner names for it, to no other.
package registry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	orasregistry "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/policy/bundle"
)

// ErrUnavailable marks a registry that could not be asked; trying again may help.
var ErrUnavailable = errors.New("the registry could not be asked")

const (
	maxManifest    = 1 << 20
	defaultTimeout = time.Minute // of one fetch or push
)

// Options say how registries are asked.
type Options struct {
	Cache     string                      // folder of fetched bundles, absolute; empty: nothing is kept
	Offline   string                      // why no registry is asked, such as --offline; empty: registries are asked
	Hosts     map[string]Host             // by registry, lower case
	Docker    string                      // Docker's config.json, absolute; empty: none
	LookupEnv func(string) (string, bool) // proxies
	UserAgent string
	Timeout   time.Duration // 0: one minute
}

// Host is what the gate owner configures for a registry.
type Host struct {
	Username     string
	PasswordFile string   // absolute
	CA           string   // PEM file of the registry's roots, absolute; empty: the system's
	Also         []string // other hosts that receive its credentials and may have any address, such as a token service
}

// Client asks registries. It is safe for concurrent use.
type Client struct{ o Options }

// New returns a client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return &Client{o: o}
}

// Fetch returns the bundle that the registry holds under the digest of the
// reference, from the cache if it is there. It fails for a reference without a
// digest, and names the one to write if the registry can be asked.
func (c *Client) Fetch(ctx context.Context, ref bundle.Ref) ([]byte, error) {
	if ref.Digest == "" {
		return nil, c.unlocked(ctx, ref)
	}
	text, cached := c.load(ref.Digest, maxManifest)
	if cached {
		if layer, err := layerOf(text); err == nil {
			if archive, ok := c.load(string(layer.Digest), bundle.MaxArchive); ok {
				return archive, nil
			}
		}
	}
	if c.o.Offline != "" {
		return nil, fmt.Errorf("%q is not in the cache%s, and %s asks no registry; run `bindgate policy check %s` once with a network", ref, c.where(), c.o.Offline, ref)
	}
	var archive []byte
	err := c.ask(ctx, ref, "fetching", func(ctx context.Context, repo *remote.Repository) (err error) {
		if text, err = fetchManifest(ctx, repo, ref.Digest); err != nil {
			return err
		}
		layer, err := layerOf(text)
		if err != nil {
			return err
		}
		archive, err = fetchLayer(ctx, repo, layer)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Keep(text)
	c.Keep(archive)
	return archive, nil
}

// unlocked explains what to write in the place of a reference without digest.
func (c *Client) unlocked(ctx context.Context, ref bundle.Ref) error {
	const why = "whoever can push to the registry would choose the policies"
	if c.o.Offline == "" && ref.Tag != "" {
		if digest, err := c.Resolve(ctx, ref); err == nil {
			locked := ref
			locked.Digest = digest
			return fmt.Errorf("%q has no digest: %s; if what the tag names now is meant, write %s", ref, why, locked)
		}
	}
	return fmt.Errorf("%q has no digest: %s; `bindgate policy lock` and `bindgate policy push` print the digest to write", ref, why)
}

// Resolve returns the digest that a tag names now.
func (c *Client) Resolve(ctx context.Context, ref bundle.Ref) (string, error) {
	if ref.Tag == "" {
		return "", fmt.Errorf("asking for a digest: %q has no tag", ref)
	}
	if c.o.Offline != "" {
		return "", fmt.Errorf("asking for the digest of %q: %s asks no registry", ref, c.o.Offline)
	}
	var found string
	err := c.ask(ctx, ref, "asking for the digest of", func(ctx context.Context, repo *remote.Repository) error {
		text, err := fetchManifest(ctx, repo, ref.Tag)
		if err != nil {
			return err
		}
		if _, err := layerOf(text); err != nil {
			return err
		}
		found = bundle.Digest(text)
		return nil
	})
	return found, err
}

// Push stores a bundle under the tag of the reference, if it has one, and returns the
// digest of its manifest. The same bundle gives the same digest.
func (c *Client) Push(ctx context.Context, ref bundle.Ref, archive []byte) (string, error) {
	config := []byte("{}")
	layer := oci.Descriptor{MediaType: oci.MediaTypeImageLayerGzip, Digest: digest.FromBytes(archive), Size: int64(len(archive))}
	about := oci.Descriptor{MediaType: oci.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config))}
	manifest := oci.Manifest{MediaType: oci.MediaTypeImageManifest, Config: about, Layers: []oci.Descriptor{layer}}
	manifest.SchemaVersion = 2
	text, err := json.Marshal(manifest)
	if err != nil {
		return "", fmt.Errorf("pushing %q: %w", ref, err)
	}
	whole := oci.Descriptor{MediaType: oci.MediaTypeImageManifest, Digest: digest.FromBytes(text), Size: int64(len(text))}
	return string(whole.Digest), c.ask(ctx, ref, "pushing", func(ctx context.Context, repo *remote.Repository) error {
		for _, blob := range []struct {
			oci.Descriptor
			data []byte
		}{{about, config}, {layer, archive}} {
			there, err := repo.Blobs().Exists(ctx, blob.Descriptor)
			if err == nil && !there {
				err = repo.Blobs().Push(ctx, blob.Descriptor, bytes.NewReader(blob.data))
			}
			if err != nil {
				return err
			}
		}
		return repo.Manifests().PushReference(ctx, whole, bytes.NewReader(text), cmp.Or(ref.Tag, string(whole.Digest)))
	})
}

// ask opens the repository and wraps the errors of what is done there.
func (c *Client) ask(ctx context.Context, ref bundle.Ref, act string, do func(context.Context, *remote.Repository) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	w, err := c.web(ref)
	if err != nil {
		return fmt.Errorf("%s %q: %w", act, ref, err)
	}
	defer w.close()
	repo := &remote.Repository{
		Reference: orasregistry.Reference{Registry: ref.Host, Repository: ref.Repository},
		PlainHTTP: w.scheme == "http", MaxMetadataBytes: maxManifest, SkipReferrersGC: true,
		Client: &auth.Client{
			Client: &http.Client{Transport: w, CheckRedirect: w.redirect}, Header: http.Header{"User-Agent": {c.o.UserAgent}},
			Cache: auth.NewCache(), ClientID: "bindgate", BlockedRealmPrefixes: noPrefixes(), // web checks each address as it is dialled
			Credential: func(context.Context, string) (auth.Credential, error) { return w.credential, nil },
		},
	}
	if err := do(ctx, repo); err != nil {
		return fmt.Errorf("%s %q: %w", act, ref, w.explain(err))
	}
	return nil
}

// fetchManifest returns the manifest under a tag or digest; of a digest, it is
// checked.
func fetchManifest(ctx context.Context, repo *remote.Repository, reference string) ([]byte, error) {
	_, body, err := repo.Manifests().FetchReference(ctx, reference)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, maxManifest+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxManifest:
		return nil, fmt.Errorf("its manifest has more than %d bytes", maxManifest)
	case bundle.IsDigest(reference) && bundle.Digest(text) != reference:
		return nil, fmt.Errorf("the registry sent a manifest with the digest %s, want %s", bundle.Digest(text), reference)
	}
	return text, nil
}

// layerOf returns the bundle's descriptor in a manifest.
func layerOf(text []byte) (oci.Descriptor, error) {
	var m struct {
		oci.Manifest
		Manifests []oci.Descriptor `json:"manifests"`
	}
	err := json.Unmarshal(text, &m)
	switch {
	case err != nil:
		return oci.Descriptor{}, fmt.Errorf("its manifest is not JSON, and no image: %w", err)
	case len(m.Manifests) > 0:
		return oci.Descriptor{}, errors.New("it is an index of several images, want the digest of one")
	case len(m.Layers) != 1:
		return oci.Descriptor{}, fmt.Errorf("its manifest has %d layers, want one, the bundle; `bindgate policy push` makes such an image", len(m.Layers))
	}
	layer := m.Layers[0]
	switch {
	case layer.MediaType != oci.MediaTypeImageLayerGzip:
		return layer, fmt.Errorf("its layer is of type %.80q, want %s, an OPA bundle; `bindgate policy push` makes such an image", layer.MediaType, oci.MediaTypeImageLayerGzip)
	case !bundle.IsDigest(string(layer.Digest)):
		return layer, fmt.Errorf("its layer has the digest %.80q, want SHA-256", layer.Digest)
	case layer.Size < 0 || layer.Size > bundle.MaxArchive:
		return layer, fmt.Errorf("its layer has %d bytes, want at most %d", layer.Size, bundle.MaxArchive)
	}
	return layer, nil
}

func fetchLayer(ctx context.Context, repo *remote.Repository, layer oci.Descriptor) ([]byte, error) {
	body, err := repo.Blobs().Fetch(ctx, layer)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, layer.Size+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) != layer.Size:
		return nil, fmt.Errorf("the registry sent a layer that has not the %d bytes of its manifest", layer.Size)
	case bundle.Digest(data) != string(layer.Digest):
		return nil, fmt.Errorf("the registry sent a layer with the digest %s, want %s", bundle.Digest(data), layer.Digest)
	}
	return data, nil
}

// explain adds the next step to an error of the library, and marks those that
// trying again may cure.
func (w *web) explain(err error) error {
	var answer *errcode.ErrorResponse
	switch {
	case w.refused() != nil: // the library wraps it in the text of a request
		return w.refused()
	case errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden):
		return fmt.Errorf("the registry answered %d %s; %s", answer.StatusCode, http.StatusText(answer.StatusCode), w.access)
	case errors.As(err, &answer) && (answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500):
		return fmt.Errorf("%w: it answered %d %s", ErrUnavailable, answer.StatusCode, http.StatusText(answer.StatusCode))
	case errors.As(err, &answer):
		return fmt.Errorf("the registry answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return fmt.Errorf("the registry wants credentials; %s", w.access)
	case errors.Is(err, errdef.ErrNotFound):
		return errors.New("the registry does not have it; check repository, tag and digest")
	case w.failed():
		return fmt.Errorf("%w: %s", ErrUnavailable, plain(err))
	}
	return errors.New(plain(err))
}

// query is that of an address in the library's errors: a redirect's may hold a token.
var query = lazyregexp.New(`\?[^\s"]*`)

func plain(err error) string { return query.ReplaceAllString(bare(err).Error(), "") }
