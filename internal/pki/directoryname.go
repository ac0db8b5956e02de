package pki

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// rdnsOf gives the relative distinguished names of a Name (RFC 5280 §4.1.2.4),
// each as a text that is the same for any two that match; false where the Name
// is malformed.
func rdnsOf(name []byte) (rdns []string, ok bool) {
	var sequence cryptobyte.String
	outer := cryptobyte.String(name)
	if !outer.ReadASN1(&sequence, cbasn1.SEQUENCE) || !outer.Empty() {
		return nil, false
	}
	for !sequence.Empty() {
		var set cryptobyte.String
		if !sequence.ReadASN1(&set, cbasn1.SET) || set.Empty() {
			return nil, false
		}
		var attributes []string
		for !set.Empty() {
			attribute, ok := readAttribute(&set)
			if !ok {
				return nil, false
			}
			attributes = append(attributes, attribute)
		}
		slices.Sort(attributes) // the order in a set means nothing
		rdns = append(rdns, strings.Join(attributes, ""))
	}
	return rdns, true
}

// readAttribute gives type, kind, length and comparable value in one text.
func readAttribute(from *cryptobyte.String) (string, bool) {
	var attribute, id, value cryptobyte.String
	var tag cbasn1.Tag
	if !from.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1Element(&id, cbasn1.OBJECT_IDENTIFIER) ||
		!attribute.ReadAnyASN1(&value, &tag) || !attribute.Empty() {
		return "", false
	}
	folded, ok := fold(tag, value)
	if ok {
		tag = 0 // all kinds of text are one
	} else {
		folded = string(value)
	}
	text := append(slices.Clip(id), byte(tag))
	text = binary.BigEndian.AppendUint32(text, uint32(len(folded)))
	return string(append(text, folded...)), true
}

// fold brings a string into the form in which it is compared: a part of the
// preparation of RFC 5280 §7.1, with letters in lower case and white space
// stripped at the ends and counted once between. Of RFC 4518 it leaves out the
// Unicode normalization and the characters that mean nothing, as OpenSSL does.
// False for what is no text, which is compared by its bytes.
func fold(tag cbasn1.Tag, value []byte) (string, bool) {
	const numeric, visible, bmp = 18, 26, 30
	switch tag {
	case cbasn1.UTF8String, cbasn1.PrintableString, cbasn1.IA5String, numeric, visible:
		return foldText(string(value)), utf8.Valid(value)
	case cbasn1.T61String: // in practice Latin-1
		return foldText(decode(value, 1)), true
	case bmp:
		text := decode(value, 2)
		return foldText(text), !strings.ContainsRune(text, utf8.RuneError)
	}
	return "", false
}

func foldText(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// decode reads characters of a fixed number of bytes; half of one is an error rune.
func decode(value []byte, width int) string {
	var text strings.Builder
	for ; len(value) >= width; value = value[width:] {
		var r rune
		for _, b := range value[:width] {
			r = r<<8 | rune(b)
		}
		text.WriteRune(r)
	}
	if len(value) > 0 {
		text.WriteRune(utf8.RuneError)
	}
	return text.String()
}
