package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// noise gives other bytes at each call, and the same ones in each test run.
func noise() func(n int) []byte {
	source := rand.NewChaCha8([32]byte{1})
	return func(n int) []byte {
		b := make([]byte, n)
		_, _ = source.Read(b) // it never fails
		return b
	}
}

// spelled are the ways to write bytes that the scanner must see through.
func spelled() map[string]func([]byte) string {
	std := base64.StdEncoding.EncodeToString
	wrapped := func(b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b}))
	}
	quoted := func(s string) string {
		b, _ := json.Marshal(s) // a string has a form in JSON
		return string(b)
	}
	percent := func(b []byte) string {
		var out strings.Builder
		for _, c := range b {
			fmt.Fprintf(&out, "%%%02X", c)
		}
		return out.String()
	}
	return map[string]func([]byte) string{
		"raw":                      func(b []byte) string { return string(b) },
		"base64":                   std,
		"base64url":                base64.URLEncoding.EncodeToString,
		"base64, no padding":       base64.RawStdEncoding.EncodeToString,
		"base64 in a query":        func(b []byte) string { return url.QueryEscape(std(b)) },
		"base64 in JSON":           func(b []byte) string { return quoted(std(b)) },
		"base64 in XML":            func(b []byte) string { return strings.ReplaceAll(std(b), "+", "&#43;") },
		"hex":                      hex.EncodeToString,
		"HEX":                      func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) },
		"hex with colons":          func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", ":") },
		"Go bytes":                 func(b []byte) string { return fmt.Sprintf("%v", b) },
		"Go syntax":                func(b []byte) string { return fmt.Sprintf("%#v", b) },
		"Go string":                func(b []byte) string { return fmt.Sprintf("%q", b) },
		"Go escapes":               func(b []byte) string { return fmt.Sprintf("%+q", b) },
		"number":                   func(b []byte) string { return new(big.Int).SetBytes(b).String() },
		"URL-encoded":              func(b []byte) string { return url.QueryEscape(string(b)) },
		"URL-encoded, every byte":  percent,
		"URL-encoded twice":        func(b []byte) string { return url.QueryEscape(percent(b)) },
		"PEM":                      wrapped,
		"PEM in JSON":              func(b []byte) string { return quoted(wrapped(b)) },
		"PEM in a query":           func(b []byte) string { return url.QueryEscape(wrapped(b)) },
		"PEM in a string to sign":  func(b []byte) string { return url.QueryEscape(url.QueryEscape(wrapped(b))) },
		"PEM, indented":            func(b []byte) string { return strings.ReplaceAll(wrapped(b), "\n", "\n      ") },
		"PEM, after a log's words": func(b []byte) string { return strings.ReplaceAll(wrapped(b), "\n", "\nbindgate: ") },
	}
}

// The other tests here pass if the scanner finds nothing. So this test shows that it
// finds a secret in each encoding and position, complete or in part, and
// reports no secret that is not there.
func TestScannerFindsASecretInEveryEncoding(t *testing.T) {
	random := noise()
	key, passphrase := random(32), []byte("p@ss phrase/ZQ7LX4TWB2MVK6Y3+&=é")
	var s scanner
	s.hide("key", key)
	s.hide("passphrase", passphrase)
	for name, spell := range spelled() {
		for around := range 3 { // every alignment of base64
			for what, secret := range map[string][]byte{"key": key, "passphrase": passphrase} {
				if name == "number" && (around > 0 || what == "passphrase") {
					continue // a number is one only by itself
				}
				text := "before " + spell(slices.Concat(random(around), secret, random(40))) + " after"
				if name == "number" {
					text = spell(secret)
				}
				if got := s.leaks(views([]byte(text))); len(got) == 0 || !strings.HasPrefix(got[0], what) {
					t.Errorf("%s, %d bytes in: found %q in %q, want the %s", name, around, got, text, what)
				}
			}
			if got := s.leaks(views([]byte(spell(slices.Concat(random(around), random(32), random(40)))))); len(got) > 0 {
				t.Errorf("%s of other bytes: found %q", name, got)
			}
		}
	}
}

// Eight bytes are enough, and the fewest that are.
func TestScannerFindsEveryRun(t *testing.T) {
	random := noise()
	key := random(32)
	var s scanner
	s.hide("key", key)
	for name, spell := range spelled() {
		if name == "number" {
			continue // a part of a number is another number
		}
		for from := 0; from+runLength <= len(key); from++ {
			text := spell(slices.Concat(random(from%3), key[from:from+runLength], random(9)))
			if len(s.leaks(views([]byte(text)))) == 0 {
				t.Errorf("%s: bytes %d to %d are not found in %q", name, from, from+runLength, text)
			}
		}
	}
	if got := s.leaks(views(append(key[:7:7], ^key[7]))); len(got) > 0 {
		t.Errorf("seven bytes: found %q", got)
	}
}

func TestRequestsAreFound(t *testing.T) {
	for _, text := range []string{
		"Post \"http://127.0.0.1:4711/?Action=SetDomain\": EOF", "GET&%2F&AccessKeyId%3Dtestid%26Action%3DX", "&Signature=abc",
		"CertificatePrivateKey=-----BEGIN", "PrivateKey%3D", `{"headers":["X-Acs-Signature-Nonce"]}`, "ACS3-HMAC-SHA256 Credential",
	} {
		if len(requests(views([]byte(text)))) == 0 {
			t.Errorf("nothing found in %q", text)
		}
	}
	for _, text := range []string{"code SignatureDoesNotMatch", `"keyParam":"CertificatePrivateKey"`, "--private-key FILE", "endpoint http://127.0.0.1:4711"} {
		if got := requests(views([]byte(text))); len(got) > 0 {
			t.Errorf("found %q in %q", got, text)
		}
	}
}
