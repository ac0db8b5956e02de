package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	f := Parse("f", []byte("text: yes\ndate: 2026-01-01\nempty: ''\nbool: True\nint: 12\nlist: [a, b]\nfree:\n  x: 1\n  y: z\n"))
	o := f.Documents()[0].Object("text", "date", "empty", "bool", "int", "list", "free", "absent")
	for key, want := range map[string]string{"text": "yes", "date": "2026-01-01", "empty": ""} {
		if got, ok := o.Get(key).Text(); !ok || got != want {
			t.Errorf("%s: got %q, %t", key, got, ok)
		}
	}
	if b, ok := o.Get("bool").Bool(); !b || !ok {
		t.Error("bool")
	}
	if n, ok := o.Get("int").Int(1, 12); n != 12 || !ok {
		t.Error("int")
	}
	if items, ok := o.Get("list").List(); !ok || len(items) != 2 {
		t.Error("list")
	} else if line, column := items[1].Place(); line != 6 || column != 11 {
		t.Errorf("the second item is at %d:%d", line, column)
	}
	if entries, ok := o.Get("free").Entries(); !ok || len(entries) != 2 || entries[1].Key != "y" {
		t.Error("entries")
	}
	absent := o.Get("absent")
	if _, ok := absent.Text(); ok || absent.Given() || absent.IsObject() || !o.IsObject() {
		t.Error("an absent value is given")
	}
	if f.Errors() != nil {
		t.Error(f.Errors())
	}
}

func TestWrongTypes(t *testing.T) {
	text := func(v Value) { v.Text() }
	boolean := func(v Value) { v.Bool() }
	for src, tc := range map[string]struct {
		read func(Value)
		want string
	}{
		"v: 5":                                {text, "f:1:4: got a number, want a string; put it in quotes"},
		"v: 5e10":                             {text, "got a number, want a string"},
		"v: 1e999":                            {text, "got a number, want a string"},
		"v: 12345678901234567890123456789012": {text, "got a number, want a string"},
		"v: true":                             {text, "got a boolean, want a string"},
		"v: ~":                                {text, `got null, want a string; remove the key, or write "" if an empty value is meant`},
		"v:":                                  {text, "f:1:3: got nothing, want a string"},
		"v: [a]":                              {text, "got a list, want a string"},
		"v: {a: b}":                           {text, "got a mapping, want a string"},
		"v: ''":                               {func(v Value) { v.Filled() }, "f:1:4: got an empty string"},
		"v: ' '":                              {func(v Value) { v.Filled() }, `f:1:4: got the blank string " ", want a value; fill it in`},
		"v: '\u00a0'":                         {func(v Value) { v.Filled() }, `got the blank string "\u00a0"`},
		"v: yes":                              {boolean, "got a string, want true or false; write true or false, without quotes"},
		"v: 'true'":                           {boolean, "got a string, want true or false"},
		"v: 1":                                {boolean, "got a number, want true or false"},
		"v: a":                                {func(v Value) { v.List() }, "got a string, want a list"},
		"v: b":                                {func(v Value) { v.Object("a") }, "got a string, want a mapping"},
		"v: cnmae":                            {func(v Value) { v.OneOf("cname", "txt") }, `got "cnmae", want one of cname, txt; did you mean "cname"?`},
		"v: x":                                {func(v Value) { v.OneOf("cname") }, `got "x", want cname`},
		"v: '5'":                              {func(v Value) { v.Int(1, 9) }, "got a string, want a whole number from 1 to 9"},
		"v: 0x1F":                             {func(v Value) { v.Int(1, 99) }, `got the number "0x1F", want a whole number from 1 to 99; write it in decimal digits`},
		"v: 010":                              {func(v Value) { v.Int(1, 99) }, `got the number "010", want a whole number from 1 to 99; write it in decimal digits, without a sign or a leading zero`},
		"v: +1":                               {func(v Value) { v.Int(1, 99) }, `got the number "+1", want`},
		"v: 10":                               {func(v Value) { v.Int(1, 9) }, "got the number 10, which is out of range, want a whole number from 1 to 9; choose another"},
		"v: 9223372036854775808":              {func(v Value) { v.Int(1, 9) }, "got the number 9223372036854775808, which is out of range"},
		"v: {ab: 1}":                          {func(v Value) { v.Object("abcde", "xyz") }, `f:1:5: unknown key "ab", want one of abcde, xyz`},
		"v: {DomainName: 1}": {func(v Value) { v.Object("domainName") },
			`unknown key "DomainName"; did you mean "domainName"?`},
		"v: {}": {func(v Value) { v.Object("a").Require("a") }, `f:1:4: the key "a" is missing; add it`},
	} {
		f := Parse("f", []byte(src))
		tc.read(f.Documents()[0].Object("v").Get("v"))
		if got := f.Errors(); len(got) != 1 || !strings.Contains(got.Error(), tc.want) {
			t.Errorf("%s:\n got %v\nwant %s", src, got, tc.want)
		}
	}
}

// TestRefusedValuesAreNotRead checks that a value outside the plain subset
// gives one error and no value.
func TestRefusedValuesAreNotRead(t *testing.T) {
	for _, src := range []string{"v: !!str 5", "v: !!bool true", "v: !!int 5", "v: *x", "v: ! 5"} {
		f := Parse("f", []byte("x: &x 5\n"+src))
		v := f.Documents()[0].Object("x", "v").Get("v")
		_, text := v.Text()
		_, boolean := v.Bool()
		_, number := v.Int(1, 9)
		if text || boolean || number || len(f.Errors()) != 2 {
			t.Errorf("%s: read %t %t %t, %v", src, text, boolean, number, f.Errors())
		}
	}
}

func TestErrorsUnwrap(t *testing.T) {
	var one *Error
	if err := error(Parse("f", nil).Errors()); !errors.As(err, &one) || one.File != "f" || one.Line != 0 {
		t.Errorf("got %+v", one)
	}
}

// A string that is written as YAML is read as the same string, alone and in brackets.
func TestScalar(t *testing.T) {
	for _, text := range []string{"", "RELEASE", "TLS 1.2", "api.demo.com", "true", "Yes", "null", "~", "1", "1e3", "0x1F", "2026-11-28", "1.2.3", "a: b", "a #b", "a, b", "it's", `a"b\c`,
		"- a", "*a", "&a", "!a", " a", "a ", "é😀", "xn--bcher-kva.demo.com", "{a}", "%a", "@a", "=", "<<", ".inf", "-", "a:"} {
		for _, quote := range []byte{0, '\'', '"'} {
			written := Scalar(text, quote)
			for _, form := range []string{"k: %s\n", "{k: %s}", "k: %s # x"} {
				f := Parse("x", fmt.Appendf(nil, form, written))
				if f.Errors() != nil {
					t.Errorf("%q as %s: %v", text, written, f.Errors())
					continue
				}
				if got, ok := f.Documents()[0].Object("k").Get("k").Text(); !ok || got != text {
					t.Errorf("%q as %s is read as %q", text, written, got)
				}
			}
		}
	}
}

// An error knows what to write in its place, in the quotation marks that are there.
func TestInstead(t *testing.T) {
	f := Parse("x", []byte("{\"stge\": 'PRe', n: 1042, yes: \"no\", stage: x, stage: y}"))
	o := f.Documents()[0].Object("stage", "n", "yes", "kind")
	o.Get("n").Text()
	o.Get("yes").Bool()
	got := map[string]string{}
	for _, e := range f.Errors() {
		got[e.Message[:min(12, len(e.Message))]] = fmt.Sprintf("%s %d:%d", e.Instead, e.First.Line, e.First.Column)
	}
	want := map[string]string{"unknown key ": `"stage" 0:0`, "got a number": `"1042" 0:0`, "got a string": "false 0:0", "duplicate ke": " 1:37"}
	for message, instead := range want {
		if got[message] != instead {
			t.Errorf("%s…: got %q, want %q", message, got[message], instead)
		}
	}
}
