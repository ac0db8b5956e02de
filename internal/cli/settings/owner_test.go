package settings

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/judge"
)

// TestOwnerSetsFlags loads a file with every key that sets a flag: a flag on the
// command line overrides it, lists are combined, except formats.
func TestOwnerSetsFlags(t *testing.T) {
	dir := t.TempDir()
	text := `apiVersion: bindgate/v1
formats: [json]
endpoint: http://127.0.0.1:8080
contract: "2017"
roots: roots.pem
certificateProfile: private
crl: [ca.crl]
weakKeys: [weak]
minRemaining: 720h
resolver: 127.0.0.1:53
policy: [policies]
data: [data.yaml]
allowPaths: [keys]
allowEnv: [CI_KEY_*]
timeout: 1m30s
concurrency: 8
failOn: warning
journal: journal.jsonl
rootHints: root.hints
dnsPort: 5353
dnsRate: -1
endpointCA: ca.pem
gatewayRate: 50
`
	if err := os.WriteFile(filepath.Join(dir, "owner.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	var f Flags
	c := &cobra.Command{Use: "lint"}
	f.AddJudging(c)
	args := []string{"--config", "owner.yaml", "--contract", "2026", "--policy", "own", "--timeout", "5s", "-f", "text", "--quiet"}
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	s := Settings{Flags: f}
	if _, err := s.fromOwner(console.Env{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	want := f
	want.Gateway = judge.Gateway{Endpoint: "http://127.0.0.1:8080", CA: in("ca.pem"), Rate: 50}
	want.DNS = judge.DNS{Resolver: "127.0.0.1:53", RootHints: in("root.hints"), Port: 5353, Rate: -1}
	want.Roots, want.Profile = in("roots.pem"), "private"
	want.CRLs, want.WeakKeys, want.MinRemaining = []string{in("ca.crl")}, []string{in("weak")}, 720*time.Hour
	want.Policies, want.Data = []string{"own", in("policies")}, []string{in("data.yaml")}
	want.AllowPath, want.AllowEnv = []string{in("keys")}, []string{"CI_KEY_*"}
	want.Concurrency, want.FailOn, want.Journal = 8, "warning", in("journal.jsonl")
	if diff := cmp.Diff(want, s.Flags, cmp.AllowUnexported(Flags{}, Binding{}), cmpopts.IgnoreFields(Flags{}, "command")); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}
