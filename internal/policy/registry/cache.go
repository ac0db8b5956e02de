package registry

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/policy/bundle"
)

// Kept returns a bundle that Keep stored.
func (c *Client) Kept(digest string) ([]byte, bool) { return c.load(digest, bundle.MaxArchive) }

// load returns content of the cache by its digest. Content that does not match is
// as good as none: anybody who can write to the folder may have changed it.
func (c *Client) load(digest string, limit int64) ([]byte, bool) {
	if c.o.Cache == "" || !bundle.IsDigest(digest) {
		return nil, false
	}
	data, err := confine.ReadBounded(filepath.Join(c.o.Cache, fileOf(digest)), limit)
	return data, err == nil && bundle.Digest(data) == digest
}

// Keep stores content in the cache, complete or not at all. A failure is ignored:
// the next run fetches it again.
func (c *Client) Keep(data []byte) {
	if c.o.Cache == "" || len(data) == 0 || os.MkdirAll(c.o.Cache, 0o700) != nil {
		return
	}
	out, err := confine.Create(c.o.Cache, fileOf(bundle.Digest(data)), 0o600)
	if err != nil {
		return
	}
	defer out.Discard()
	if _, err := out.Write(data); err == nil {
		_ = out.Commit()
	}
}

func fileOf(digest string) string { return strings.Replace(digest, ":", "-", 1) }

func (c *Client) where() string {
	if c.o.Cache == "" {
		return " (neither XDG_CACHE_HOME nor HOME is set)"
	}
	return " " + c.o.Cache
}
