package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/progress/progresstest"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// dnsCase is a file of testdata/cases/dns: zones that were once judged wrong, and the
// right answer.
type dnsCase struct {
	Zones    []lab.Custom
	Resolver string // records of the system's resolver; may be empty
	Only     bool   // ask that resolver alone, by --resolver
	Domain   string
	Flags    []string
	Want     struct {
		Exit int
		Says []string
		Not  []string
	}
}

// Each DNS case gives the right answer. SUB is replaced by the group's own name, ID by its id.
func TestDNSCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "cases", "dns", "*.yaml"))
	if err != nil || len(files) < 20 {
		t.Fatalf("got %d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			id, _, _ := strings.Cut(lab.SubDomain, "-")
			var c dnsCase
			if err := yaml.Unmarshal([]byte(strings.NewReplacer("SUB", lab.SubDomain, "ID", id).Replace(string(text))), &c); err != nil {
				t.Fatal(err)
			}
			plan, err := lab.CustomPlan(c.Zones)
			if err != nil {
				t.Fatal(err)
			}
			l, box := lab.Start(t, plan, 0), oneGroup(t)
			if err := box.SetRecords("api.demo.com.", ""); err != nil {
				t.Fatal(err)
			}
			records := map[string]string{}
			for line := range strings.Lines(c.Resolver) {
				owner, _, _ := strings.Cut(line, " ")
				records[owner] += line
			}
			for owner, text := range records {
				if err := box.SetRecords(owner, text); err != nil {
					t.Fatal(err)
				}
			}
			args, without := append([]string{"--without", "revocation"}, c.Flags...), "BINDGATE_RESOLVER"
			if c.Only {
				without = ""
			} else {
				args = append(args, "--config", closedNetwork(t, l))
			}
			var out progresstest.Screen
			code, said := lintOne(t, box, without, &out, c.Domain, args...), strings.Join(strings.Fields(out.String()), " ")
			if code != c.Want.Exit {
				t.Errorf("exit code %d, want %d", code, c.Want.Exit)
			}
			for _, words := range c.Want.Says {
				if !strings.Contains(said, words) {
					t.Errorf("it does not say %q", words)
				}
			}
			for _, words := range c.Want.Not {
				if strings.Contains(said, words) {
					t.Errorf("it says %q", words)
				}
			}
			if t.Failed() {
				t.Log(said)
			}
		})
	}
}
