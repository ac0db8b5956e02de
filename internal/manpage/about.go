package manpage

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/exit"
)

// subject is the command that a page is of.
type subject struct {
	path   string
	judges bool // bindings, and reports
	has    func(flag string) bool
}

func subjectOf(c *cobra.Command) subject {
	has := func(flag string) bool { return c.Flags().Lookup(flag) != nil }
	return subject{c.CommandPath(), has("format") && has("config"), has}
}

// exitStatus are the exit codes of a command.
func (s subject) exitStatus() []entry {
	usage := "Error in flags or in a file that was read."
	meanings := map[int]string{exit.Clean: "Success.", exit.Usage: usage}
	command := strings.TrimPrefix(s.path, "bindgate ")
	if s.judges || command == "bindgate" {
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
	case "lsp":
		meanings[exit.Refused] = "The editor ended the session without shutdown."
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
	var list []entry
	for code := range exit.Interrupted + 1 {
		if meanings[code] != "" {
			list = append(list, entry{strconv.Itoa(code), meanings[code]})
		}
	}
	if command == "sandbox" {
		list = append(list, entry{"other", "The exit code of COMMAND; 0 without one."})
	}
	return list
}

// concern are entries, term and text by turns, with the commands that they concern.
type concern struct {
	of    func(subject) bool
	pairs []string
}

// concerning returns the entries of a list that concern a command.
func (s subject) concerning(list []concern) (all []entry) {
	for _, one := range list {
		for pair := range slices.Chunk(one.pairs, 2) {
			if one.of(s) {
				all = append(all, entry{pair[0], pair[1]})
			}
		}
	}
	return all
}

func judging(s subject) bool       { return s.judges || s.path == "bindgate" }
func readsPolicies(s subject) bool { return s.judges || s.has("data") || s.has("signature") }
func opensJournal(s subject) bool  { return s.has("journal") || s.path == "bindgate" }
func only(path string) func(subject) bool {
	return func(s subject) bool { return s.path == path }
}

// variables are those of the environment that a command reads.
func variables() []concern {
	return []concern{
		{judging, []string{
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
			"DEBUG", "Must not contain credential: the credential chain would print keys. bindgate then refuses to run.",
			"GITHUB_ACTOR, GITLAB_USER_LOGIN, BUILD_USER_ID, USER", "The first that is set is the default of --actor.",
			"GITHUB_STEP_SUMMARY", "The file that the format github writes the whole report to.",
			"TERM, NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE", "Whether the text report has colours, with --color auto: NO_COLOR turns them off, FORCE_COLOR and CLICOLOR_FORCE on.",
			"COLUMNS", "The width of the text report.",
		}},
		{only("bindgate audit"), []string{"BINDGATE_NOTIFY_URL", "The address of the webhook of --notify, unless the owner's file has notifyURL."}},
		{only("bindgate lint"), []string{"PRE_COMMIT_FROM_REF, PRE_COMMIT_TO_REF", "With --changed: the commits that pre-commit compares."}},
		{opensJournal, []string{"XDG_STATE_HOME, HOME", "Where the default journal is: $XDG_STATE_HOME, else $HOME/.local/state."}},
		{readsPolicies, []string{
			"XDG_CACHE_HOME", "Where fetched policies are kept (default: $HOME/.cache).",
			"DOCKER_CONFIG", "The folder of Docker's config.json, with the credentials of registries (default: $HOME/.docker).",
		}},
		{only("bindgate demo"), []string{"TMPDIR", "Where its files are, without --dir."}},
		{only("bindgate man"), []string{"SOURCE_DATE_EPOCH", "The date of the pages, in seconds since 1970."}},
		{only("bindgate sandbox"), []string{"PATH", "Where COMMAND is looked for."}},
	}
}

// files are those that a command reads or writes without being told.
func files() []concern {
	return []concern{
		{judging, []string{
			"bindings.yaml", "The manifest of a folder; also *.bindgate.yaml, and .yml or .json.",
			".bindgate.yaml", "The tree's configuration: formats and raised severities.",
			"~/.aliyun/config.json, ~/.alibabacloud/credentials", "Profiles of the official clients.",
			"/etc/resolv.conf", "The resolvers that checks of resolvers ask.",
		}},
		{opensJournal, []string{"~/.local/state/bindgate/journal.jsonl", "The journal of what was sent; journal.jsonl.lock keeps two applies apart."}},
		{readsPolicies, []string{"~/.cache/bindgate/policies", "Policies that were fetched from registries."}},
		{only("bindgate init"), []string{"bindings.yaml, .bindgate.yaml, .pre-commit-config.yaml", "Written if they do not exist, with a CI job and the schemas."}},
	}
}
