package strictjson_test

import (
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/strictjson"
)

func TestOneSpelling(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,"b":[{"a":1},{"a":2}]}`:  "",
		`{"params":{"A":1}}`:             "",
		`{"a":1,"a":2}`:                  `got the key "a" twice`,
		`{"x":{"b":1,"B":2}}`:            `got the key "B" twice`,
		`{"A":1}`:                        `got the key "A", want "a"`,
		`{"ſ":1}`:                        `in two spellings`,
		`{"a":`:                          "EOF",
		strings.Repeat("[", 1_000_000):   "got more than 100 values inside each other",
		strings.Repeat(`{"c":`, 500_000): "got more than 100 values inside each other",
	} {
		err := strictjson.OneSpelling([]byte(text), []string{"a"}, "params")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
}
