package spelling_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/spelling"
)

func TestNearest(t *testing.T) {
	stages := []string{"RELEASE", "TEST", "PRE"}
	for _, tc := range []struct {
		got   string
		words []string
		edits int
		want  string
	}{
		{"RELAESE", stages, 1, "RELEASE"}, {" release\t", stages, 1, "RELEASE"}, {"RELEAS", stages, 1, "RELEASE"}, {"RELES", stages, 1, ""},
		{"RELES", stages, 2, "RELEASE"}, {"PER", stages, 1, "PRE"}, {"PXY", stages, 2, ""}, {"TEST", stages, 2, ""}, {"", stages, 2, ""},
		{"tets", stages, 1, "TEST"}, {"🚀", stages, 2, ""}, {"ab", []string{"ba"}, 2, ""},
		{"deny", []string{"denial", "Deny"}, 2, "Deny"}, // the nearest, not the first
		{strings.Repeat("a", 65), []string{strings.Repeat("a", 64)}, 2, ""},
	} {
		if got := spelling.Nearest(tc.got, tc.words, tc.edits); got != tc.want {
			t.Errorf("%q with %d edits: got %q, want %q", tc.got, tc.edits, got, tc.want)
		}
	}
}

func TestSwapped(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"ab", "ba"}: true, {"Ab", "bA"}: true, {"abc", "acb"}: true, {"abc", "abc"}: false, {"aab", "aab"}: false, {"abc", "cba"}: false,
		{"abcd", "badc"}: false, {"a", "b"}: false, {"", ""}: false, {"ab", "abc"}: false,
	} {
		if got := spelling.Swapped(pair[0], pair[1]); got != want {
			t.Errorf("%q: got %t", pair, got)
		}
	}
}

// TestOneDistance finds other packages that measure a distance. The sandbox shares no code
// with bindgate.
func TestOneDistance(t *testing.T) {
	found := 0
	for _, dir := range []string{"checks", "internal", "cmd", "policies"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, i := range file.Imports {
				if name, _ := strconv.Unquote(i.Path.Value); name == "github.com/agnivade/levenshtein" {
					found++
					if folder := filepath.Base(filepath.Dir(path)); folder != "spelling" && folder != "sandbox" {
						t.Errorf("%s imports it, want checks/spelling", path)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found != 2 {
		t.Errorf("found %d files, want that of spelling and that of the sandbox", found)
	}
}
