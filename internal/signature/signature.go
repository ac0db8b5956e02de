// Package signature makes signed requests to the APIs of Alibaba Cloud: ACS3-HMAC-SHA256
// ("V3"), and HMAC-SHA1 over a form ("V1"), which old endpoints want. It sends nothing.
//
// The official SDK core makes the same requests; the tests compare. It is not linked,
// because its JSON library calls methods by names that the linker does not know: with it,
// every exported method of every library stays in the program.
package signature

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Key signs. Token is that of a temporary key, or empty.
type Key struct{ ID, Secret, Token string }

// Request is a call, before it is signed. Form or JSON is its body.
type Request struct {
	Action, Version string
	Method          string
	Path            string            // escaped; "/" for V1, which signs no other
	Query           map[string]string // an empty value is sent as an empty value
	Form            map[string]string // not nil: a form, which may be empty
	JSON            string
	UserAgent       string
	Region          string // for an address that serves several; empty: the address says it
}

// Stamp makes a request unique: the platform refuses an old one, and a second one with the
// same nonce.
type Stamp struct {
	Nonce string
	Time  time.Time
}

// Now returns a stamp of the system's clock: the platform compares it with its own.
func Now() Stamp {
	return Stamp{Nonce: rand.Text(), Time: time.Now()} //nolint:forbidigo // the time of a replay is not the time of a call
}

// V3 returns the request to an address, signed by ACS3-HMAC-SHA256.
func (r Request) V3(ctx context.Context, to *url.URL, k Key, s Stamp) (*http.Request, error) {
	body, kind := r.body()
	digest := sha256.Sum256([]byte(body))
	signed := map[string]string{
		"host": to.Host, "x-acs-action": r.Action, "x-acs-version": r.Version, "x-acs-date": timestamp(s.Time),
		"x-acs-signature-nonce": s.Nonce, "x-acs-content-sha256": hex.EncodeToString(digest[:]),
	}
	if kind != "" {
		signed["content-type"] = kind
	}
	if r.Region != "" {
		signed["x-acs-region-id"] = r.Region
	}
	if k.Token != "" {
		signed["x-acs-accesskey-id"], signed["x-acs-security-token"] = k.ID, k.Token
	}
	names := slices.Sorted(maps.Keys(signed))
	query := encode(r.Query)
	var canonical strings.Builder
	canonical.WriteString(r.Method + "\n" + r.Path + "\n" + query + "\n")
	for _, name := range names {
		canonical.WriteString(name + ":" + strings.TrimSpace(signed[name]) + "\n")
	}
	canonical.WriteString("\n" + strings.Join(names, ";") + "\n" + signed["x-acs-content-sha256"])
	const algorithm = "ACS3-HMAC-SHA256"
	all := sha256.Sum256([]byte(canonical.String()))
	mac := hmac.New(sha256.New, []byte(k.Secret))
	mac.Write([]byte(algorithm + "\n" + hex.EncodeToString(all[:])))
	delete(signed, "host") // is in the address
	signed["accept"] = "application/json"
	signed["Authorization"] = fmt.Sprintf("%s Credential=%s,SignedHeaders=%s,Signature=%x", algorithm, k.ID, strings.Join(names, ";"), mac.Sum(nil))
	return r.request(ctx, to, query, body, signed)
}

// V1 returns the request to an address, signed by HMAC-SHA1 over query and form.
func (r Request) V1(ctx context.Context, to *url.URL, k Key, s Stamp) (*http.Request, error) {
	query := map[string]string{
		"Action": r.Action, "Version": r.Version, "Format": "json", "Timestamp": timestamp(s.Time), "SignatureNonce": s.Nonce,
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "AccessKeyId": k.ID,
	}
	if k.Token != "" {
		query["SecurityToken"] = k.Token
	}
	if r.Region != "" {
		query["RegionId"] = r.Region
	}
	maps.Copy(query, r.Query)
	signed := maps.Clone(query)
	maps.Copy(signed, r.Form)
	mac := hmac.New(sha1.New, []byte(k.Secret+"&"))
	mac.Write([]byte(r.Method + "&%2F&" + escape(encode(signed))))
	query["Signature"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	headers := map[string]string{"x-acs-action": r.Action, "x-acs-version": r.Version}
	body, kind := r.body()
	if kind != "" {
		headers["content-type"] = kind
	}
	return r.request(ctx, to, encode(query), body, headers)
}

func (r Request) request(ctx context.Context, to *url.URL, query, body string, headers map[string]string) (*http.Request, error) {
	address := to.Scheme + "://" + to.Host + r.Path
	if query != "" {
		address += "?" + query
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request of %s: the method or the address is not valid", r.Action) // err contains the query
	}
	for name, value := range headers {
		req.Header[name] = []string{value} // lower case, as the SDKs send them
	}
	if r.UserAgent != "" {
		req.Header.Set("User-Agent", r.UserAgent)
	}
	return req, nil
}

func (r Request) body() (body, kind string) {
	switch {
	case r.Form != nil:
		form := url.Values{}
		for name, value := range r.Form {
			form.Set(name, value)
		}
		return form.Encode(), "application/x-www-form-urlencoded"
	case r.JSON != "":
		return r.JSON, "application/json; charset=utf-8"
	}
	return "", ""
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// encode returns a query in the platform's canonical form.
func encode(query map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		pairs = append(pairs, escape(name)+"="+escape(query[name]))
	}
	return strings.Join(pairs, "&")
}

// escape leaves only the unreserved characters of RFC 3986.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
