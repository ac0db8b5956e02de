// Package wire carries one call to the management API of a product (the API Gateway,
// classic and cloud-native, and the certificate store), and reads the answer. It lies below
// internal/platform so that only the readers and the writer there can send anything at all.
package wire

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// Config says where and how to call.
type Config struct {
	Endpoint    string // https://host[:port], or plain http to loopback; "": each product's own of the region
	STS         string // address of STS; "": the region's own, or a private Endpoint itself; NoSTS: there is none
	APIG        string // address of the cloud-native gateway's API; "": as STS
	CAS         string // address of the certificate store; "": that of the region's site, or a private Endpoint itself
	Format      string // of answers of CloudAPI and STS: JSON or XML; "": not asked for, which is JSON
	SignatureV1 bool   // sign for CloudAPI and STS as old endpoints want it (HMAC-SHA1) instead of V3
	Credential  providers.CredentialsProvider
	CA          []byte              // PEM roots for the endpoint, in addition to the system's
	Env         func(string) string // HTTPS_PROXY, NO_PROXY and DEBUG are looked up here; nil: an empty environment
	Rate        float64             // calls a second for each region and action; 0: nine tenths of what each product documents; APIG and CAS take no more than that; <0: no limit
	Timeout     time.Duration       // of one try, connecting and answer; 0: 10 s
	Tries       uint                // of one read, at most; 0: 5
	Pause       time.Duration       // before the second try, doubled up to 2 s; 0: 100 ms
	UserAgent   string              // of each call

	// RoundTripper replaces the network, for tests in memory; CA and proxies
	// are not used then. Like http.Transport it must call the request's httptrace
	// hook GotConn: an error before that counts as not sent.
	RoundTripper http.RoundTripper
}

// regions become a host name, so nothing but a host label's bytes is let through.
var regions = lazyregexp.New(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

const maxRegion = 63 // bytes of a host label (RFC 1035 §2.3.4); a bound in the pattern is slow to compile

func (c Config) withDefaults() Config {
	if c.Env == nil {
		c.Env = func(string) string { return "" }
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Tries == 0 {
		c.Tries = 5
	}
	if c.Pause <= 0 {
		c.Pause = 100 * time.Millisecond
	}
	return c
}

// parseEndpoint never echoes what may hold a password or a token.
func parseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.User != nil || strings.Contains(s, "@"):
		return nil, errors.New("endpoint: want https://host[:port], without user and password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("endpoint: want https://host[:port] and nothing after it; got a query or a fragment, which is not repeated here")
	case u.Host == "" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("endpoint %q: want https://host[:port] and nothing after it", s)
	case u.Scheme == "https":
	case u.Scheme != "http":
		return nil, fmt.Errorf("endpoint %q: want https://, or http:// to a loopback address", s)
	case !loopback(u.Hostname()):
		return nil, fmt.Errorf("endpoint %q: plain http is taken to a loopback address only, use https://", s)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// refuseDebug stops when the credential chain would print its requests, keys included, to
// standard output: it reads DEBUG before main starts, so no code can prevent it.
func refuseDebug(value string) error {
	for part := range strings.SplitSeq(value, ",") {
		if part == "credential" {
			return errors.New("DEBUG=credential makes the credential chain of Alibaba Cloud print requests and keys: unset DEBUG")
		}
	}
	return nil
}

// roots are the system's with the PEM of a private CA added; nil: the system's.
func roots(ca []byte) (*x509.CertPool, error) {
	if len(ca) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("reading the endpoint's CA: no certificate in it, want PEM")
	}
	return pool, nil
}

// ErrNoCredentials reports that no access key was found.
var ErrNoCredentials = errors.New("no Alibaba Cloud credentials")
