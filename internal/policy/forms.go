package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"
)

// form is what all texts of a type have in common, so that a literal that lacks it is none
// of them.
type form struct {
	says string                 // for messages: "is in lower case". It names the form.
	fits func(text string) bool // whether a text has the form
	part func(text string) bool // whether a text can be part of one that has it; nil: not known
	mend func(text string) string
}

// changeForm is the form of what a function returns that changes texts and leaves what it
// returned alone.
func changeForm(says string, change func(string) string) *form {
	fits := func(text string) bool { return change(text) == text }
	return &form{says: says, fits: fits, mend: change}
}

func caseForm(says string, change func(string) string) *form {
	f := changeForm(says, change)
	f.part = f.fits
	return f
}

func lowerForm() *form { return caseForm("is in lower case", strings.ToLower) }
func upperForm() *form { return caseForm("is in upper case", strings.ToUpper) }

// patternForm is the form of texts that a schema or a label limits to a pattern.
func patternForm(p *regexp.Regexp, of string) *form {
	return &form{says: "matches the pattern " + of, fits: p.MatchString}
}

// hostForm is the form of domain names of bindings.
func hostForm() *form {
	part := func(text string) bool { return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-.*") == "" }
	return &form{says: "is a host name in lower case, without scheme, port and final dot",
		fits: func(text string) bool { return part(text) && strings.Trim(text, ".") == text },
		part: part, mend: func(text string) string { return strings.ToLower(strings.TrimSuffix(text, ".")) }}
}

// digestForm is the form of digests of the input.
func digestForm() *form {
	const prefix = "sha256:"
	hex := func(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }
	return &form{says: "is sha256: and 64 hexadecimal digits in lower case",
		fits: func(text string) bool {
			digits, ok := strings.CutPrefix(text, prefix)
			return ok && len(digits) == 64 && hex(digits)
		}}
}

// hexForm is the form of hashes that built-ins return.
func hexForm(digits int) *form {
	return &form{says: "is " + strconv.Itoa(digits) + " hexadecimal digits in lower case",
		fits: func(text string) bool { return len(text) == digits && strings.Trim(text, "0123456789abcdef") == "" }}
}

// formOf returns the form of a field of the input, named as vocabulary does; nil: none.
func formOf(owner string) *form {
	_, name, _ := strings.Cut(owner, ".")
	switch {
	case owner == "Binding.domainName":
		return hostForm()
	case owner == "Binding.regionId":
		return lowerForm()
	case name == "digest" || strings.HasSuffix(name, "Digest"):
		return digestForm()
	}
	return nil
}

// formOfResult returns the form of the texts that a built-in returns; nil: none.
func formOfResult(name string, x []*ast.Term) *form {
	constant := func(i int) string {
		if i < len(x) {
			if text, ok := x[i].Value.(ast.String); ok {
				return string(text)
			}
		}
		return ""
	}
	switch name {
	case ast.Lower.Name:
		return lowerForm()
	case ast.Upper.Name:
		return upperForm()
	case ast.TrimSpace.Name:
		return changeForm("has no blanks around it", strings.TrimSpace)
	case ast.CryptoSha256.Name:
		return hexForm(64)
	case ast.CryptoSha1.Name:
		return hexForm(40)
	case ast.CryptoMd5.Name:
		return hexForm(32)
	case ast.Trim.Name:
		if set := constant(1); set != "" {
			return changeForm("does not begin or end with any of "+strconv.Quote(set), func(text string) string { return strings.Trim(text, set) })
		}
	case ast.Split.Name: // of an element
		if sep := constant(1); sep != "" {
			without := func(text string) bool { return !strings.Contains(text, sep) }
			return &form{says: "is a part between " + strconv.Quote(sep), fits: without, part: without}
		}
	}
	return nil
}

// wordsOfResult are the texts that a built-in returns, of those that return no others.
func wordsOfResult(name string) *words {
	switch name {
	case ast.Weekday.Name:
		return &words{declared: true, list: []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}}
	case ast.TypeNameBuiltin.Name:
		return &words{declared: true, list: []string{"array", "boolean", "null", "number", "object", "set", "string"}}
	}
	return nil
}

// formed reports literals that a text of a form never is.
func (f *flow) formed(name string, a, b *typ, loc *ast.Location) bool {
	if a.form == nil || b.words == nil || b.words.declared {
		return false
	}
	wrong := false
	for _, word := range b.words.list {
		if word == "" || a.form.fits(word) {
			continue
		}
		wrong = true
		f.fail(loc, "%s %s, and never %q%s", name, a.form.says, word, a.form.hint(word))
	}
	return wrong
}

func (f *form) hint(word string) string {
	if f.mend == nil {
		return ""
	}
	if meant := f.mend(word); meant != word && meant != "" && f.fits(meant) {
		return "; did you mean " + strconv.Quote(meant) + "?"
	}
	return ""
}

// parts reports a constant that no text of a type begins with, ends with or contains, and
// one that each of them does.
func (f *flow) parts(name string, x []*ast.Term, args []*typ, loc *ast.Location, s *scope) {
	has := map[string]func(text, part string) bool{ast.StartsWith.Name: strings.HasPrefix, ast.EndsWith.Name: strings.HasSuffix, ast.Contains.Name: strings.Contains}[name]
	if f.quiet > 0 || has == nil || len(x) < 2 || args[0] == nil {
		return
	}
	part, constant := x[1].Value.(ast.String)
	if !constant {
		return
	}
	shown, does := f.show(x[0], s), map[string]string{ast.StartsWith.Name: "begins with", ast.EndsWith.Name: "ends with", ast.Contains.Name: "contains"}[name]
	t := args[0]
	none := t.words != nil && t.words.declared && !t.words.open && !slices.ContainsFunc(t.words.list, func(w string) bool { return has(w, string(part)) })
	switch {
	case part == "":
		f.fail(loc, "every text %s \"\", so that %s says nothing: write the text that is meant", does, name)
	case t.form != nil && t.form.part != nil && !t.form.allows(name, string(part)):
		hint := ""
		if change := t.form.mend; change != nil {
			if meant := change(string(part)); meant != string(part) && t.form.allows(name, meant) {
				hint = "; did you mean " + strconv.Quote(meant) + "?"
			}
		}
		f.fail(loc, "%s %s, and never %s %q%s", shown, t.form.says, does, string(part), hint)
	case none:
		f.fail(loc, "%s never %s %q; it is one of %s", shown, does, string(part), quotedList(t.words.list))
	}
}

// allows reports whether a text of the form can begin with, end with or contain a part.
func (f *form) allows(name, part string) bool {
	whole := map[string]string{ast.StartsWith.Name: part + "a", ast.EndsWith.Name: "a" + part}[name]
	return f.part(part) && (whole == "" || f.fits(whole) || f.fits(part))
}

func quotedList(list []string) string {
	quoted := make([]string, len(list))
	for i, w := range list {
		quoted[i] = strconv.Quote(w)
	}
	return strings.Join(quoted, ", ")
}

// matches looks at a pattern that a policy writes down: one that matches no text, one that
// matches every text, and one that none of the texts of a type can match.
func (f *flow) matches(name string, x []*ast.Term, args []*typ, loc *ast.Location, s *scope) {
	pattern, constant := x[0].Value.(ast.String)
	searches := slices.Contains([]string{ast.RegexMatch.Name, ast.RegexFind.Name, ast.RegexFindAllStringSubmatch.Name}, name)
	if f.quiet > 0 || !constant || !searches || len(x) < 2 {
		return
	}
	p, err := regexp.Compile(string(pattern))
	if err != nil {
		return // constants reports it
	}
	some, every := reachOf(string(pattern))
	switch {
	case !some:
		f.fail(loc, "%q matches no text: something has to stand before ^ or after $ in it", string(pattern))
		return
	case every && name == ast.RegexMatch.Name:
		f.fail(loc, "%q matches every text, because it matches the empty text anywhere: write ^ and $ around what has to match", string(pattern))
		return
	}
	t := args[1]
	if t == nil || t.unknown {
		return
	}
	shown := f.show(x[1], s)
	if t.words != nil && t.words.declared && !t.words.open && !slices.ContainsFunc(t.words.list, p.MatchString) {
		f.fail(loc, "%q matches none of the values of %s: %s", string(pattern), shown, quotedList(t.words.list))
		return
	}
	if prefix, _ := p.LiteralPrefix(); t.form != nil && t.form.part != nil && prefix != "" && !t.form.part(prefix) {
		f.fail(loc, "%s %s, and never contains %q, which the pattern begins with", shown, t.form.says, prefix)
	}
}

// globs looks at glob.match with a constant pattern: one that is none, one that no text of
// a form matches, and one whose * stands for more than was meant.
func (f *flow) globs(name string, x []*ast.Term, args []*typ, loc *ast.Location, s *scope) {
	if f.quiet > 0 || name != ast.GlobMatch.Name || len(x) < 3 {
		return
	}
	pattern, constant := x[0].Value.(ast.String)
	if !constant {
		return
	}
	text := string(pattern)
	if err := formats()["glob"](text); err != nil {
		f.fail(loc, "%q is no glob: %v", text, err)
		return
	}
	if t := args[2]; t != nil && t.form != nil && t.form.part != nil && !strings.ContainsAny(text, `[]{}\!`) {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '*' || r == '?' }) {
			if !t.form.part(part) {
				f.fail(loc, "%s %s, and never contains %q of the glob %q", f.show(x[2], s), t.form.says, part, text)
				return
			}
		}
	}
	list, isList := x[1].Value.(*ast.Array)
	if !isList || list.Len() == 0 || !strings.ContainsAny(text, "*?") {
		return // without delimiters it is the dot
	}
	between := strings.IndexFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("*?[]{}!,-_\\", r)
	})
	used := false
	list.Foreach(func(d *ast.Term) {
		delimiter, ok := d.Value.(ast.String)
		used = used || !ok || strings.Contains(text, string(delimiter))
	})
	if between >= 0 && !used {
		f.fail(loc, "none of the delimiters %s is in the glob %q, so that * stands for any text, with %q in it: write [%q]", f.show(x[1], s), text, text[between:between+1], text[between:between+1])
	}
}
