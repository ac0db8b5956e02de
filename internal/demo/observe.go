package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
)

// What clients meet.
const (
	served   = "served"
	anyone   = "clients without a certificate are let in"
	rejected = "every handshake fails"
)

// observer is a client of the domains of a sandbox: it asks its name server and connects
// to the listener of its gateways.
type observer struct {
	box    *sandbox.Sandbox
	before apig.Seed // the state before the requests
	roots  *x509.CertPool
	names  *net.Resolver
}

func newObserver(f folder, box *sandbox.Sandbox, before apig.Seed) (*observer, error) {
	o := &observer{box: box, before: before, roots: x509.NewCertPool()}
	text, err := os.ReadFile(f.join(rootsName))
	if err != nil {
		return nil, fmt.Errorf("reading the roots: %w", err)
	}
	o.roots.AppendCertsFromPEM(text)
	o.names = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, box.Resolver())
	}}
	return o, nil
}

// meets returns what clients of a domain meet: the first thing that is wrong, or served.
// An error means that the observation failed.
func (o *observer) meets(ctx context.Context, name string) (string, error) {
	host := name
	if parent, wildcard := strings.CutPrefix(name, "*."); wildcard {
		host = "a.b." + parent
	}
	ips, err := o.names.LookupHost(ctx, host+".")
	if err != nil {
		return "", fmt.Errorf("resolving %s on the sandbox: %w", host, err)
	}
	if where := o.elsewhere(ips); where != "" {
		return where, nil
	}
	if text := o.recordOf(name); text != "" {
		return text, nil
	}
	status, err := o.get(ctx, "http://"+host, 0)
	switch {
	case err != nil:
		return "", fmt.Errorf("asking for http://%s on the sandbox: %w", host, err)
	case status == http.StatusNotFound:
		return "no gateway serves it", nil
	case status == http.StatusOK:
		return served, nil
	}
	return o.overTLS(ctx, name, host)
}

// overTLS connects with TLS, without a client certificate.
func (o *observer) overTLS(ctx context.Context, name, host string) (string, error) {
	_, err := o.get(ctx, "https://"+host, tls.VersionTLS13)
	var wrong x509.HostnameError
	switch {
	case errors.As(err, &wrong):
		return "clients of " + host + " get " + strings.Join(wrong.Certificate.DNSNames, ", "), nil
	case err != nil:
		return rejected, ctx.Err()
	case slices.ContainsFunc(o.before.Domains, func(d apig.Domain) bool { return d.Name == name && d.MTLSEnabled }):
		return anyone, nil
	}
	if _, err := o.get(ctx, "https://"+host, tls.VersionTLS10); err == nil {
		return "clients with TLS 1.0 are let in", nil
	}
	return served, ctx.Err()
}

// elsewhere returns where callers go who do not come to a gateway.
func (o *observer) elsewhere(ips []string) string {
	for _, g := range o.before.Gateways {
		for _, lb := range g.LoadBalancers {
			for _, ip := range ips {
				switch known := slices.Contains(lb.IPv4Addresses, ip); {
				case known && g.Released:
					return "callers go to " + ip + " of a released gateway"
				case known:
					return ""
				}
			}
		}
	}
	return "callers go to " + strings.Join(ips, ", ") + ", not to the gateway"
}

// recordOf returns what is wrong with the record, which no connection shows.
func (o *observer) recordOf(name string) string {
	var same []apig.Domain
	for _, d := range o.box.StateAPIG().Domains {
		if d.Name == name {
			same = append(same, d)
		}
	}
	if len(same) > 1 {
		return fmt.Sprintf("%d records of one name, and one of them answers", len(same))
	}
	for _, d := range o.before.Domains {
		if d.Name == name && d.CreateFrom == "Ingress" && len(same) == 1 && same[0].CertIdentifier != d.CertIdentifier {
			return "until the cluster writes its record again"
		}
	}
	return ""
}

// get makes one request to the gateways' listener; the highest TLS version is most.
func (o *observer) get(ctx context.Context, url string, most uint16) (status int, err error) {
	const wait = 5 * time.Second
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, o.box.GatewayListener())
		},
		TLSClientConfig: &tls.Config{RootCAs: o.roots, MinVersion: tls.VersionTLS10, MaxVersion: most}, //nolint:gosec // G402: whether the domain takes old clients is what is observed
	}
	client := &http.Client{Transport: transport, Timeout: wait, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
