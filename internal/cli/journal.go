package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

func newJournal(env console.Env) *cobra.Command {
	var path, format, head string
	show := &cobra.Command{
		Use: "show", Short: "Show the entries", Args: usage.None,
		Example: `  bindgate journal show
  bindgate journal show --journal journal.jsonl -f jsonl`,
		RunE: func(*cobra.Command, []string) error { return showJournal(env, path, format) },
	}
	show.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text or jsonl")
	usage.Values(show, "format", "text", "jsonl")
	verify := &cobra.Command{
		Use: "verify", Short: "Verify the hash chain", Args: usage.None,
		Long: `Verify that no line of the journal was changed, taken out, put in or moved. That
its end was not cut off shows only against the journalHead of a report: --head.`,
		Example: `  bindgate journal verify
  bindgate journal verify --journal journal.jsonl --head sha256:33`,
		RunE: func(*cobra.Command, []string) error { return verifyJournal(env, path, head) },
	}
	verify.Flags().StringVar(&head, "head", "", "`HASH` that the journal must still hold, from a report")
	for _, sub := range []*cobra.Command{show, verify} {
		sub.Flags().StringVar(&path, "journal", "", "journal `FILE` (default: bindgate/journal.jsonl under $XDG_STATE_HOME)")
	}
	return usage.Family("journal", "Show or verify the record of what was sent", show, verify)
}

func journalPath(env console.Env, path string) (string, error) {
	if path == "" {
		return journal.DefaultPath(env.LookupEnv)
	}
	return env.Absolute(path), nil
}

func showJournal(env console.Env, path, format string) error {
	if format != "text" && format != "jsonl" {
		return fmt.Errorf("reading -f: unknown format %q, want text or jsonl", format)
	}
	path, err := journalPath(env, path)
	if err != nil {
		return err
	}
	entries, err := journal.Read(path)
	for _, e := range entries {
		if werr := showEntry(env.Stdout, e, format); werr != nil {
			return werr
		}
	}
	return journalError(err)
}

func showEntry(w io.Writer, e journal.Entry, format string) error {
	if format == "jsonl" {
		return json.NewEncoder(w).Encode(e)
	}
	_, err := fmt.Fprintln(w, report.Escape(e.String()))
	return err
}

func verifyJournal(env console.Env, path, head string) error {
	path, err := journalPath(env, path)
	if err != nil {
		return err
	}
	s, err := journal.Verify(path, head)
	if err != nil {
		return journalError(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d entries, the chain holds, head %s\n", s.Entries, s.Head)
	for _, e := range s.Pending {
		b.WriteString(report.Escape(fmt.Sprintf("no known outcome: entry %d, %s %s on %s", e.Seq, e.Call.Action, e.DomainName, e.GroupID+e.GatewayID)) + "\n")
	}
	return env.Print(b.String())
}

// journalError gives a broken hash chain the exit code of a refusal: the journal
// was changed after it was written.
func journalError(err error) error {
	switch {
	case errors.Is(err, journal.ErrBroken):
		return exit.With(exit.Refused, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; nothing was applied with it yet, or name another file with --journal", err)
	}
	return err
}
