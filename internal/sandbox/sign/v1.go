package sign

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
)

func (v *Verifier) verifyV1(r Request) (Call, error) {
	form := ""
	if isForm(r.Header) {
		form = string(r.Body)
	}
	params, err := parse(r.RawQuery, form)
	if err != nil {
		return Call{}, err
	}
	for _, name := range [...]string{"AccessKeyId", "Action", "Version", "Signature", "SignatureMethod",
		"SignatureVersion", "SignatureNonce", "Timestamp"} {
		if params[name] == "" {
			return Call{}, missing(name)
		}
	}
	if params["SignatureMethod"] != "HMAC-SHA1" {
		return Call{}, refuse("InvalidSignatureMethod", "The signature method must be HMAC-SHA1.")
	}
	if params["SignatureVersion"] != "1.0" {
		return Call{}, refuse("InvalidSignatureVersion", "The parameter SignatureVersion is not valid: it must be 1.0.")
	}
	signature := params["Signature"]
	delete(params, "Signature")
	err = v.admit(claim{
		keyID: params["AccessKeyId"], nonce: params["SignatureNonce"], timestamp: params["Timestamp"],
		signature: signature,
		expected:  func(secret string) string { return signatureV1(r.Method, params, secret) },
	})
	if err != nil {
		return Call{}, err
	}
	call := Call{Scheme: "V1", KeyID: params["AccessKeyId"], Action: params["Action"], Version: params["Version"], Format: params["Format"], Params: params}
	for _, name := range [...]string{"Action", "Version", "Format", "AccessKeyId", "SignatureMethod", "SignatureVersion",
		"SignatureNonce", "SignatureType", "Timestamp", "SecurityToken"} {
		delete(params, name) // they are the scheme's, not the action's
	}
	return call, nil
}

// signatureV1 is base64(HMAC-SHA1(secret + "&", METHOD & %2F & enc(query))).
func signatureV1(method string, params map[string]string, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(method + "&%2F&" + encode(canonicalQuery(params))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
