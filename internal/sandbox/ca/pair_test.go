package ca

import (
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"
)

func leaf(t *testing.T, names ...string) Leaf {
	t.Helper()
	root, err := New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := root.Intermediate(Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := issuer.Issue(Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestParse(t *testing.T) {
	a, b := leaf(t, "a.demo.com"), leaf(t, "b.demo.com")
	spki := a.Certificate.RawSubjectPublicKeyInfo
	pair, err := ParsePair(string(a.Chain), "text before\n"+string(a.Key))
	if err != nil || pair.PublicKeyDigest != sum(spki) || pair.ChainDigest != sum(a.Chain) {
		t.Errorf("got %+v, %v", pair, err)
	}
	for name, c := range map[string]struct {
		body, key string
		want      error
	}{
		"no body":            {"", string(a.Key), ErrBody},
		"key as body":        {string(a.Key), string(a.Key), ErrBody},
		"bytes that are not": {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), string(a.Key), ErrBody},
		"too many":           {strings.Repeat(string(a.Cert), 101), string(a.Key), ErrBody},
		"no key":             {string(a.Chain), string(a.Chain), ErrKey},
		"another's key":      {string(a.Chain), string(b.Key), ErrMismatch},
	} {
		if _, err := ParsePair(c.body, c.key); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestDigestIsOfTheCanonicalForm(t *testing.T) {
	a := leaf(t, "a.demo.com")
	spaced := "# comment\r\n" + strings.ReplaceAll(string(a.Chain), "\n", "\r\n") + "\r\n\r\n"
	if got, want := ChainDigest(spaced), ChainDigest(string(a.Chain)); got != want || got == "" {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCovers(t *testing.T) {
	pair := Pair{Leaf: leaf(t, "a.demo.com", "*.shop.demo.com").Certificate}
	for domain, want := range map[string]bool{
		"a.demo.com": true, "A.demo.com": true, "b.demo.com": false, "x.shop.demo.com": true,
		"*.shop.demo.com": true, "*.demo.com": false, "y.x.shop.demo.com": false,
	} {
		if got := pair.Covers(domain); got != want {
			t.Errorf("%s: got %t, want %t", domain, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	f.Fuzz(func(t *testing.T, body, key string) {
		pair, err := ParsePair(body, key)
		if (err == nil) != (pair.Leaf != nil && pair.PublicKeyDigest != "") {
			t.Errorf("got %+v, %v", pair, err)
		}
	})
}
