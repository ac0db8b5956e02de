package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/signature"
)

// plainClient makes the requests of a manifest without judging them: as a script would
// that has the fields of the API.
type plainClient struct {
	client  *http.Client
	to      *url.URL
	key     signature.Key
	domains map[string]string   // ids by name
	made    map[string][]string // ids of the domains to publish, by gateway
	api     string              // what publishes them
}

// requested is a binding as the plain client reads it; Fields are those of the API.
type requested struct {
	DomainName  string
	GatewayID   string
	Certificate *struct{ Name, Body, PrivateKey, CasID string }
	Fields      map[string]any
}

// bindWithout makes every request of a scenario on a sandbox and returns what clients
// meet then, by domain. refused are the domains whose request the sandbox refused.
func bindWithout(ctx context.Context, f folder, s scenario, box *sandbox.Sandbox) (met map[string]string, refused []string, err error) {
	before := box.StateAPIG()
	all, refused, err := bindPlainly(ctx, f, s.manifest, box)
	if err != nil {
		return nil, nil, err
	}
	o, err := newObserver(f, box, before)
	if err != nil {
		return nil, nil, err
	}
	met = map[string]string{}
	for _, r := range all {
		if met[r.DomainName], err = o.meets(ctx, r.DomainName); err != nil {
			return nil, nil, err
		}
	}
	return met, refused, nil
}

// bindPlainly makes every request of a manifest and publishes the domains.
func bindPlainly(ctx context.Context, f folder, manifest string, box *sandbox.Sandbox) (all []requested, refused []string, err error) {
	if all, err = requests(manifest); err != nil {
		return nil, nil, err
	}
	c, err := newPlainClient(box)
	if err != nil {
		return nil, nil, err
	}
	defer c.client.CloseIdleConnections()
	for _, r := range all {
		if err := c.bind(ctx, r, f); refusedByPlatform(err) {
			refused = append(refused, r.DomainName)
		} else if err != nil {
			return nil, nil, fmt.Errorf("binding %q without bindgate: %w", r.DomainName, err)
		}
	}
	return all, refused, c.publish(ctx)
}

func requests(manifest string) ([]requested, error) {
	var m struct {
		Defaults map[string]any
		Bindings []map[string]any
	}
	if err := yaml.Unmarshal([]byte(manifest), &m); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	var all []requested
	for _, b := range m.Bindings {
		r := requested{Fields: map[string]any{}}
		for _, fields := range []map[string]any{m.Defaults, b} {
			for name, value := range fields {
				r.Fields[name] = value
			}
		}
		text := func(in map[string]any, name string) string { v, _ := in[name].(string); return v }
		r.DomainName, r.GatewayID = text(b, "domainName"), text(b, "gatewayId")
		if c, ok := b["certificate"].(map[string]any); ok {
			r.Certificate = &struct{ Name, Body, PrivateKey, CasID string }{text(c, "name"), text(c, "body"), text(c, "privateKey"), text(c, "casId")}
		}
		for _, name := range []string{"domainName", "gatewayId", "regionId", "certificate", "labels"} { // no fields of the call
			delete(r.Fields, name)
		}
		all = append(all, r)
	}
	return all, nil
}

func newPlainClient(box *sandbox.Sandbox) (*plainClient, error) {
	env := lookup(box.Env())
	to, err := url.Parse(box.Endpoint())
	if err != nil {
		return nil, fmt.Errorf("making a plain client: %w", err)
	}
	key := signature.Key{ID: env("ALIBABA_CLOUD_ACCESS_KEY_ID"), Secret: env("ALIBABA_CLOUD_ACCESS_KEY_SECRET")}
	c := &plainClient{client: &http.Client{Transport: new(http.Transport)}, to: to, key: key, domains: map[string]string{}, made: map[string][]string{}}
	for _, a := range box.StateAPIG().HTTPAPIs {
		c.api = a.HTTPAPIID
	}
	for _, d := range box.StateAPIG().Domains {
		if _, found := c.domains[d.Name]; !found {
			c.domains[d.Name] = d.DomainID
		}
	}
	return c, nil
}

func lookup(environ []string) func(string) string {
	return func(name string) string {
		for _, pair := range environ {
			if k, v, _ := strings.Cut(pair, "="); k == name {
				return v
			}
		}
		return ""
	}
}

// bind uploads the certificate, then creates the domain or updates it with the fields of
// the manifest and no other.
func (c *plainClient) bind(ctx context.Context, r requested, f folder) error {
	body := map[string]any{}
	for name, value := range r.Fields {
		body[name] = value
	}
	if cert := r.Certificate; cert != nil && cert.CasID != "" {
		body["certIdentifier"] = cert.CasID
	} else if cert != nil {
		id, err := c.upload(ctx, cert.Name, f.join(cert.Body), f.join(cert.PrivateKey))
		if err != nil {
			return err
		}
		body["certIdentifier"] = id
	}
	if id, found := c.domains[r.DomainName]; found {
		_, err := c.call(ctx, "UpdateDomain", "PUT", "/v1/domains/"+id, body)
		return err
	}
	body["name"] = r.DomainName
	answer, err := c.call(ctx, "CreateDomain", "POST", "/v1/domains", body)
	if err != nil {
		return err
	}
	data, _ := answer["data"].(map[string]any)
	id, _ := data["domainId"].(string)
	c.made[r.GatewayID] = append(c.made[r.GatewayID], id)
	return nil
}

func (c *plainClient) upload(ctx context.Context, name, body, key string) (identifier string, err error) {
	cert, err := os.ReadFile(body)
	if err != nil {
		return "", err
	}
	secret, err := os.ReadFile(key)
	if err != nil {
		return "", err
	}
	result, err := c.send(ctx, signature.Request{Action: "UploadUserCertificate", Version: "2020-04-07", Method: http.MethodPost, Path: "/",
		Form: map[string]string{"Name": name, "Cert": string(cert), "Key": string(secret)}})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%v-cn-hangzhou", result["CertId"]), nil
}

// publish deploys every domain that was created on its gateway. A gateway that does not
// exist is refused here, after the domain was created.
func (c *plainClient) publish(ctx context.Context) error {
	for gateway, ids := range c.made {
		_, err := c.call(ctx, "DeployHttpApi", "POST", "/v1/http-apis/"+c.api+"/deploy",
			map[string]any{"restApiConfig": map[string]any{"gatewayId": gateway, "environment": map[string]any{"customDomainIds": ids}}})
		if err != nil && !refusedByPlatform(err) {
			return fmt.Errorf("publishing on %q without bindgate: %w", gateway, err)
		}
	}
	return nil
}

func (c *plainClient) call(ctx context.Context, action, method, path string, body map[string]any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", action, err)
	}
	return c.send(ctx, signature.Request{Action: action, Version: "2024-03-27", Method: method, Path: path, JSON: string(text)})
}

func (c *plainClient) send(ctx context.Context, r signature.Request) (answer map[string]any, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := r.V3(ctx, c.to, c.key, signature.Now())
	if err != nil {
		return nil, err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", r.Action, err)
	}
	defer func() { _ = res.Body.Close() }()
	dec := json.NewDecoder(io.LimitReader(res.Body, 1<<20))
	dec.UseNumber() // ids
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("calling %s: reading the answer: %w", r.Action, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("calling %s: HTTP %d: %w", r.Action, res.StatusCode, errRefused)
	}
	return answer, nil
}

var errRefused = errors.New("the platform refused the request")

// refusedByPlatform reports whether the platform answered with an error code.
func refusedByPlatform(err error) bool { return errors.Is(err, errRefused) }

// withoutRows compares what clients meet without bindgate with the expectation.
func withoutRows(all []expectation, met map[string]string, refused []string) []row {
	var rows []row
	for _, e := range all {
		r := row{place: e.place, decided: "accepted", expected: met[e.domain]}
		if slices.Contains(refused, e.domain) {
			r.decided = "refused"
			r.differences = append(r.differences, "without bindgate: the sandbox refused it, want accepted")
		}
		if met[e.domain] != e.alone {
			r.differences = append(r.differences, fmt.Sprintf("without bindgate: clients meet %q, want %q", met[e.domain], e.alone))
		}
		rows = append(rows, r)
	}
	return rows
}
