package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/usage"
)

func newVersion(env console.Env) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "version", Short: "Print the version, and what it was built from", Args: usage.None,
		Example: `  bindgate version
  bindgate version -f json`,
		RunE: func(*cobra.Command, []string) error { return printVersion(env, format) },
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text or json")
	usage.Values(c, "format", "text", "json")
	return c
}

func printVersion(env console.Env, format string) error {
	b := built.Read()
	var err error
	switch format {
	case "json":
		err = json.NewEncoder(env.Stdout).Encode(b)
	case "text":
		_, err = fmt.Fprintf(env.Stdout, "bindgate %s (%s, OPA %s, %s)\n", b.Version, b.Go, b.OPA, b.Platform)
	default:
		return fmt.Errorf("reading -f: unknown format %q, want text or json", format)
	}
	if err != nil {
		return fmt.Errorf("printing the version: %w", err)
	}
	return nil
}
