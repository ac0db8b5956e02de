package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/manpage"
)

func newMan(env console.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Example: `  bindgate man man1
  bindgate man /usr/local/share/man/man1`,
		Args: one("folder"),
		RunE: func(c *cobra.Command, args []string) error {
			dir, err := confine.Unlinked(env.Dir, args[0])
			if err == nil {
				err = os.MkdirAll(dir, 0o755)
			}
			if err == nil {
				o := manpage.Options{Version: built.Version(), Date: pageDate(env), About: about}
				err = manpage.Write(c.Root(), o, func(name string, text []byte) error {
					return confine.WriteFile(env.Dir, filepath.Join(dir, name), text, 0o644)
				})
			}
			if err != nil {
				return fmt.Errorf("writing man pages: %w", err)
			}
			_, err = fmt.Fprintf(env.Stdout, "wrote the man pages; read one with: man %s/bindgate-lint.1\n", args[0])
			return err
		},
	}
}

// pageDate is the date of the pages: SOURCE_DATE_EPOCH, which packagers set, else that of
// the commit, else today.
func pageDate(env console.Env) time.Time {
	if seconds, err := strconv.ParseInt(env.Get("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	if at := built.Read().At; !at.IsZero() {
		return at
	}
	return env.Now()
}

// about is what the man page of a command says of its exit codes, variables and files.
func about(c *cobra.Command) manpage.About {
	judges := c.Flags().Lookup("format") != nil && c.Flags().Lookup("config") != nil
	a := manpage.About{ExitStatus: exitStatus(c, judges),
		See: "The pages docs/blocked.md and docs/exit-3.md of https://github.com/bindgate/bindgate explain each cause of a blocked deploy, and what heals it."}
	has := func(flag string) bool { return c.Flags().Lookup(flag) != nil }
	for _, v := range variables() {
		if v.of(c.CommandPath(), judges, has) {
			a.Environment = append(a.Environment, v.Entry)
		}
	}
	for _, f := range files() {
		if f.of(c.CommandPath(), judges, has) {
			a.Files = append(a.Files, f.Entry)
		}
	}
	return a
}

// exitStatus are the exit codes of a command.
func exitStatus(c *cobra.Command, judges bool) []manpage.Entry {
	usage := "Error in flags or in a file that was read."
	meanings := map[int]string{exit.Clean: "Success.", exit.Usage: usage}
	command := strings.TrimPrefix(c.CommandPath(), "bindgate ")
	if judges || command == "bindgate" {
		meanings = map[int]string{
			exit.Clean:       "Every binding is allowed; lint and audit: or partial, no check failed and some were skipped.",
			exit.Refused:     "A check or a policy refuses a binding.",
			exit.Usage:       "Error in flags, configuration, manifest or policy, or missing or rejected credentials. Nothing was sent.",
			exit.CannotTell:  "Undetermined: evidence could not be collected, or a policy could not be evaluated.",
			exit.Interrupted: "Interrupted before a call.",
		}
		if command == "apply" || command == "bindgate" {
			meanings[exit.Clean] = "Every binding is bound, or was already in effect; for commands that make no calls: is allowed."
			meanings[exit.Failed] = "A call failed, is incomplete, its outcome is unknown, or the run was interrupted after a call."
			meanings[exit.Changed] = "The gateway, DNS or an input of the plan changed after it was judged."
		}
	}
	switch command {
	case "sandbox":
		meanings = map[int]string{exit.Usage: usage}
	case "demo":
		meanings[exit.Refused], meanings[exit.Interrupted] = "The calls that the sandbox received differ from the decisions.", "Interrupted."
	case "fmt", "policy fmt":
		meanings[exit.Refused] = "With --check: a file is in another form."
	case "journal show", "journal verify":
		meanings[exit.Refused] = "The hash chain is broken: the journal was changed after it was written."
	case "policy test":
		meanings[exit.Refused] = "A test failed, or a rule has no test in which it applies and one in which it does not."
	case "policy eval", "policy why":
		meanings[exit.Refused], meanings[exit.CannotTell] = "A policy refuses the binding.", "A policy could not be evaluated, or was not run."
	case "policy diff":
		meanings[exit.Refused] = "The new policies refuse a binding no longer, or no longer for sure, that the old ones keep back."
	}
	if strings.HasPrefix(command, "policy ") && meanings[exit.CannotTell] == "" {
		meanings[exit.CannotTell] = "A registry of policies could not be asked."
	}
	var list []manpage.Entry
	for code := range exit.Interrupted + 1 {
		if meanings[code] != "" {
			list = append(list, manpage.Entry{Term: strconv.Itoa(code), Text: meanings[code]})
		}
	}
	if command == "sandbox" {
		list = append(list, manpage.Entry{Term: "other", Text: "The exit code of COMMAND; 0 without one."})
	}
	return list
}

// concern is an entry and the commands that it concerns.
type concern struct {
	manpage.Entry
	of func(path string, judges bool, has func(flag string) bool) bool
}

func concerns(of func(path string, judges bool, has func(string) bool) bool, pairs ...string) (list []concern) {
	for pair := range slices.Chunk(pairs, 2) {
		list = append(list, concern{manpage.Entry{Term: pair[0], Text: pair[1]}, of})
	}
	return list
}

func ofJudging(path string, judges bool, _ func(string) bool) bool {
	return judges || path == "bindgate"
}

func ofPolicies(_ string, judges bool, has func(string) bool) bool {
	return judges || has("data") || has("signature")
}

func ofJournal(path string, _ bool, has func(string) bool) bool {
	return has("journal") || path == "bindgate"
}

func only(paths ...string) func(string, bool, func(string) bool) bool {
	return func(path string, _ bool, _ func(string) bool) bool { return slices.Contains(paths, path) }
}

// variables are those of the environment that a command reads.
func variables() []concern {
	return slices.Concat(
		concerns(ofJudging,
			"ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN", "The access key, and the token of a temporary one.",
			"ALIBABA_CLOUD_PROFILE", "The profile of the aliyun client to use.",
			"ALIBABA_CLOUD_CONFIG_FILE", "The file of those profiles.",
			"ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true: do not read those profiles.",
			"ALIBABA_CLOUD_CREDENTIALS_FILE", "The credentials file to use.",
			"ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN, ALIBABA_CLOUD_OIDC_TOKEN_FILE", "Role, provider and token of OIDC.",
			"ALIBABA_CLOUD_ECS_METADATA", "The role of the ECS instance.",
			"ALIBABA_CLOUD_CREDENTIALS_URI", "The address that gives credentials.",
			"BINDGATE_ENDPOINT, BINDGATE_RESOLVER, BINDGATE_ROOTS, BINDGATE_PROBE, BINDGATE_PROBE_GATEWAY", "What bindgate sandbox prints. A gateway that is not on loopback is refused.",
			"BINDGATE_CI_TOKEN", "The OIDC token of the CI job, in place of --ci-token.",
			"BINDGATE_*", "Private keys and passphrases that a manifest names; --allow-env adds names.",
			"HTTPS_PROXY, NO_PROXY", "The proxy for HTTPS, and the hosts that need none; also in lower case.",
			"DEBUG", "Must not contain dara, tea or credential: the SDK would print keys. bindgate then refuses to run.",
			"GITHUB_ACTOR, GITLAB_USER_LOGIN, BUILD_USER_ID, USER", "The first that is set is the default of --actor.",
			"GITHUB_STEP_SUMMARY", "The file that the format github writes the whole report to.",
			"TERM, NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE", "Whether the text report has colours, with --color auto: NO_COLOR turns them off, FORCE_COLOR and CLICOLOR_FORCE on.",
			"COLUMNS", "The width of the text report.",
		),
		concerns(only("bindgate audit"), "BINDGATE_NOTIFY_URL", "The address of the webhook of --notify, unless the owner's file has notifyURL."),
		concerns(only("bindgate lint"), "PRE_COMMIT_FROM_REF, PRE_COMMIT_TO_REF", "With --changed: the commits that pre-commit compares."),
		concerns(ofJournal, "XDG_STATE_HOME, HOME", "Where the default journal is: $XDG_STATE_HOME, else $HOME/.local/state."),
		concerns(ofPolicies,
			"XDG_CACHE_HOME", "Where fetched policies are kept (default: $HOME/.cache).",
			"DOCKER_CONFIG", "The folder of Docker's config.json, with the credentials of registries (default: $HOME/.docker).",
		),
		concerns(only("bindgate demo"), "TMPDIR", "Where its files are, without --dir."),
		concerns(only("bindgate man"), "SOURCE_DATE_EPOCH", "The date of the pages, in seconds since 1970."),
		concerns(only("bindgate sandbox"), "PATH", "Where COMMAND is looked for."),
	)
}

// files are those that a command reads or writes without being told.
func files() []concern {
	return slices.Concat(
		concerns(ofJudging,
			"bindings.yaml", "The manifest of a folder; also *.bindgate.yaml, and .yml or .json.",
			".bindgate.yaml", "The tree's configuration: formats and raised severities.",
			"~/.aliyun/config.json, ~/.alibabacloud/credentials", "Profiles of the official clients.",
			"/etc/resolv.conf", "The resolvers that checks of resolvers ask.",
		),
		concerns(ofJournal, "~/.local/state/bindgate/journal.jsonl", "The journal of what was sent; journal.jsonl.lock keeps two applies apart."),
		concerns(ofPolicies, "~/.cache/bindgate/policies", "Policies that were fetched from registries."),
		concerns(only("bindgate init"), "bindings.yaml, .bindgate.yaml, .pre-commit-config.yaml", "Written if they do not exist, with a CI job and the schemas."),
	)
}
