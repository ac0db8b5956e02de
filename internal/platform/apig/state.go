package apig

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/plan"
)

// leaf identifies a certificate.
type leaf struct{ serial, digest string }

// leafOf returns the leaf of a certificate file.
func leafOf(o evidence.Observation[evidence.Certificate]) (leaf, error) {
	if o.State != evidence.StateObserved || o.Facts.ChainDigest == "" || len(o.Facts.Chain) == 0 {
		return leaf{}, errors.New("planning the calls: the certificate was not read")
	}
	c, err := o.Facts.Chain[0].X509()
	if err != nil {
		return leaf{}, errors.New("planning the calls: the certificate could not be parsed")
	}
	return identify(c), nil
}

func identify(c *x509.Certificate) leaf {
	return leaf{serial: evidence.CertificateSerial(c), digest: evidence.CertificateDigest(c.Raw)}
}

// Compare implements platform.Platform.
func (Platform) Compare(s checks.Subject, state plan.State) plan.Gap { return compare(s, state) }

// compare returns what a state lacks of a binding. Fields that the binding does not state
// are not compared.
func compare(s checks.Subject, state plan.State) plan.Gap {
	b, r := s.Binding, state.Records.Domain
	if r == nil {
		return plan.Gap{Differences: []string{"the gateway has no such domain"}}
	}
	var gap plan.Gap
	say := func(format string, args ...any) {
		gap.Differences = append(gap.Differences, fmt.Sprintf(format, args...))
	}
	cert, err := certificateIn(s, state)
	if err != nil {
		say("%v", err)
	}
	want := stated(b, cert)
	for _, f := range fields() {
		value, given := want[f.name]
		if !given || f.name == "certIdentifier" {
			continue
		}
		if got, _ := f.of(*r); got != value && !(f.kind == Bool && got == "" && value == "false") {
			say("%s is %q, want %q", f.name, got, value)
		}
	}
	if cert.asked && (cert.identifier == "" || r.CertIdentifier != cert.identifier) {
		say("certIdentifier is %q, want the certificate of %q", r.CertIdentifier, b.Certificate.Body)
	}
	if cert.clientCA != "" && digestOfPEM(r.ClientCACert) != cert.clientCA {
		say("clientCACert is another one than %q", b.ClientCertificate.CA)
	}
	gap.InEffect = len(gap.Differences) == 0
	return gap
}

// certificateIn returns the attachment that a state shows: its identifier is that of a
// certificate of the store that is the binding's.
func certificateIn(s checks.Subject, state plan.State) (attachment, error) {
	b := s.Binding
	if b.Certificate == nil {
		return attachment{}, nil
	}
	a := attachment{asked: true}
	own, err := leafOf(s.Evidence.Certificate)
	if err != nil {
		return a, err
	}
	if ca := s.Evidence.Certificate.Facts.ClientCA; ca != nil && b.ClientCertificate != nil && !b.ClientCertificate.None {
		a.clientCA = ca.Digest
	}
	if id := b.Certificate.CASID; id != "" {
		if c := state.Store.ByID; c != nil && c.CertIdentifier == id && c.SHA256 == own.digest && c.Serial == own.serial {
			a.identifier = id
		}
		return a, nil
	}
	a.identifier = stored(state.Store, state.Records.Domain, own)
	return a, nil
}

// digestOfPEM returns the digest of the canonical PEM of certificates; empty: there are none.
func digestOfPEM(text string) string {
	var ders [][]byte
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			ders = append(ders, block.Bytes)
		}
	}
	if len(ders) == 0 {
		return ""
	}
	return pki.Digest(pki.CanonicalChain(ders))
}

// Shows implements platform.Platform.
func (Platform) Shows(c plan.Call, s checks.Subject, state plan.State) bool {
	if c.Uploads() {
		_, found := Platform{}.Uploaded(c, state)
		return found
	}
	r := state.Records.Domain
	if r == nil || c.Action == UpdateDomain && r.DomainID != c.Params["domainId"] {
		return false
	}
	return len(differences(c, *r)) == 0
}

// Uploaded implements platform.Platform.
func (Platform) Uploaded(c plan.Call, state plan.State) (evidence.StoredCertificate, bool) {
	for _, got := range state.Store.Matching {
		if got.SHA256 == c.Material.SHA256 && got.Serial == c.Material.Serial && got.CertIdentifier != "" &&
			(got.ExistPrivateKey == nil || *got.ExistPrivateKey) {
			return got, true
		}
	}
	return evidence.StoredCertificate{}, false
}

// differences returns how a record differs from the parameters of a call.
func differences(c plan.Call, r evidence.Record) (words []string) {
	known := map[string]bool{"domainId": true, "name": true, "gatewayType": true, "resourceGroupId": true}
	for _, f := range fields() {
		known[f.name] = true
		want, sent := c.Params[f.name]
		if !sent {
			continue
		}
		got, _ := f.of(r)
		switch {
		case got == want, f.kind == Bool && got == "" && want == "false":
		case f.name == "clientCACert" && digestOfPEM(got) != "" && digestOfPEM(got) == digestOfPEM(want):
		case f.name == "forceHttps" && r.Protocol == "HTTP": // not looked at there
		default:
			words = append(words, fmt.Sprintf("%s is %q, want %q", f.name, short(got), short(want)))
		}
	}
	for name := range c.Params {
		if !known[name] {
			words = append(words, fmt.Sprintf("%s is not reported", name))
		}
	}
	if c.Material != nil && c.Material.ClientCADigest != "" && digestOfPEM(r.ClientCACert) != c.Material.ClientCADigest {
		words = append(words, "clientCACert is another one")
	}
	slices.Sort(words)
	return words
}

// short cuts a value, such as a PEM text, for a message.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// Lost implements platform.Platform.
func (Platform) Lost(c plan.Call, _ checks.Subject, state plan.State) []string {
	if len(c.Keeps) == 0 {
		return nil
	}
	if state.Records.Domain == nil {
		return []string{"the domain no longer exists"}
	}
	kept := plan.Call{Action: c.Action, Params: map[string]string{}}
	for _, name := range c.Keeps {
		kept.Params[name] = c.Params[name]
	}
	words := differences(kept, *state.Records.Domain)
	for i, w := range words {
		words[i] = w + ", which the update was to keep"
	}
	return words
}

// Reread implements platform.Platform: the domain's call sends the whole record back, and
// another user may change it while the certificate is uploaded.
func (Platform) Reread(checks.Subject, plan.Plan, int) (needed, certificate bool) {
	return true, false
}

// Changed implements platform.Platform: the record, and that there is none, must be what
// was judged.
func (Platform) Changed(s checks.Subject, p plan.Plan, now plan.State) string {
	name, was, is := s.Binding.DomainName, p.Record, now.Records.Domain
	switch {
	case !now.Records.Complete:
		return fmt.Sprintf("whether %q is the only domain of its name is no longer known (%s)", name, now.Records.Problem)
	case len(now.Records.Same) > 0:
		return fmt.Sprintf("the account now has several domains with the name %q", name)
	case was == nil && is == nil:
		return ""
	case was == nil:
		return fmt.Sprintf("the domain %q was created meanwhile", name)
	case is == nil:
		return fmt.Sprintf("the domain %q no longer exists", name)
	case !slices.Equal(was.UnknownFields, is.UnknownFields):
		return fmt.Sprintf("the record of %q has other fields that bindgate does not know", name)
	case was.DomainID != is.DomainID:
		return fmt.Sprintf("the domain %q has another id", name)
	case was.CreateFrom != is.CreateFrom:
		return fmt.Sprintf("the record of %q is now made by %q, judged was %q", name, short(is.CreateFrom), short(was.CreateFrom))
	case was.GatewayType != is.GatewayType:
		return fmt.Sprintf("the gateway type of %q is %q, judged was %q", name, short(is.GatewayType), short(was.GatewayType))
	}
	for _, f := range fields() {
		got, _ := f.of(*is)
		if judged, _ := f.of(*was); got != judged {
			return fmt.Sprintf("%s of %q is %q, judged was %q", f.name, name, short(got), short(judged))
		}
	}
	return ""
}

// restore returns commands of the aliyun client that undo the calls.
func restore(b binding.Binding, p plan.Plan) (out []string) {
	if len(p.Calls) == 0 {
		return nil
	}
	if p.Record == nil {
		out = append(out, "# find the id of the new domain, then delete it:",
			command("GET", "/v1/domains?nameLike="+b.DomainName, b.RegionID, ""), command("DELETE", "/v1/domains/DOMAIN_ID", b.RegionID, ""))
	} else {
		params := map[string]string{}
		for _, f := range fields() {
			if value, set := f.of(*p.Record); set {
				params[f.name] = value
			}
		}
		body, _ := json.Marshal(Body(params)) // texts, truth values and JSON: it cannot fail
		out = append(out, command("PUT", "/v1/domains/"+p.Record.DomainID, b.RegionID, string(body)))
	}
	if p.Calls[0].Uploads() {
		out = append(out, "# the uploaded certificate may stay in the certificate store: nothing serves it")
	}
	return out
}

func command(method, path, region, body string) string {
	words := []string{"aliyun", "apig", method, plan.Quote(path), "--region", plan.Quote(region)}
	if body != "" {
		words = append(words, "--header", plan.Quote("Content-Type=application/json"), "--body", plan.Quote(body))
	}
	return strings.Join(words, " ")
}
