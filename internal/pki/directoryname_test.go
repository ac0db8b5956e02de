package pki

import (
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TestNamesMatch compares O=Demo in UTF-8 with other values of O.
func TestNamesMatch(t *testing.T) {
	const bmp, bitString = 30, 3
	for name, test := range map[string]struct {
		a, b  string
		tag   cbasn1.Tag // of b
		match bool
	}{
		"the same":          {"Demo", "Demo", cbasn1.UTF8String, true},
		"another type":      {"Demo", "Demo", cbasn1.PrintableString, true},
		"case":              {"Demo", "DEMO", cbasn1.PrintableString, true},
		"case beyond ASCII": {"Löwe", "LÖWE", cbasn1.UTF8String, true},
		"white space":       {"Demo Bank", " demo \t bank  ", cbasn1.UTF8String, true},
		"space is not none": {"Demo Bank", "DemoBank", cbasn1.UTF8String, false},
		"another":           {"Demo", "Demos", cbasn1.UTF8String, false},
		"Latin-1":           {"Löwe", "L\xf6we", cbasn1.T61String, true},
		"two bytes":         {"Löwe", "\x00L\x00\xf6\x00w\x00e", bmp, true},
		"half of two bytes": {"Lö", "\x00L\x00\xf6\x00", bmp, false},
		"no UTF-8":          {"L\ufffd", "L\xff", cbasn1.UTF8String, false},
		"no text":           {"Demo", "Demo", bitString, false},
	} {
		a, okA := rdnsOf(organization(cbasn1.UTF8String, test.a))
		b, okB := rdnsOf(organization(test.tag, test.b))
		if !okA || !okB || slices.Equal(a, b) != test.match {
			t.Errorf("%s: got %q and %q, want a match: %v", name, a, b, test.match)
		}
	}
	for name, malformed := range map[string]string{
		"empty": "", "no sequence": "\x31\x00", "more behind": "\x30\x00\x00", "an empty set": "\x30\x02\x31\x00",
		"no attribute": "\x30\x04\x31\x02\x05\x00", "no value": "\x30\x09\x31\x07\x30\x05\x06\x03\x55\x04\x0a",
	} {
		if got, ok := rdnsOf([]byte(malformed)); ok {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// organization returns a Name whose one relative name has two values, in
// reverse order if the tag is not UTF8String.
func organization(tag cbasn1.Tag, value string) []byte {
	attributes := []func(*cryptobyte.Builder){
		func(b *cryptobyte.Builder) { b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) }) },
		func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte("x")) })
		},
	}
	if tag != cbasn1.UTF8String {
		slices.Reverse(attributes)
	}
	var name cryptobyte.Builder
	name.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			for _, add := range attributes {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier([]int{2, 5, 4, 10})
					add(b)
				})
			}
		})
	})
	return name.BytesOrPanic()
}

// For any two inputs that parse, permitted and excluded subtrees together
// decide as each does alone.
func FuzzNameConstraints(f *testing.F) {
	name := organization(cbasn1.UTF8String, "Demo")
	for _, seed := range [][2]string{
		{"\x30\x0e\xa0\x0c\x30\x0a\x82\x08demo.com", "\x82\x0capi.demo.com"},
		{"\x30\x0e\xa1\x0c\x30\x0a\x82\x08demo.com", "\x82\x0a*.demo.com"},
		{"\x30\x0e\xa0\x0c\x30\x0a\x81\x08demo.com", "\x81\x0aa@demo.com"},
		{"\x30\x0e\xa1\x0c\x30\x0a\x86\x08demo.com", "\x86\x0fhttp://demo.com"},
		{"\x30\x0e\xa0\x0c\x30\x0a\x87\x08\x0a\x00\x00\x00\xff\x00\x00\x00", "\x87\x04\x0a\x01\x02\x03"},
		{"\x30\x08\xa0\x06\x30\x04\xa4\x02\x30\x00", "\xa4" + string(rune(len(name))) + string(name)},
		{"\x30\x0a\xa0\x08\x30\x06\x88\x01\x2a\x80\x01\x01", "\x88\x01\x2a"},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, extension, general []byte) {
		n, ok := parseNameConstraints(extension)
		from := cryptobyte.String(general)
		name, named := readGeneralName(&from)
		if !ok || !named {
			return
		}
		if len(n.permitted)+len(n.excluded) == 0 {
			t.Fatal("constraints of nothing")
		}
		name = name.asName()
		problem, undecided := n.judge(name)
		if problem != "" && undecided != "" || len(problem)+len(undecided) > 10*maxTextLength {
			t.Fatalf("got %q and %q", problem, undecided)
		}
		passes := func(n nameConstraints) bool { p, u := n.judge(name); return p+u == "" }
		if halves := passes(nameConstraints{permitted: n.permitted}) && passes(nameConstraints{excluded: n.excluded}); halves != passes(n) {
			t.Fatalf("%+v over %+v: %v, each half for itself: %v", n, name, passes(n), halves)
		}
	})
}
