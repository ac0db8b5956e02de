package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// nameForm is a form of GeneralName by its number (RFC 5280 §4.2.1.6).
type nameForm uint8

const (
	formEmail     nameForm = 1
	formDNS       nameForm = 2
	formDirectory nameForm = 4
	formURI       nameForm = 6
	formIP        nameForm = 7
)

func (f nameForm) String() string {
	return [...]string{"otherName", "rfc822Name", "dNSName", "x400Address", "directoryName", "ediPartyName",
		"uniformResourceIdentifier", "iPAddress", "registeredID"}[f]
}

// generalName is a name in a certificate, or the base of a constraint on such names.
type generalName struct {
	form        nameForm
	value       []byte   // its contents; for a directoryName, the whole Name
	local, host string   // of an e-mail address, DNS name or URI: the parts compared
	rdns        []string // of a directoryName: the parts compared, from rdnsOf
	comparable  bool     // false: cannot be compared with any subtree
}

// readGeneralName reads a GeneralName; ok is false if it is malformed.
func readGeneralName(from *cryptobyte.String) (generalName, bool) {
	var value cryptobyte.String
	var tag cbasn1.Tag
	const number, constructed = 0x1f, 0x20
	if !from.ReadAnyASN1(&value, &tag) {
		return generalName{}, false
	}
	form := nameForm(tag & number)
	want := cbasn1.Tag(form).ContextSpecific()
	if slices.Contains([]nameForm{0, 3, formDirectory, 5}, form) {
		want |= constructed
	}
	if form > 8 || tag != want {
		return generalName{}, false
	}
	if form != formDirectory {
		return generalName{form: form, value: value}, true
	}
	rdns, ok := rdnsOf(value)
	return generalName{form: form, value: value, rdns: rdns}, ok
}

// certificateNames are the names of a certificate that constraints apply to.
type certificateNames struct {
	list      []generalName
	malformed bool
}

// namesIn returns the subject, the e-mail addresses in it, and subjectAltName.
// RFC 5280 requires the addresses only without a subjectAltName; OpenSSL always
// refuses an excluded one. A CN is no DNS name (RFC 9525 §2).
func namesIn(c *x509.Certificate) (names certificateNames) {
	rdns, ok := rdnsOf(c.RawSubject)
	names.malformed = !ok
	if len(rdns) > 0 {
		names.list = append(names.list, generalName{form: formDirectory, value: c.RawSubject, rdns: rdns}.asName())
	}
	for _, a := range c.Subject.Names {
		if text, ok := a.Value.(string); ok && a.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}) {
			names.list = append(names.list, generalName{form: formEmail, value: []byte(text)}.asName())
		}
	}
	for _, e := range c.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var list cryptobyte.String
		outer := cryptobyte.String(e.Value)
		names.malformed = names.malformed || !outer.ReadASN1(&list, cbasn1.SEQUENCE) || !outer.Empty()
		for !list.Empty() && !names.malformed {
			name, ok := readGeneralName(&list)
			names.malformed = !ok
			names.list = append(names.list, name.asName())
		}
	}
	return names
}

// asName prepares a name of a certificate for comparison. A URI whose host is
// no DNS name cannot be compared and must be refused (RFC 5280 §4.2.1.10); the
// same applies to user information, which OpenSSL treats as part of the host.
func (g generalName) asName() generalName {
	text := string(g.value)
	switch g.form {
	case formDNS:
		g.host, g.comparable = text, isHost(text)
	case formEmail:
		g.local, g.host, g.comparable = mailbox(text)
	case formURI:
		if u, err := url.Parse(text); err == nil && u.User == nil {
			_, notAddress := netip.ParseAddr(u.Hostname())
			g.host, g.comparable = u.Hostname(), isHost(u.Hostname()) && notAddress != nil && u.Host[0] != '['
		}
	case formIP:
		g.comparable = len(g.value) == 4 || len(g.value) == 16
	case formDirectory:
		g.comparable = true
	}
	return g
}

// mailbox splits an e-mail address (RFC 5321 §4.1.2) into local part and host.
func mailbox(text string) (local, host string, ok bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 1 || !isHost(text[at+1:]) {
		return "", "", false
	}
	return text[:at], text[at+1:], true
}

// isHost reports whether a text has the outer form of a DNS name. It does not
// check the characters of the labels.
func isHost(s string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	return s != "" && s[0] != '.' && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..") && !strings.ContainsFunc(s, odd)
}

// String returns form and value, shortened for display.
func (g generalName) String() string {
	switch g.form {
	case formDNS, formEmail, formURI:
		return fmt.Sprintf("the %s %q", g.form, clip(string(g.value)))
	case formIP:
		if address, ok := netip.AddrFromSlice(g.value); ok {
			return fmt.Sprintf("the %s %s", g.form, address)
		}
	case formDirectory:
		var name pkix.RDNSequence
		if _, err := asn1.Unmarshal(g.value, &name); err == nil {
			return fmt.Sprintf("the %s %q", g.form, clip(name.String()))
		}
	}
	return fmt.Sprintf("a %s", g.form)
}

// rdnsOf returns the relative distinguished names of a Name (RFC 5280 §4.1.2.4)
// as texts that are equal if the names match; ok is false if the Name is
// malformed.
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
		slices.Sort(attributes) // the order in a set is irrelevant
		rdns = append(rdns, strings.Join(attributes, ""))
	}
	return rdns, true
}

// readAttribute returns type, kind, length and comparable value as one text.
func readAttribute(from *cryptobyte.String) (string, bool) {
	var attribute, id, value cryptobyte.String
	var tag cbasn1.Tag
	if !from.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1Element(&id, cbasn1.OBJECT_IDENTIFIER) ||
		!attribute.ReadAnyASN1(&value, &tag) || !attribute.Empty() {
		return "", false
	}
	folded, ok := fold(tag, value)
	if ok {
		tag = 0 // all string types are equal
	} else {
		folded = string(value)
	}
	text := append(slices.Clip(id), byte(tag))
	text = binary.BigEndian.AppendUint32(text, uint32(len(folded)))
	return string(append(text, folded...)), true
}

// fold converts a string for comparison: the parts of RFC 5280 §7.1 that
// lower-case letters, trim white space and collapse it. Like OpenSSL, it skips
// RFC 4518's Unicode normalization and ignored characters. ok is false for a
// value that is no string, which is compared by its bytes.
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

// decode decodes characters of a fixed width; an incomplete one becomes an
// error rune.
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
