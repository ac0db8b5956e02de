package cli

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Every command that judges has its flags in groups, each flag once, and shows two
// examples; a group names no flag that is gone.
func TestHelpGroupsFlags(t *testing.T) {
	exist := map[string]bool{}
	for _, c := range newRoot(Env{}).Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { exist[f.Name] = true })
		if c.Flags().Lookup("config") == nil {
			continue
		}
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Usage(); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			line := regexp.MustCompile(`(?m)^ +(-\w, )?--` + f.Name + `\b[^-]`)
			if n := len(line.FindAllString(text, -1)); n != 1 {
				t.Errorf("%s: --%s is %d times in the help", c.Name(), f.Name, n)
			}
		})
		own, _, _ := strings.Cut(text, "Reports:")
		_, own, _ = strings.Cut(own, "\nFlags:\n")
		own, _, _ = strings.Cut(own, "\n\n")
		if n := strings.Count(own, "\n"); n > 9 {
			t.Errorf("%s: %d flags are in no group", c.Name(), n)
		}
		if strings.Count(c.Example, "bindgate "+c.Name()) != 2 {
			t.Errorf("%s: want two examples, got %q", c.Name(), c.Example)
		}
	}
	for _, g := range flagGroups() {
		for _, name := range g.flags {
			if !exist[name] {
				t.Errorf("the group %q names --%s, which no command has", g.title, name)
			}
		}
	}
}
