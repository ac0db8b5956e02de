package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/usage"
)

func newSchema(env console.Env) *cobra.Command {
	schemas := map[string]func() []byte{
		"manifest": manifest.Schema, "cutover-map": manifest.MapSchema, "config": config.Schema,
		"config-owner": config.OwnerSchema, "config-tree": config.TreeSchema, "report": report.Schema,
		"evidence": replay.Schema, "policy-input": policy.InputSchema,
	}
	names := slices.Sorted(maps.Keys(schemas))
	return &cobra.Command{
		Use:   "schema " + strings.Join(names, "|"),
		Short: "Print a JSON Schema",
		Example: `  bindgate schema manifest > bindgate.schema.json
  bindgate schema report`,
		Args:      usage.One("name of a schema"),
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			schema, ok := schemas[args[0]]
			if !ok {
				return fmt.Errorf("printing a schema: got %q, want one of %s", args[0], strings.Join(names, ", "))
			}
			return env.Print(string(schema()))
		},
	}
}
