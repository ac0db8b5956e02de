package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/textproto"
	"slices"
	"strings"
)

const algorithmV3 = "ACS3-HMAC-SHA256"

// authorization is the parsed header of that name.
type authorization struct {
	keyID, signature string
	signedHeaders    []string // lower case, in the order that was signed
}

func (v *Verifier) verifyV3(r Request) (Call, error) {
	auth, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return Call{}, err
	}
	for _, h := range [...]struct{ header, name string }{
		{"X-Acs-Action", "Action"}, {"X-Acs-Version", "Version"}, {"X-Acs-Date", "Timestamp"},
		{"X-Acs-Signature-Nonce", "SignatureNonce"}, {"X-Acs-Content-Sha256", "ContentSha256"},
	} {
		if r.Header.Get(h.header) == "" {
			return Call{}, missing(h.name)
		}
	}
	if err := checkSigned(r, auth.signedHeaders); err != nil {
		return Call{}, err
	}
	query, err := parse(r.RawQuery)
	if err != nil {
		return Call{}, err
	}
	err = v.admit(claim{
		keyID: auth.keyID, nonce: r.Header.Get("X-Acs-Signature-Nonce"), timestamp: r.Header.Get("X-Acs-Date"),
		signature: auth.signature,
		expected:  func(secret string) string { return signatureV3(r, query, auth.signedHeaders, secret) },
	})
	if err != nil {
		return Call{}, err
	}
	call, err := callV3(r)
	call.KeyID = auth.keyID
	return call, err
}

// callV3 reads the action's parameters, from the query and from a form.
func callV3(r Request) (Call, error) {
	form := ""
	if isForm(r.Header) && !r.rest() {
		form = string(r.Body)
	}
	params, err := parse(r.RawQuery, form)
	if err != nil {
		return Call{}, err
	}
	call := Call{Scheme: "V3", Action: r.Header.Get("X-Acs-Action"), Version: r.Header.Get("X-Acs-Version"),
		Format: params["Format"], Params: params, Region: r.Header.Get("X-Acs-Region-Id")}
	delete(params, "Format")
	return call, nil
}

func parseAuthorization(header string) (authorization, error) {
	algorithm, rest, _ := strings.Cut(header, " ")
	if algorithm != algorithmV3 {
		return authorization{}, refuse("InvalidSignatureMethod", "The signature method must be %s.", algorithmV3)
	}
	var auth authorization
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			auth.keyID = value
		case "SignedHeaders":
			auth.signedHeaders = strings.Split(strings.ToLower(value), ";")
		case "Signature":
			auth.signature = value
		}
	}
	switch {
	case auth.keyID == "":
		return authorization{}, missing("AccessKeyId")
	case auth.signedHeaders == nil:
		return authorization{}, missing("SignedHeaders")
	case auth.signature == "":
		return authorization{}, missing("Signature")
	}
	return auth, nil
}

// checkSigned wants host and every x-acs-* header under the signature, and the
// body to be the one that was signed. In the RPC style a content-type may be left
// out: some HTTP libraries add one after the client has signed. With a path, the
// content-type of a body must be signed.
func checkSigned(r Request, signed []string) error {
	if !slices.Contains(signed, "host") {
		return mismatch("The header host is not signed.")
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-acs-") && !slices.Contains(signed, lower) {
			return mismatch("An x-acs- header is not signed.")
		}
	}
	if r.rest() && len(r.Body) > 0 && !slices.Contains(signed, "content-type") {
		return mismatch("The request has a body, and the header content-type is not signed.")
	}
	sum := sha256.Sum256(r.Body)
	if r.Header.Get("X-Acs-Content-Sha256") != hex.EncodeToString(sum[:]) {
		return mismatch("x-acs-content-sha256 is not the digest of the body.")
	}
	return nil
}

// signatureV3 is hex(HMAC-SHA256(secret, algorithm \n hex(sha256(canonical request)))).
func signatureV3(r Request, query map[string]string, signed []string, secret string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + r.canonicalPath() + "\n" + canonicalQuery(query) + "\n")
	for _, name := range signed {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + r.Header.Get("X-Acs-Content-Sha256"))
	digest := sha256.Sum256([]byte(b.String()))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithmV3 + "\n" + hex.EncodeToString(digest[:])))
	return hex.EncodeToString(mac.Sum(nil))
}

func headerValue(r Request, name string) string {
	if name == "host" {
		return strings.TrimSpace(r.Host)
	}
	values := slices.Clone(r.Header[textproto.CanonicalMIMEHeaderKey(name)])
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	slices.Sort(values)
	return strings.Join(values, ",")
}
