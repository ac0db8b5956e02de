package browser

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// terminalStyle styles the colours of the text report in the picture.
const terminalStyle = `body { margin: 0; } pre { display: inline-block; min-width: 50rem; margin: 0; padding: 1rem 1.5rem; background: #11161d; color: #e4e9f0; font: 15px/1.45 "DejaVu Sans Mono", monospace; }
.s1 { font-weight: 700; } .s4 { text-decoration: underline; } .s2 { color: #9fabbb; } .s31 { color: #ff9c94; } .s32 { color: #7fd497; } .s33 { color: #f3c073; }`

// onTerminal converts coloured text to HTML. Each span of the report ends
// before the next one begins, so every sequence that begins none closes the
// last.
func onTerminal(text string) string {
	sequence := regexp.MustCompile("\x1b\\[([0-9;]*)m")
	return sequence.ReplaceAllStringFunc(html.EscapeString(text), func(s string) string {
		codes := strings.Split(sequence.FindStringSubmatch(s)[1], ";")
		if codes[0] == "0" || codes[0] == "22" || codes[0] == "24" {
			return "</span>"
		}
		return `<span class="s` + strings.Join(codes, " s") + `">`
	})
}

// TestTerminal checks the text report on a terminal, as recorded by script
// (bsdutils), and writes its picture if BINDGATE_PICTURES names a folder.
func TestTerminal(t *testing.T) {
	recorded, err := os.ReadFile(os.Getenv("BINDGATE_TERMINAL"))
	if err != nil {
		t.Fatalf("BINDGATE_TERMINAL names no record of a terminal; run .ci/html: %v", err)
	}
	_, text, _ := strings.Cut(strings.ReplaceAll(string(recorded), "\r\n", "\n"), "\n") // the first line is script's
	text, _, _ = strings.Cut(text, "\nScript done")
	parts := strings.Split(strings.Trim(text, "\n"), "\n\n")
	if len(parts) < 2 || !strings.Contains(text, "\x1b[31;1merror[") || !strings.Contains(parts[len(parts)-1], "next:") {
		t.Fatalf("the report is not coloured, or not whole: %q", text)
	}
	shown := "$ bindgate lint demo/bindings.yaml\n" + strings.Join(parts, "\n\n")
	page := filepath.Join(t.TempDir(), "terminal.html")
	document := `<!DOCTYPE html><meta charset="utf-8"><style>` + terminalStyle + `</style><pre id="count">` + onTerminal(shown) + `</pre>`
	if err := os.WriteFile(page, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BINDGATE_TERMINAL", page)
	ctx, seen := open(t, "BINDGATE_TERMINAL")
	var picture []byte
	run(t, ctx, chromedp.Screenshot("pre", &picture, chromedp.ByQuery))
	if seen := value[string](t, ctx, `document.body.textContent`); strings.Contains(seen, "\x1b") {
		t.Errorf("the text uses a sequence that the picture does not know: %q", seen)
	}
	quiet(t, seen)
	if folder := os.Getenv("BINDGATE_PICTURES"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, "text.png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
