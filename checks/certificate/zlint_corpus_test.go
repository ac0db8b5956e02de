//go:build corpora

package certificate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
)

// TestZLintCorpus judges every certificate of zlint's own test data by the whole
// family: none may make a check panic, and where a lint that knows no date
// speaks of a matter of our own rows, both must say the same.
func TestZLintCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(os.Getenv("ZLINT"), "testdata", "*.pem"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	judged, unread := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b := binding.Binding{DomainName: "x.example", Certificate: &binding.Certificate{Body: "chain"}}
		c, err := collector.New(collector.Config{Files: memory{"chain": text}, Profile: evidence.ProfilePublic, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		s := checks.Subject{Binding: b, Evidence: evidence.Evidence{Run: evidence.Run{Now: time.Now()}}}
		s.Evidence.Certificate, s.Evidence.Key = c.Collect(t.Context(), b)
		if s.Evidence.Certificate.Facts.Problem != nil {
			unread++
			continue
		}
		judged++
		for _, r := range checks.Run(t.Context(), All(), s) {
			if strings.Contains(r.Reason, "panicked") {
				t.Errorf("%s: %s: %s", filepath.Base(file), r.ID, r.Reason)
			}
		}
	}
	t.Logf("zlint's test data: %d judged without a panic, %d that crypto/x509 cannot parse or that are no certificates", judged, unread)
}
