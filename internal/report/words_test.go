package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
)

func TestWords(t *testing.T) {
	for in, want := range map[string][]string{
		"":                               nil,
		"  two  words ":                  {"two", "words"},
		`want "a  b" here`:               {"want", `"a  b"`, "here"},
		`write bindStageName: "" now`:    {"write", "bindStageName:", `""`, "now"},
		`run ("a b", then) it`:           {"run", `("a b",`, "then)", "it"},
		`Stage="a b" X="c"`:              {`Stage="a b"`, `X="c"`},
		`"a \" b" c`:                     {`"a \" b"`, "c"},
		`it has no " end`:                {"it", "has", "no", `"`, "end"},
		`5" and 6" wide`:                 {`5"`, "and", `6"`, "wide"},
		"`a \" b` \"c ` d\"":             {"`a \" b`", "\"c ` d\""},
		"the `one":                       {"the", "`one"},
		`ls './a b.der' -out 'c  d'.pem`: {"ls", `'./a b.der'`, "-out", `'c  d'.pem`},
		`cat 'it'\''s here'.pem now`:     {"cat", `'it'\''s here'.pem`, "now"},
		`sed -E 's/ *"x y/z/g' f`:        {"sed", "-E", `'s/ *"x y/z/g'`, "f"},
		`the owner's file, 'tis true`:    {"the", "owner's", "file,", "'tis", "true"},
	} {
		if got := words(in); !slices.Equal(got, want) {
			t.Errorf("words(%q) = %q, want %q", in, got, want)
		}
	}
}

// Nothing but spaces is lost, and they only between words.
func TestWordsLoseNothing(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune("a\" '`\\(=:")))
	rapid.Check(t, func(t *rapid.T) {
		in := text.Draw(t, "text")
		got := words(in)
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if squeeze(strings.Join(got, "")) != squeeze(in) {
			t.Fatalf("words(%q) = %q", in, got)
		}
		for _, word := range got {
			if again := words(word); !slices.Equal(again, []string{word}) {
				t.Fatalf("of %q, the word %q is %q by itself", in, word, again)
			}
		}
	})
}

// Text that users copy is on one line, however long it is.
func TestWhatIsCopiedIsWhole(t *testing.T) {
	value := `"apigateway-domain-verification=` + strings.Repeat("0123456789abcdef", 12) + `"`
	command := "`openssl x509 -noout -subject -in certs/a-rather-long-folder/and-a-rather-long-name.example.pem`"
	b := refused()
	b.Checks[1].Findings[0].Message = "no TXT record with the text " + value + " at the name"
	b.Checks[1].Findings[0].Fix = "look at it with " + command + ", then try again"
	for _, width := range []int{0, 40, 120} {
		got := written(t, "text", run("lint", b), Options{Width: width})
		for _, whole := range []string{value, command} {
			if !strings.Contains(got, whole) {
				t.Errorf("at width %d the report cuts %s:\n%s", width, whole, got)
			}
		}
	}
	b.Checks = []checks.Result{{ID: "dns/x", Status: checks.StatusFail, Findings: []checks.Finding{
		{Severity: checks.Error, Message: strings.Repeat("x", 1<<20)}}}}
	if got := len(written(t, "text", run("lint", b), Options{})); got > 4*maxText {
		t.Errorf("a hostile word makes a report of %d bytes", got)
	}
}

// No format calls a gateway a group.
func TestGatewaysAreNamed(t *testing.T) {
	b := refused()
	b.Platform, b.GroupID, b.GatewayID, b.BindStageName = "apig", "", "gw-1", nil
	for format, want := range map[string]string{
		"text": "gw-1", "markdown": "gateway `gw-1`", "junit": "www.demo.com on gateway gw-1", "html": `"kind":"gateway","group":"gw-1"`, "sarif": "", "github": "", "gitlab": "",
	} {
		got := written(t, format, run("lint", b), Options{})
		if !strings.Contains(got, want) || regexp.MustCompile("group[ :\"`]+gw-1").MatchString(strings.ReplaceAll(got, `"kind":"gateway","group"`, "")) {
			t.Errorf("%s: want %q and no group gw-1 in\n%s", format, want, got)
		}
	}
}
