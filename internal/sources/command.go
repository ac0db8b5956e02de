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

// Command reads the arguments of `aliyun cloudapi SetDomain`, with the program's name
// first. missing lists the keys that the manifest needs and the command does not state.
// Command runs nothing, and no error repeats a value that may be a secret.
func Command(args []string) (entry manifest.Entry, missing []string, err error) {
	values, err := command(args)
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
	region, id := values["--region"], values["--RegionId"]
	switch {
	case region != "" && id != "" && region != id:
		return manifest.Entry{}, nil, fmt.Errorf("--region is %.32q and --RegionId %.32q, want one region", region, id)
	case region == "" && id == "":
		return manifest.Entry{}, nil, errors.New("--region is missing: the profile of the command has it, and bindgate does not read profiles; add --region")
	case id != "":
		region = id
	}
	entry.Values["regionId"] = region
	if entry.Values["isForce"] == true {
		missing = append(missing, "forceFrom: the command takes the domain from any group; list the groups that may lose it")
	}
	if _, given := values["--BindStageName"]; !given {
		missing = append(missing, `bindStageName: the command does not state it; write the stage, or "" for every environment`)
	}
	return entry, missing, nil
}

// command returns the flags of the command by their names.
func command(args []string) (map[string]string, error) {
	const want = "want aliyun cloudapi SetDomain --GroupId ID --DomainName NAME …"
	if err := refuseSecrets(args); err != nil {
		return nil, err
	}
	if len(args) < 3 || path.Base(args[0]) != "aliyun" && path.Base(args[0]) != "aliyun.exe" {
		return nil, errors.New("got another command, " + want)
	}
	if args[1] != "cloudapi" || args[2] != "SetDomain" {
		return nil, fmt.Errorf("got aliyun %.32q %.32q, %s; write other bindings in a manifest by hand", args[1], args[2], want)
	}
	values := map[string]string{}
	for rest := args[3:]; len(rest) > 0; {
		flag, value, joined := strings.Cut(rest[0], "=")
		rest = rest[1:]
		if flag == "-p" {
			flag = "--profile"
		}
		switch {
		case !strings.HasPrefix(flag, "--"):
			return nil, fmt.Errorf("got %.32q after the action, want a flag", flag)
		case slices.Contains(strings.Fields("--force --secure --insecure --dryrun --quiet"), flag):
			if joined {
				return nil, fmt.Errorf("%s takes no value", flag)
			}
		case slices.Contains(known(), flag):
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

// known returns the flags that take a value: SetDomain's parameters, and those of every
// command that do not concern the binding.
func known() []string {
	return strings.Fields("--DomainName --GroupId --BindStageName --CustomDomainType --IsForce --IsHttpRedirectToHttps --RegionId --region" +
		" --profile --endpoint --version --output --language --mode --connect-timeout --read-timeout --retry-count --config-path")
}

// refuseSecrets refuses a command that holds a secret, without the secret.
func refuseSecrets(args []string) error {
	for i, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		name = strings.ToLower(strings.TrimLeft(name, "-"))
		switch {
		case strictyaml.IsKeyText(arg), strings.Contains(name, "privatekey"), strings.Contains(name, "private-key"):
			return fmt.Errorf("argument %d is, or announces, a private key or a certificate as text; write it to a file, and replace a private key that was on a command line", i+1)
		case strings.HasPrefix(arg, "-") && (strings.Contains(name, "secret") || strings.Contains(name, "token") || strings.Contains(name, "password") || strings.Contains(name, "access-key")):
			return fmt.Errorf("argument %d announces a credential; remove it, use a profile, and rotate a secret that was on a command line", i+1)
		}
	}
	return nil
}
