package usage

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Arguments refuses arguments that no command takes: the text of a key, and a flag given
// twice. What else is wrong with them is for the command to say.
func Arguments(root *cobra.Command, args []string) error {
	if err := keyless(args); err != nil {
		return err
	}
	return once(root, args)
}

// keyless refuses a key on the command line before any message can repeat it.
func keyless(args []string) error {
	for i, arg := range args {
		if strictyaml.IsKeyText(arg) {
			return fmt.Errorf("reading arguments: argument %d is the text of a key or certificate, and anyone on this machine can read a command line; write it to a file and name the file; a private key that stood there must be replaced", i+1)
		}
	}
	return nil
}

// once refuses a flag that is given twice where the last one would win silently: the
// owner's in a script, and another one that is appended to it.
func once(root *cobra.Command, args []string) error {
	c, rest, err := root.Find(args)
	if err != nil || c.DisableFlagParsing {
		return nil
	}
	seen := map[string]bool{}
	var twice error
	_ = c.Flags().ParseAll(rest, func(f *pflag.Flag, value string) error {
		names := []string{"--" + f.Name}
		switch _, list := f.Value.(pflag.SliceValue); {
		case list:
			return nil
		case f.Value.Type() == "stringToString":
			names = nil
			for pair := range strings.SplitSeq(value, ",") {
				key, _, _ := strings.Cut(pair, "=")
				names = append(names, "--"+f.Name+" "+key)
			}
		}
		for _, name := range names {
			if seen[name] && twice == nil {
				twice = fmt.Errorf("reading flags: got %.80q twice, want it once: the last would win silently; remove one", name)
			}
			seen[name] = true
		}
		return nil
	})
	return twice
}

// flagError returns an error about flags with the next step: the flag that was probably
// meant, or what takes the place of another program's flag.
func flagError(c *cobra.Command, err error, all func() []*cobra.Command) error {
	var unknown *pflag.NotExistError
	next := fmt.Sprintf("see `%s --help`", c.CommandPath())
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			name = group[:1]
		}
		if hint := flagHint(c, name, all); hint != "" {
			next = hint
		}
	}
	return fmt.Errorf("reading flags: %w; %s", err, next)
}

// flagHint returns what to write in place of an unknown flag; empty: that is not known.
func flagHint(c *cobra.Command, name string, all func() []*cobra.Command) string {
	if hint := foreignFlags()[strings.ToLower(name)]; hint != "" {
		return hint
	}
	if len(name) < 2 {
		return ""
	}
	if f := nearestFlag(c.Flags(), name); f != "" {
		return fmt.Sprintf("did you mean --%s?", f)
	}
	var others []string
	for _, other := range all() {
		if other.IsAvailableCommand() && other.Flags().Lookup(name) != nil {
			others = append(others, other.Name())
		}
	}
	if len(others) > 0 {
		return fmt.Sprintf("it is a flag of %s; see `%s --help`", strings.Join(others, ", "), c.CommandPath())
	}
	return ""
}

// foreignFlags are flags of other programs, with what bindgate has in their place.
func foreignFlags() map[string]string {
	const dry = "`bindgate plan` judges and shows the calls without making them, and `bindgate lint` judges"
	const format = "the report's format is -f, such as -f json or -f sarif=FILE"
	const skip = "no flag skips a check: core checks always run, and the owner's file lowers the severity of others (severities:)"
	const profile = "the credentials' profile is the variable ALIBABA_CLOUD_PROFILE; the rules for certificates are --certificate-profile"
	const credentials = "credentials come from the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and its like) or ~/.aliyun/config.json, never from flags"
	const yes = "apply asks nothing: it makes the calls if every binding is allowed"
	return map[string]string{
		"dry-run": dry, "dryrun": dry, "check": dry, "diff": dry, "noop": dry, "n": dry, "what-if": dry,
		"output": format, "output-format": format, "out": format, "json": format, "reporter": format, "o": format, "sarif": format,
		"skip": skip, "skip-check": skip, "skip-checks": skip, "disable": skip, "ignore": skip, "exclude": skip, "no-check": skip, "skip-rule": skip,
		"profile": profile, "p": profile,
		"access-key": credentials, "access-key-id": credentials, "access-key-secret": credentials, "secret-key": credentials, "ak": credentials, "sk": credentials,
		"yes": yes, "y": yes, "auto-approve": yes, "force-yes": yes,
		"version": "the version is `bindgate --version`", "V": "the version is `bindgate --version`",
		"file":     "manifests are arguments, such as `bindgate lint bindings.yaml`",
		"filename": "manifests are arguments, such as `bindgate lint bindings.yaml`",
		"debug":    "-v prints every binding and check", "log-level": "-v prints every binding and check",
		"no-color": "colours are --color auto, always or never", "colour": "colours are --color auto, always or never",
		"silent": "-q prints only what blocks a binding", "region-id": "the region is --region",
		"domain-name": "the domain is --domain", "group-id": "the group is --group", "cert": "the certificate's file is --certificate",
		"key": "the key's file is --private-key", "strict": "--fail-on warning refuses a binding for a warning too",
		"revocation-private": "set revocationPrivate: true in the owner's file", "probe-allow": "set probeAllow in the owner's file",
	}
}

// nearestFlag returns the flag that a name misspells; empty: none.
func nearestFlag(flags *pflag.FlagSet, name string) string {
	var all []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, f.Name)
		}
	})
	slices.Sort(all)
	return spelling.Nearest(name, all, 2)
}
