package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// What an answer means follows from its Code, its shape and its status, in this order.
func TestRead(t *testing.T) {
	const (
		mark    = "\xef\xbb\xbf"
		foreign = "the endpoint does not speak the API, check --endpoint and the proxy"
		page    = "the endpoint does not speak the API but HTML, check --endpoint and the proxy"
		noShape = "the answer is not of the documented shape"
		held    = "the API's message is withheld, for the request held a private key"
		repeats = "the API's message is withheld, for it repeats the request"
	)
	refusal := func(code, message string) string {
		return `{"RequestId":"R","Code":"` + code + `","Message":"` + message + `"}`
	}
	secret := map[string]string{"CertificatePrivateKey": "K"}
	for name, c := range map[string]struct {
		status         int
		body           string
		secrets        map[string]string
		kind           Kind // empty: it is an answer
		message, right string
	}{
		"JSON":                            {status: 200, body: `{"RequestId":"R","GroupId":"g"}`},
		"JSON with a byte order mark":     {status: 200, body: mark + " \r\n" + `{"RequestId":"R","GroupId":"g"}` + "\n"},
		"XML":                             {status: 200, body: "<A><RequestId>R</RequestId><GroupId>g</GroupId></A>"},
		"the last status of an answer":    {status: 299, body: `{"RequestId":"R","GroupId":"g"}`},
		"a redirect":                      {status: 300, body: `{"RequestId":"R","GroupId":"g"}`, kind: Malformed, message: foreign},
		"a refusal without Code":          {status: 499, body: `{"RequestId":"R"}`, kind: Malformed, message: foreign},
		"a fault without Code":            {status: 500, body: `{"RequestId":"R"}`, kind: Transient, message: "the endpoint answered without a Code"},
		"cut off":                         {status: 200, body: `{"RequestId":"R"`, kind: Malformed, message: foreign},
		"cut off after a Code":            {status: 200, body: `{"Code":"NoPermission","RequestId":"R"`, kind: Malformed, message: foreign},
		"XML that is cut off":             {status: 200, body: "<A><RequestId>R</RequestId>", kind: Malformed, message: foreign},
		"HTML":                            {status: 200, body: "<html><RequestId>R</RequestId><GroupId>g</GroupId></html>", kind: Malformed, message: page},
		"HTML with its type":              {status: 200, body: "<!DOCTYPE html><html><RequestId>R</RequestId><GroupId>g</GroupId></html>", kind: Malformed, message: page},
		"text":                            {status: 200, body: "RequestId: R", kind: Malformed, message: foreign},
		"no RequestId":                    {status: 200, body: `{"GroupId":"g"}`, kind: Malformed, message: foreign},
		"a field of another type":         {status: 200, body: `{"RequestId":"R","GroupId":["g"]}`, kind: Malformed, message: noShape},
		"a missing right":                 {status: 403, body: refusal("NoPermission", "m"), kind: NoPermission, message: "m", right: "apigateway:DescribeApiGroup on acs:apigateway:r:*:apigroup/g"},
		"a wrong secret":                  {status: 403, body: refusal("SignatureDoesNotMatch", "m"), kind: Auth, message: "the secret does not belong to the access key id; copy both again, without blanks"},
		"a request that came twice":       {status: 403, body: refusal("SignatureNonceUsed", "m"), kind: Auth, message: "the same request came twice, through a proxy that repeats requests perhaps; run it again"},
		"a disabled key":                  {status: 403, body: refusal("InvalidAccessKeyId.Inactive", "m"), kind: Auth, message: "the access key is disabled; enable it in RAM, or use another one"},
		"an unknown key":                  {status: 403, body: refusal("InvalidAccessKeyId.NotFound", "m"), kind: Auth, message: "there is no such access key id: it was deleted, or is another cloud's or site's"},
		"a wrong clock":                   {status: 403, body: refusal("InvalidTimeStamp.Expired", "m"), kind: Auth, message: "this machine's clock is more than 15 minutes off; set it"},
		"an old token":                    {status: 403, body: refusal("InvalidSecurityToken.Expired", "m"), kind: Auth, message: "the security token has expired or does not belong to the key; sign in or assume the role again"},
		"another of a signature":          {status: 403, body: refusal("SignatureVersionNotSupported", "m"), kind: Auth, message: "the access key, its secret or this machine's clock is wrong"},
		"another refusal":                 {status: 400, body: refusal("InvalidICPLicense", "m"), kind: Rejected, message: "m"},
		"a refusal of a call with a key":  {status: 400, body: refusal("InvalidParameter", "m"), secrets: secret, kind: Rejected, message: held},
		"a message with the query":        {status: 400, body: refusal("X", "GET&AccessKeyId=a"), kind: Rejected, message: repeats},
		"a message with a string to sign": {status: 400, body: refusal("X", "Signature%3Da"), kind: Rejected, message: repeats},
		"a message with a key":            {status: 400, body: refusal("X", "-----BEGIN"), kind: Rejected, message: repeats},
	} {
		x, out := exchange{status: c.status, body: []byte(c.body)}, struct {
			GroupID string `json:"GroupId" xml:"GroupId"`
		}{}
		request := Request{Region: "r", Action: "DescribeApiGroup", Params: map[string]string{"GroupId": "g"}, Secrets: c.secrets}
		id, err := x.read(request, &out)
		switch {
		case c.kind == "" && (err != nil || id != "R" || out.GroupID != "g"):
			t.Errorf("%s: got %q, %+v, %v", name, id, out, err)
		case c.kind != "" && (err == nil || err.Kind != c.kind || err.Message != c.message || err.Permission != c.right || err.HTTPStatus != c.status):
			t.Errorf("%s: got %+v", name, err)
		case c.kind != "" && strings.Contains(c.body, `"R"`) && !strings.HasPrefix(name, "cut off") && id != "R":
			t.Errorf("%s: got the request id %q", name, id)
		}
	}
}

// FuzzPlain compares what is plain with what the decoder of the standard library reads.
func FuzzPlain(f *testing.F) {
	deep := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	for _, text := range []string{`{}`, `[]`, `"a"`, ` 1 `, `{"a":1,"b":{"a":[{"a":"a"},{"a":"a"}]}}`, `{"a":1,"a":2}`, `{"a":1,"A":2}`, `[{"a":1,"A":2}]`,
		`{"d":{"a":1,"A":2}}`, `{"d":{"a":1,"b":{"b":1},"a":2}}`, `{"d":{"a":1,"\u0061":2}}`, `{"a\\":"\\","a":"}\"{"}`, `{"a":":","b" : "\":","c"` + "\n\t\r: [\"b\"]}",
		"{\"\xff\":1,\"\xfe\":2}", "{\"\u212a\":1,\"k\":2}", `{"":1,"":2}`, deep(maxDepth), deep(maxDepth + 1), `{"a":` + deep(maxDepth) + `}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if got, want := plain(text), plainTo(t, dec, 0); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	})
}

// plainTo reads one value and reports whether it is plain.
func plainTo(t *testing.T, dec *json.Decoder, depth int) bool {
	next := func() json.Token {
		token, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	open, nests := next().(json.Delim)
	if !nests || depth == maxDepth {
		return !nests
	}
	for names := map[string]bool{}; dec.More(); {
		if open == '{' {
			name := next().(string)
			if depth == 0 {
				name = strings.ToLower(name)
			}
			if names[name] {
				return false
			}
			names[name] = true
		}
		if !plainTo(t, dec, depth+1) {
			return false
		}
	}
	next() // the end of it
	return true
}
