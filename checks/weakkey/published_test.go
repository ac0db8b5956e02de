package weakkey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"regexp"
	"testing"
)

// testECCP256 is the public half of RFC 9500's key of that name.
const testECCP256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71v" +
	"c75eSOkyMsxFxbFsTNEMTLjVuKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg=="

func TestPublished(t *testing.T) {
	spki, err := base64.StdEncoding.DecodeString(testECCP256)
	if err != nil {
		t.Fatal(err)
	}
	if got := Published(spki); got != "RFC 9500 (keys for tests)" {
		t.Errorf("testECCP256: got %q", got)
	}
	spki[len(spki)-1]++
	if got := Published(spki); got != "" {
		t.Errorf("another key: got %q", got)
	}
}

// Every digest in the list is well-formed and found.
func TestPublishedDigests(t *testing.T) {
	source, err := os.ReadFile("published.go")
	if err != nil {
		t.Fatal(err)
	}
	digests := regexp.MustCompile(`(?m)"([^"]*)"[,:]$`).FindAllSubmatch(source, -1)
	if len(digests) < 60 {
		t.Fatalf("got %d digests", len(digests))
	}
	for _, d := range digests {
		raw, err := hex.DecodeString(string(d[1]))
		if err != nil || len(raw) != sha256.Size || published(string(d[1])) == "" {
			t.Errorf("%s is no digest that is found", d[1])
		}
	}
}
