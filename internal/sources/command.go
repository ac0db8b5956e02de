package sources

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Command reads the arguments of a command of the aliyun CLI that binds a domain, with the
// program's name first: cloudapi SetDomain, apig CreateDomain or apig UpdateDomain. given
// is what the command cannot say. missing lists what the manifest should have and the
// command does not state. Command runs nothing, and no error repeats a value that may be a
// secret.
func Command(args []string, given Given) (entry manifest.Entry, missing []string, err error) {
	if err := refuseSecrets(args); err != nil {
		return manifest.Entry{}, nil, err
	}
	const want = "want aliyun cloudapi SetDomain, aliyun apig CreateDomain or aliyun apig UpdateDomain"
	if len(args) < 3 || path.Base(args[0]) != "aliyun" && path.Base(args[0]) != "aliyun.exe" {
		return manifest.Entry{}, nil, errors.New("got another command, " + want)
	}
	switch product, action := args[1], args[2]; {
	case product == "cloudapi" && action == "SetDomain":
		if given.Gateway != "" || given.Domain != "" {
			return manifest.Entry{}, nil, errors.New("got --gateway or --domain, which are for commands of apig; SetDomain names group and domain")
		}
		return setDomain(args[3:])
	case product == "apig":
		return gatewayDomain(args[2:], given)
	default:
		return manifest.Entry{}, nil, fmt.Errorf("got aliyun %.32q %.32q, %s; write other bindings in a manifest by hand", product, action, want)
	}
}

// setDomain reads the arguments of SetDomain.
func setDomain(args []string) (entry manifest.Entry, missing []string, err error) {
	values, err := flagsOf(args, strings.Fields("--DomainName --GroupId --BindStageName --CustomDomainType --IsForce --IsHttpRedirectToHttps --RegionId"))
	if err != nil {
		return manifest.Entry{}, nil, err
	}
	entry = manifest.Entry{Address: "SetDomain", Domain: values["--DomainName"], Values: map[string]any{}}
	for _, p := range []struct {
		flag, key string
		required  bool
	}{
		{"--DomainName", "domainName", true}, {"--GroupId", "groupId", true}, {"--BindStageName", "bindStageName", false},
		{"--CustomDomainType", "customDomainType", false},
	} {
		value, given := values[p.flag]
		switch {
		case given:
			entry.Values[p.key] = value
		case p.required:
			return manifest.Entry{}, nil, fmt.Errorf("%s is missing; SetDomain needs it", p.flag)
		}
	}
	for flag, key := range map[string]string{"--IsForce": "isForce", "--IsHttpRedirectToHttps": "isHttpRedirectToHttps"} {
		switch value, given := values[flag]; {
		case value == "true", value == "false":
			entry.Values[key] = value == "true"
		case given:
			return manifest.Entry{}, nil, fmt.Errorf("%s: got %.32q, want true or false", flag, value)
		}
	}
	if entry.Values["regionId"], err = regionOf(values); err != nil {
		return manifest.Entry{}, nil, err
	}
	if entry.Values["isForce"] == true {
		missing = append(missing, "forceFrom: the command takes the domain from any group; list the groups that may lose it")
	}
	if _, given := values["--BindStageName"]; !given {
		missing = append(missing, `bindStageName: the command does not state it; write the stage, or "" for every environment`)
	}
	return entry, append(missing, elsewhere(values, "apigateway")...), nil
}

// elsewhere says by which flags the command may make its call in another account or at
// another address than bindgate, whose manifest has neither.
func elsewhere(values map[string]string, product string) (missing []string) {
	for _, flag := range []string{"--profile", "--mode", "--config-path"} {
		if values[flag] != "" {
			missing = append(missing, "the account of its "+flag+"; run bindgate with credentials of the same account")
		}
	}
	region, _ := regionOf(values)
	if host := hostOf(values["--endpoint"]); host != "" && !(Given{}).asks("", product, region, host) {
		missing = append(missing, "the address that bindgate calls, for its --endpoint is another; run bindgate with the same --endpoint")
	}
	return missing
}

// regionOf returns the region that a command states.
func regionOf(values map[string]string) (string, error) {
	region, id := values["--region"], values["--RegionId"]
	switch {
	case region != "" && id != "" && region != id:
		return "", fmt.Errorf("--region is %.32q and --RegionId %.32q, want one region", region, id)
	case region == "" && id == "":
		return "", errors.New("--region is missing: the profile of the command has it, and bindgate does not read profiles; add --region")
	case id != "":
		return id, nil
	}
	return region, nil
}

// flagsOf returns the flags of a command by their names. own are those of the action; the
// others of the list concern every command, and not the binding.
func flagsOf(args, own []string) (map[string]string, error) {
	known := append(slices.Clone(own), strings.Fields("--region --profile --endpoint --version --api-version --output --language --mode --connect-timeout"+
		" --read-timeout --retry-count --config-path --cli-query --user-agent --log-level")...)
	values := map[string]string{}
	for rest := args; len(rest) > 0; {
		flag, value, joined := strings.Cut(rest[0], "=")
		rest = rest[1:]
		switch flag {
		case "-p":
			flag = "--profile"
		case "-q":
			flag = "--quiet"
		}
		switch {
		case !strings.HasPrefix(flag, "--"):
			return nil, fmt.Errorf("got %.32q after the action, want a flag", flag)
		case slices.Contains(strings.Fields("--force --secure --insecure --dryrun --quiet --cli-dry-run --cli-ai-mode"), flag):
			if joined {
				return nil, fmt.Errorf("%s takes no value", flag)
			}
		case slices.Contains(known, flag):
			if !joined {
				if len(rest) == 0 || strings.HasPrefix(rest[0], "--") {
					return nil, fmt.Errorf("%s has no value", flag)
				}
				value, rest = rest[0], rest[1:]
			}
		default:
			return nil, fmt.Errorf("got the flag %.64q, which bindgate does not know; remove it if it does not concern the binding", flag)
		}
		if _, twice := values[flag]; twice {
			return nil, fmt.Errorf("got %s twice, want it once", flag)
		}
		values[flag] = value
	}
	return values, nil
}

// refuseSecrets refuses a command that holds a secret, without the secret.
func refuseSecrets(args []string) error {
	for i, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		name = strings.ToLower(strings.TrimLeft(name, "-"))
		name = strings.ReplaceAll(name, "_", "-")
		switch {
		case strictyaml.IsKeyText(name), holdsKey(arg), holdsKey(value), strings.Contains(name, "privatekey"), strings.Contains(name, "private-key"):
			return fmt.Errorf("argument %d is, or announces, a private key, a credential or a certificate as text; write it to a file, and replace a private key that was on a command line", i+1)
		case strings.HasPrefix(arg, "-") && (strings.Contains(name, "secret") || strings.Contains(name, "token") || strings.Contains(name, "password") || strings.Contains(name, "access-key") || strings.Contains(name, "accesskey")):
			return fmt.Errorf("argument %d announces a credential; remove it, use a profile, and rotate a secret that was on a command line", i+1)
		}
	}
	return nil
}
