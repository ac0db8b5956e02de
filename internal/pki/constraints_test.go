package pki_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// constraintCase is a leaf below a CA with name constraints.
type constraintCase struct {
	constraints string // "+" permits and "-" excludes: "+dns demo.com, -ip 10.0.0.0/8"
	names       string // of the leaf: "dns api.demo.com, email a@demo.com"
	want        string // part of problem or undecided; "" for a pass
	openssl     string // why OpenSSL decides differently
}

const (
	refused = "do not permit"
	barred  = "exclude"
	unclear = "cannot be evaluated"
)

func constraintCases() []constraintCase {
	const widerExclusion = "OpenSSL treats a wildcard like any other name"
	return []constraintCase{
		{"+dns demo.com", "dns demo.com, dns a.b.DEMO.com", "", ""},
		{"+dns demo.com", "dns notdemo.com", refused + ` the dNSName "notdemo.com"`, ""},
		{"+dns .demo.com", "dns api.demo.com", "", ""},
		{"+dns .demo.com", "dns demo.com", refused, ""},
		{"+dns demo.com", "dns *.demo.com", "", ""},
		{"+dns www.demo.com", "dns *.demo.com", refused, ""},
		{"-dns demo.com", "dns api.demo.com", barred, ""},
		{"-dns www.demo.com", "dns *.demo.com", barred, widerExclusion},
		{"-dns .www.demo.com", "dns *.demo.com", "", ""},
		{"-dns a.www.demo.com", "dns *.demo.com", "", ""},
		{"+dns ", "dns api.demo.com", "", ""},
		{"-dns ", "dns api.demo.com", barred, ""},
		{"+dns demo.com, -dns a.demo.com", "dns b.demo.com", "", ""},
		{"+dns demo.com, -dns a.demo.com", "dns a.demo.com", barred, ""},
		{"+dns demo.org, +dns demo.com", "dns a.demo.com", "", ""},
		{"+dns demo.com", "dns a.demo.com, ip 192.0.2.1", "", ""},
		{"+dns demo.com", "dns a..demo.com", "cannot be compared with", "OpenSSL does not check the syntax of a name"},

		{"+ip 192.0.2.0/24", "dns a.demo.com, ip 192.0.2.7", "", ""},
		{"+ip 192.0.2.0/24", "dns a.demo.com, ip 192.0.3.7", refused + " the iPAddress 192.0.3.7", ""},
		{"+ip 192.0.2.0/24", "ip 2001:db8::1", refused, ""},
		{"-ip 2001:db8::/32", "ip 2001:db8::1", barred, ""},
		{"-ip 0.0.0.0/0, -ip ::/0", "dns a.demo.com", "", ""},

		{"+email demo.com", "email a@demo.com, email b@DEMO.com", "", ""},
		{"+email demo.com", "email a@mail.demo.com", refused, ""}, // PKITS 4.13.24
		{"+email .demo.com", "email a@mail.demo.com", "", ""},
		{"+email .demo.com", "email a@demo.com", refused, ""},
		{"-email demo.com", "email a@mail.demo.com", "", ""}, // PKITS 4.13.25
		{"+email root@demo.com", "email root@Demo.com", "", ""},
		{"+email root@demo.com", "email Root@demo.com", refused, ""},
		{"-email root@demo.com", `email "root"@demo.com`, barred, "OpenSSL compares local parts as they are written"},
		{"+email root@demo.com", "email root", "cannot be compared with", ""},
		{"-email ", "email a@demo.com", barred, "to OpenSSL an empty constraint matches no host"},
		{"-email demo.com", "subject a@demo.com, dns a.demo.com", barred, ""},

		{"+uri demo.com", "uri https://Demo.com:8443/x", "", ""},
		{"+uri demo.com", "uri https://u@demo.com/", "cannot be compared with", ""}, // OpenSSL does not strip u@
		{"+uri demo.com", "uri https://www.demo.com/", refused, ""},
		{"+uri .demo.com", "uri https://www.demo.com/", "", ""},
		{"-uri demo.com", "uri https://www.demo.com/", "", ""}, // PKITS 4.13.36
		{"-uri demo.com", "uri https://192.0.2.1/", "cannot be compared with", "OpenSSL treats an address as a host name"},
		{"+uri demo.com", "uri urn:x:y", "cannot be compared with", ""},
		{"+dns demo.com", "dns a.demo.com, uri urn:x:y", "", ""},

		{"+dir O=demo", "dns a.demo.com, dir O=Demo/CN=x", refused + ` the directoryName "CN=a.demo.com"`, ""}, // the subject
		{"+dir CN=a.demo.com, +dir O= demo  bank", "dns a.demo.com, dir O=Demo Bank/CN=x", "", ""},
		{"+dir CN=a.demo.com", "dns a.demo.com, dir O=Demo", refused, ""},
		{"-dir CN=A.demo.com", "dns a.demo.com", barred, ""},
		{"-dir CN=a.demo.com/O=x", "dns a.demo.com", "", ""},
		{"+dir ", "dns a.demo.com", "", ""},

		{"+id 1.2.3", "dns a.demo.com", "", ""},
		{"+id 1.2.3", "dns a.demo.com, id 1.2.3", unclear, ""},
		{"-id 1.2.3", "dns a.demo.com, id 1.2.3", unclear, ""},
		{"+id 1.2.3, -dns demo.com", "id 1.2.3, dns a.demo.com", barred, ""},
		{"+dns demo.com from 1", "dns a.demo.com", unclear, ""},
		{"+dns demo.com from 1", "ip 192.0.2.1", "", "OpenSSL treats a CN as a DNS name if there is no other"},
		{"+dns demo.com from 1, -dns a.demo.com", "dns a.demo.com", barred, ""},
	}
}

func TestNameConstraints(t *testing.T) {
	root := pkitest.Root(t, "root")
	roots := rootsOf(t, root)
	for _, test := range constraintCases() {
		for _, critical := range []bool{true, false} {
			chain := test.chain(t, root, critical)
			got := roots.FindPath(certificates(chain), pkitest.Now())
			text := got.Problem
			if test.want == unclear {
				text = got.Undetermined
			}
			if test.want == "" && len(got.Certificates) != 3 || test.want != "" && (len(got.Certificates) > 0 || !strings.Contains(text, test.want)) {
				t.Errorf("%s over %s, critical %v: got %q (%q, %q), want %q", test.constraints, test.names, critical, subjects(got), got.Problem, got.Undetermined, test.want)
			}
		}
	}
}

// chain returns leaf and CA.
func (test constraintCase) chain(tb testing.TB, root pkitest.Identity, critical bool) []pkitest.Identity {
	ca := root.CA(tb, "ca", constrain(test.constraints, critical))
	return []pkitest.Identity{ca.Leaf(tb, []string{"a.demo.com"}, named(test.names)), ca}
}

// constrain adds name constraints; "from 1" is a minimum.
func constrain(text string, critical bool) pkitest.Change {
	var both [2]cryptobyte.Builder
	for one := range strings.SplitSeq(text, ", ") {
		field := strings.IndexByte("+-", one[0])
		base, distant := strings.CutSuffix(one[1:], " from 1")
		both[field].AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addName(b, base)
			if distant {
				b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddUint8(1) })
			}
		})
	}
	var value cryptobyte.Builder
	value.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for i := range both {
			if list := both[i].BytesOrPanic(); len(list) > 0 {
				b.AddASN1(cbasn1.Tag(i).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(list) })
			}
		}
	})
	return pkitest.Extension(critical, asn1.ObjectIdentifier{2, 5, 29, 30}, value.BytesOrPanic())
}

// named replaces the names of a certificate; subject is an e-mail address in
// its subject.
func named(text string) pkitest.Change {
	return func(c *x509.Certificate) {
		var list, value cryptobyte.Builder
		for one := range strings.SplitSeq(text, ", ") {
			if address, ok := strings.CutPrefix(one, "subject "); ok {
				c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: address})
				continue
			}
			addName(&list, one)
		}
		value.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(list.BytesOrPanic()) })
		pkitest.Extension(false, asn1.ObjectIdentifier{2, 5, 29, 17}, value.BytesOrPanic())(c)
	}
}

// addName adds "FORM VALUE" as a GeneralName.
func addName(b *cryptobyte.Builder, text string) {
	form, value, _ := strings.Cut(text, " ")
	tag := map[string]cbasn1.Tag{"email": 1, "dns": 2, "dir": 4, "uri": 6, "ip": 7, "id": 8}[form].ContextSpecific()
	content := []byte(value)
	switch form {
	case "dir":
		tag, content = tag.Constructed(), directoryName(value)
	case "id":
		content = []byte{0x2a, 0x03}
	case "ip":
		content = addressOf(value)
	}
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(content) })
}

func addressOf(value string) []byte {
	if address, err := netip.ParseAddr(value); err == nil {
		return address.AsSlice()
	}
	_, network, err := net.ParseCIDR(value)
	if err != nil {
		panic(err)
	}
	return append([]byte(network.IP), network.Mask...)
}

// directoryName encodes "O=a/CN=b" in DER, with UTF8Strings.
func directoryName(value string) []byte {
	var name cryptobyte.Builder
	name.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for part := range strings.SplitSeq(value, "/") {
			kind, text, ok := strings.Cut(part, "=")
			if !ok {
				continue
			}
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{2, 5, 4, map[string]int{"CN": 3, "O": 10}[kind]})
					b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
				})
			})
		}
	})
	return name.BytesOrPanic()
}

// Every CA's constraints apply to every certificate below it except self-issued
// ones, and one valid path is enough.
func TestConstraintsAlongThePath(t *testing.T) {
	root := pkitest.Root(t, "root")
	roots := rootsOf(t, root)
	excludesSelf := constrain("-dir O=bindgate test", true) // as in the subject of every CA here
	upper := root.CA(t, "upper", excludesSelf)
	other := upper.CA(t, "other")
	rollover := upper.CA(t, "upper")
	wide := root.CA(t, "wide", constrain("+dns demo.com", true))
	narrow := wide.CA(t, "narrow", constrain("+dns demo.org", true))
	free := root.Certify(t, "wide", wide.Key)
	onlyOrg := root.Certify(t, "wide", wide.Key, constrain("+dns demo.org", true))
	odd := root.Certify(t, "wide", wide.Key, constrain("+dns demo.org from 1", true))
	malformed := root.CA(t, "malformed", pkitest.Extension(true, asn1.ObjectIdentifier{2, 5, 29, 30},
		[]byte{0x30, 0x07, 0xa0, 0x05, 0x30, 0x03, 0xa4, 0x01, 0x00}))
	strange := root.CA(t, "strange", constrain("+dir O=x", true))
	leaf := func(ca pkitest.Identity) pkitest.Identity { return ca.Leaf(t, names) }
	for name, test := range map[string]struct {
		chain []pkitest.Identity
		want  string
	}{
		"an intermediate's subject":         {[]pkitest.Identity{leaf(other), other, upper}, barred},
		"a self-issued intermediate":        {[]pkitest.Identity{leaf(rollover), rollover, upper}, ""},
		"a self-issued leaf":                {[]pkitest.Identity{rollover, upper}, barred},
		"what one permits another does not": {[]pkitest.Identity{leaf(narrow), narrow, wide}, refused},
		"another path is free":              {[]pkitest.Identity{leaf(wide), onlyOrg, free}, ""},
		"no path is free":                   {[]pkitest.Identity{leaf(wide), onlyOrg}, refused},
		"one path is undecided":             {[]pkitest.Identity{leaf(wide), onlyOrg, odd}, unclear},
		"malformed":                         {[]pkitest.Identity{leaf(malformed), malformed}, "malformed"},
		"malformed names":                   {[]pkitest.Identity{strange.Leaf(t, names, malformedName), strange}, "malformed"},
	} {
		got := roots.FindPath(certificates(test.chain), pkitest.Now())
		if reason := got.Problem + got.Undetermined; (test.want == "") != (len(got.Certificates) > 0) || !strings.Contains(reason, test.want) {
			t.Errorf("%s: got %q (%q), want %q", name, subjects(got), reason, test.want)
		}
	}
}

// malformedName puts a directoryName that is no Name into subjectAltName.
func malformedName(c *x509.Certificate) {
	pkitest.Extension(false, asn1.ObjectIdentifier{2, 5, 29, 17}, []byte{0x30, 0x04, 0xa4, 0x02, 0x31, 0x00})(c)
}
