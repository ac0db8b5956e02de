package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"
)

//go:embed page
var page embed.FS

// writeHTML writes one file that needs no other: a security review opens it
// years later, on a machine without network. Its content policy allows nothing
// but its own style and script, by their hashes, and html/template keeps text
// from outside text.
func writeHTML(w io.Writer, r Report, _ Options) error {
	style, err := page.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	script, err := page.ReadFile("page/script.js")
	if err != nil {
		return err
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"show": Escape,
		"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"day":  func(t time.Time) string { return t.UTC().Format("2006-01-02") },
		"inc":  func(i int) int { return i + 1 },
	}).ParseFS(page, "page/*.html")
	if err != nil {
		return err
	}
	view := viewOf(r)
	// Both files are of this program: the only text that is not escaped.
	view.Style, view.Script = template.CSS(style), template.JS(script)
	view.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digestOf(style), digestOf(script))
	var b bytes.Buffer
	if err := t.Execute(&b, view); err != nil {
		return err
	}
	_, err = b.WriteTo(w)
	return err
}

// digestOf is a source expression of a content policy (CSP Level 3 §2.3.1).
func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
