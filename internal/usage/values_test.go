package usage

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestArguments(t *testing.T) {
	c := &cobra.Command{Use: "x"}
	for _, tc := range []struct {
		take cobra.PositionalArgs
		args []string
		want string // in the error; empty: none
	}{
		{None, nil, ""},
		{None, []string{"a.yaml"}, `got "a.yaml", and x takes flags only; see ` + "`x --help`"},
		{One("folder"), nil, "got none, want one folder;"},
		{One("folder"), []string{"a", "b"}, "got 2, want one folder;"},
		{One("folder"), []string{"a"}, ""},
		{AtMostOne("folder"), nil, ""},
		{AtMostOne("folder"), []string{"a", "b"}, "got 2, want at most one folder;"},
		{Some("file"), nil, "got none, want at least one file;"},
		{Some("file"), []string{"a", "b"}, ""},
	} {
		err := tc.take(c, tc.args)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%q: got %v, want %q in it", tc.args, err, tc.want)
		}
	}
}

func TestOneOf(t *testing.T) {
	if err := OneOf("without", "dns", "group", "dns", "revocation"); err != nil {
		t.Error(err)
	}
	for _, got := range []string{"", "DNS", "dns,group"} {
		want := `reading --without: got "` + got + `", want group, dns or revocation`
		if err := OneOf("without", got, "group", "dns", "revocation"); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := CheckColor(""); err != nil {
		t.Errorf("no --color: %v", err)
	}
}
