package lsp

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/report"
)

// hover returns what is known of a position: the checks of the findings there, else the
// description of the field, and the facts of a certificate. nil: nothing.
func (v *verdict) hover(p position, markdown bool) *hover {
	if v.kind == foreign || v.large {
		return nil
	}
	w := writer{markdown: markdown}
	here := span{p, p}
	var ids []string
	for _, f := range v.within(here) {
		if f.id != "" && !slices.Contains(ids, f.id) {
			ids = append(ids, f.id)
			w.check(f.id)
		}
	}
	at := v.text.placeOf(v.text.offset(p))
	spot := find(v.kind, v.text.string, at)
	var where *span
	for _, value := range []place{placed(spot.key), placed(spot.value)} {
		if r := v.text.span(value); value.line > 0 && r.overlaps(here) {
			where = &r
		}
	}
	if where == nil && len(ids) == 0 {
		return nil
	}
	if where != nil && len(ids) == 0 {
		w.paragraph(describe(v.kind, spot.path))
	}
	if where != nil {
		w.block(v.facts[placed(spot.value)])
	}
	if w.b.Len() == 0 {
		return nil
	}
	h := &hover{Contents: markup{"plaintext", strings.TrimSpace(w.b.String())}, Range: where}
	if markdown {
		h.Contents.Kind = "markdown"
	}
	return h
}

// writer writes a text in Markdown, or without marks.
type writer struct {
	b        strings.Builder
	markdown bool
}

// plain returns a text that Markdown shows as it is.
func (w *writer) plain(s string) string {
	s = report.Escape(s)
	if !w.markdown {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]<>#!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (w *writer) paragraph(s string) {
	if s != "" {
		w.b.WriteString(w.plain(s) + "\n\n")
	}
}

// check writes the explanation of a check.
func (w *writer) check(id string) {
	c, ok := catalog.Find(id)
	if !ok {
		return
	}
	if w.markdown {
		fmt.Fprintf(&w.b, "**[%s](%s)**\n\n", w.plain(id), checks.Page(id))
	} else {
		fmt.Fprintf(&w.b, "%s\n\n", id)
	}
	w.paragraph(c.Doc.Title + ".")
	w.paragraph(c.Doc.Why)
	w.paragraph("Fix: " + c.Doc.Fix)
}

// block writes lines that stay as they are. They contain no line of back-ticks.
func (w *writer) block(lines string) {
	switch {
	case lines == "":
	case w.markdown:
		fmt.Fprintf(&w.b, "```text\n%s```\n\n", lines)
	default:
		w.b.WriteString(lines + "\n")
	}
}

// certificateFacts describes the first certificate of a file, one fact a line. It has no
// part of a private key.
func certificateFacts(c evidence.Certificate, now time.Time) string {
	var b strings.Builder
	fact := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name+":", report.Escape(fmt.Sprintf(format, args...)))
	}
	if c.Problem != nil {
		fact("problem", "%s", c.Problem.Message)
		return b.String()
	}
	if len(c.Chain) == 0 {
		return ""
	}
	leaf, err := c.Chain[0].X509()
	if err != nil {
		return ""
	}
	fact("names", "%s", names(leaf))
	fact("subject", "%s", evidence.DistinguishedName(leaf.Subject))
	fact("issuer", "%s", evidence.DistinguishedName(leaf.Issuer))
	fact("valid", "%s to %s, %s", day(leaf.NotBefore), day(leaf.NotAfter), remaining(leaf, now))
	fact("key", "%s", keyType(leaf))
	fact("serial", "%s", bytesOf(leaf.SerialNumber.Bytes()))
	sum := sha256.Sum256(leaf.Raw)
	fact("SHA-256", "%s", bytesOf(sum[:]))
	fact("file", "%s", several(len(c.Chain), "certificate"))
	if n := len(c.Path.Subjects); n > 0 {
		fact("root", "%s (%s)", c.Path.Subjects[n-1], c.Path.RootsFrom)
	}
	return b.String()
}

func names(c *x509.Certificate) string {
	const most = 10
	all := slices.Clone(c.DNSNames)
	for _, address := range c.IPAddresses {
		all = append(all, address.String())
	}
	switch {
	case len(all) == 0:
		return "none"
	case len(all) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func remaining(c *x509.Certificate, now time.Time) string {
	days := func(d time.Duration) string { return several(int(d.Hours()/24), "day") }
	switch {
	case now.Before(c.NotBefore):
		return "not valid yet, in " + days(c.NotBefore.Sub(now))
	case now.After(c.NotAfter):
		return "expired " + days(now.Sub(c.NotAfter)) + " ago"
	}
	return days(c.NotAfter.Sub(now)) + " left"
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func keyType(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "unknown algorithm"
}

// bytesOf writes bytes as the tools of certificates do.
func bytesOf(b []byte) string {
	pairs := make([]string, 0, 32)
	for i := range min(len(b), 32) {
		pairs = append(pairs, strings.ToUpper(hex.EncodeToString(b[i:i+1])))
	}
	return strings.Join(pairs, ":")
}

// schema is a part of a JSON Schema.
type schema map[string]any

// describe returns the description of the field at a path, from the published schema.
func describe(k kind, path []string) string {
	source, start := manifest.Schema, "#"
	switch k {
	case moves:
		source = manifest.MapSchema
	case treeConfig:
		source, start = config.Schema, "#/$defs/tree"
	case ownersConfig:
		source, start = config.Schema, "#/$defs/owner"
	}
	var root schema
	if json.Unmarshal(source(), &root) != nil || len(path) == 0 {
		return ""
	}
	return root.at(schema{"$ref": start}, path)
}

// at returns the description of what a part of the schema says of a path; empty: it
// does not know the path.
func (root schema) at(part schema, path []string) string {
	if len(path) == 0 {
		if text, ok := part["description"].(string); ok {
			return text + oneOf(part)
		}
	}
	if ref, ok := part["$ref"].(string); ok {
		if text := root.at(root.find(ref), path); text != "" {
			return text
		}
	}
	if len(path) > 0 {
		if properties, ok := part["properties"].(map[string]any); ok {
			if text := root.down(properties[path[0]], path[1:]); text != "" {
				return text
			}
		}
		if text := root.down(part["items"], path[1:]); text != "" {
			return text
		}
		if free, ok := part["additionalProperties"].(map[string]any); ok {
			if _, own := free["description"]; !own && len(path) == 1 {
				return root.at(part, nil) // the mapping says what its values are
			}
			if text := root.at(free, path[1:]); text != "" {
				return text
			}
		}
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := part[key].([]any)
		for _, item := range list {
			if text := root.down(item, path); text != "" {
				return text
			}
		}
	}
	return ""
}

func (root schema) down(part any, path []string) string {
	object, ok := part.(map[string]any)
	if !ok {
		return ""
	}
	return root.at(object, path)
}

// find returns the part at a reference; empty: there is none.
func (root schema) find(ref string) schema {
	at := map[string]any(root)
	for _, key := range strings.Split(strings.TrimPrefix(ref, "#"), "/")[1:] {
		at, _ = at[key].(map[string]any)
	}
	return at
}

func oneOf(part schema) string {
	values, _ := part["enum"].([]any)
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprint(v))
	}
	if len(words) == 0 {
		return ""
	}
	return " One of: " + strings.Join(words, ", ") + "."
}
