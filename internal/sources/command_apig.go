package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// domainField is a field of CreateDomain and UpdateDomain (APIG 2024-03-27).
type domainField struct {
	key    string   // of the manifest; empty: a file that the command does not name
	flags  []string // of the plugin's command; its names are lower case with hyphens, and how it writes mTLS and http2 is not documented
	create bool     // only CreateDomain has it
}

func domainFields() map[string]domainField {
	return map[string]domainField{
		"name":                  {key: "domainName", flags: []string{"--name"}, create: true},
		"protocol":              {key: "protocol", flags: []string{"--protocol"}},
		"forceHttps":            {key: "forceHttps", flags: []string{"--force-https"}},
		"http2Option":           {key: "http2Option", flags: []string{"--http2-option", "--http-2-option"}},
		"tlsMin":                {key: "tlsMin", flags: []string{"--tls-min"}},
		"tlsMax":                {key: "tlsMax", flags: []string{"--tls-max"}},
		"tlsCipherSuitesConfig": {key: "tlsCipherSuitesConfig", flags: []string{"--tls-cipher-suites-config"}},
		"domainScope":           {key: "domainScope", flags: []string{"--domain-scope"}},
		"gatewayType":           {key: "gatewayType", flags: []string{"--gateway-type"}, create: true},
		"resourceGroupId":       {key: "resourceGroupId", flags: []string{"--resource-group-id"}, create: true},
		"certIdentifier":        {flags: []string{"--cert-identifier"}},
		"caCertIdentifier":      {flags: []string{"--ca-cert-identifier"}},
		"clientCACert":          {flags: []string{"--client-ca-cert", "--client-cacert"}},
		"mTLSEnabled":           {flags: []string{"--mtls-enabled", "--m-tls-enabled"}},
	}
}

// gatewayDomain reads a command of apig from its action on, in the three forms of the CLI:
// POST /v1/domains, CreateDomain, create-domain.
func gatewayDomain(args []string, given Given) (entry manifest.Entry, missing []string, err error) {
	call, err := readCall(args)
	if err != nil {
		return manifest.Entry{}, nil, err
	}
	action := "UpdateDomain"
	if call.create {
		action = "CreateDomain"
	}
	entry = manifest.Entry{Address: action, Values: map[string]any{}}
	fields := domainFields()
	for _, name := range slices.Sorted(maps.Keys(call.fields)) {
		f, known := fields[name]
		switch {
		case !known:
			return manifest.Entry{}, nil, fmt.Errorf("got the field %.64q, which bindgate does not know; remove it if it does not concern the binding", name)
		case f.create && !call.create:
			return manifest.Entry{}, nil, fmt.Errorf("got the field %.64q, which UpdateDomain does not have; remove it", name)
		case call.fields[name] == nil:
			return manifest.Entry{}, nil, fmt.Errorf("the field %.64q is null, and what the API makes of that is not documented; remove it, or write a value", name)
		case f.key == "tlsMin", f.key == "tlsMax":
			entry.Values[f.key] = spaced(call.fields[name])
		case f.key != "":
			entry.Values[f.key] = call.fields[name]
		}
	}
	switch name, _ := entry.Values["domainName"].(string); {
	case call.create && name == "":
		return manifest.Entry{}, nil, errors.New("the field name is missing; CreateDomain needs it")
	case call.create && given.Domain != "":
		return manifest.Entry{}, nil, errors.New("got --domain, and the command names the domain; omit --domain")
	case !call.create && given.Domain == "":
		return manifest.Entry{}, nil, errors.New("UpdateDomain names the domain by its id alone; add --domain NAME before the --")
	case !call.create:
		entry.Values["domainName"] = given.Domain
		missing = append(missing, fmt.Sprintf("domainId: the manifest names the domain, not its id; check that %.64q is %.253q", call.id, given.Domain))
	}
	entry.Domain, _ = entry.Values["domainName"].(string)
	if given.Gateway == "" {
		return manifest.Entry{}, nil, errors.New("the command names no gateway; add --gateway ID before the --")
	}
	entry.Values["gatewayId"] = given.Gateway
	if entry.Values["regionId"], err = regionOf(call.flags); err != nil {
		return manifest.Entry{}, nil, err
	}
	more, err := certificates(call.fields)
	return entry, append(append(missing, more...), elsewhere(call.flags, "apig")...), err
}

// certificates says what the manifest must have of the certificates that the command names
// by their ids.
func certificates(fields map[string]any) (missing []string, err error) {
	switch id := fields["certIdentifier"].(type) {
	case nil:
	case string:
		missing = append(missing, fmt.Sprintf("certificate: the command names %.64q of the store; write certificate: {name: NAME, body: FILE, casId: %.64s}", id, id))
	default:
		return nil, errors.New("the field certIdentifier is no text")
	}
	switch on := fields["mTLSEnabled"]; {
	case fields["clientCACert"] != nil:
		return nil, errors.New("the field clientCACert is the text of a CA; write it to a file, remove the field, and name the file in the manifest: clientCertificate: {ca: FILE}")
	case on == true || fields["caCertIdentifier"] != nil:
		missing = append(missing, "clientCertificate: the command asks for client certificates; write clientCertificate: {ca: FILE, casId: ID}")
	case on == false && fields["certIdentifier"] != nil:
		missing = append(missing, "clientCertificate: the command switches client certificates off; write clientCertificate: none")
	case on != nil && on != false:
		return nil, errors.New("the field mTLSEnabled is neither true nor false")
	}
	return missing, nil
}

// apigCall is a call of CreateDomain or UpdateDomain.
type apigCall struct {
	create bool
	id     string // of UpdateDomain
	fields map[string]any
	flags  map[string]string
}

const wantApig = "want POST /v1/domains, PUT /v1/domains/ID, CreateDomain, UpdateDomain, create-domain or update-domain"

func readCall(args []string) (call apigCall, err error) {
	action, rest := args[0], args[1:]
	switch action {
	case "POST", "PUT":
		if len(rest) == 0 {
			return call, errors.New("got no path after " + action + ", " + wantApig)
		}
		id, below := strings.CutPrefix(rest[0], "/v1/domains/")
		switch {
		case action == "POST" && rest[0] == "/v1/domains":
			call.create = true
		case action == "PUT" && below && id != "" && !strings.ContainsAny(id, "/?#%"):
			call.id = id
		default:
			return call, fmt.Errorf("got %s %.64q, %s", action, rest[0], wantApig)
		}
		return call, call.withBody(rest[1:], nil)
	case "CreateDomain", "create-domain":
		call.create = true
	case "UpdateDomain", "update-domain":
	default:
		return call, fmt.Errorf("got aliyun apig %.32q, %s", action, wantApig)
	}
	id := map[string]string{"UpdateDomain": "--domainId", "update-domain": "--domain-id"}[action]
	own := []string{id}
	if call.create {
		own = nil
	}
	if strings.Contains(action, "-") {
		err = call.withFlags(rest, own)
	} else {
		err = call.withBody(rest, own)
	}
	if err == nil && !call.create {
		if call.id = call.flags[id]; call.id == "" {
			err = fmt.Errorf("%s is missing; UpdateDomain needs it", id)
		}
	}
	return call, err
}

var jsonHeader = lazyregexp.New(`^(?i:Content-Type=application/json(; *charset=utf-8)?;?)$`)

// withBody reads the flags of a call whose fields are in --body.
func (c *apigCall) withBody(args, own []string) (err error) {
	if c.flags, err = flagsOf(args, append(own, "--body", "--header")); err != nil {
		return err
	}
	if header, given := c.flags["--header"]; given && !jsonHeader.MatchString(header) {
		return errors.New("--header is not Content-Type=application/json alone; remove it, and rotate a secret that stood in it")
	}
	body, given := c.flags["--body"]
	if !given {
		return errors.New("--body is missing: the JSON object with the fields of the domain")
	}
	value, err := strictJSON([]byte(body), func([]string, any) bool { return true })
	if err != nil {
		return fmt.Errorf("reading --body: %w", err)
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return errors.New("reading --body: got no JSON object, want one; a shell that did not expand $(cat FILE) leaves such a text")
	}
	c.fields = fields
	return c.version()
}

// withFlags reads the flags of a call whose fields are flags of their own.
func (c *apigCall) withFlags(args, own []string) (err error) {
	fields := domainFields()
	for _, f := range fields {
		own = append(own, f.flags...)
	}
	if c.flags, err = flagsOf(args, own); err != nil {
		return err
	}
	c.fields = map[string]any{}
	for name, f := range fields {
		for _, flag := range f.flags {
			text, given := c.flags[flag]
			if _, twice := c.fields[name]; given && twice {
				return fmt.Errorf("got %s twice, want it once", flag)
			}
			switch {
			case !given:
			case name == "forceHttps" || name == "mTLSEnabled":
				if text != "true" && text != "false" {
					return fmt.Errorf("%s: got %.32q, want true or false", flag, text)
				}
				c.fields[name] = text == "true"
			case name == "tlsCipherSuitesConfig":
				value, err := strictJSON([]byte(text), func([]string, any) bool { return true })
				if err != nil {
					return fmt.Errorf("reading %s: %w; write it as JSON", flag, err)
				}
				c.fields[name] = value
			default:
				c.fields[name] = text
			}
		}
	}
	return c.version()
}

// version refuses a version of the API whose fields may mean something else.
func (c *apigCall) version() error {
	for _, flag := range []string{"--version", "--api-version"} {
		if version, given := c.flags[flag]; given && version != "2024-03-27" {
			return fmt.Errorf("%s: got %.32q, want 2024-03-27, the version that bindgate knows", flag, version)
		}
	}
	return nil
}

// holdsKey reports whether a text, or a text in its JSON, is that of a key or certificate,
// or announces a credential.
func holdsKey(text string) bool {
	if strictyaml.IsKeyText(text) {
		return true
	}
	var value any
	return strings.HasPrefix(strings.TrimSpace(text), "{") && json.Unmarshal([]byte(text), &value) == nil && keyIn(value)
}

func keyIn(value any) bool {
	switch v := value.(type) {
	case string:
		return strictyaml.IsKeyText(v)
	case []any:
		return slices.ContainsFunc(v, keyIn)
	case map[string]any:
		for name, one := range v {
			name = strings.ToLower(name)
			if strictyaml.IsKeyText(name) || strings.Contains(name, "privatekey") || strings.Contains(name, "secret") || strings.Contains(name, "token") ||
				strings.Contains(name, "password") || strings.Contains(name, "accesskey") || keyIn(one) {
				return true
			}
		}
	}
	return false
}
