package usage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bindgate/bindgate/internal/config"
)

// duration is a flag's time, which may be given in days.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }
func (d *duration) Type() string   { return "duration" }

func (d *duration) Set(text string) error {
	t, err := config.ParseDuration(text)
	if err != nil {
		return err
	}
	*d = duration(t)
	return nil
}

// Duration adds a flag of a time.
func Duration(p *pflag.FlagSet, to *time.Duration, name string, otherwise time.Duration, usage string) {
	*to = otherwise
	p.Var((*duration)(to), name, usage)
}

// list is a flag that may be repeated. pflag's own makes a writer of CSV for the default
// value of each flag, 4 KB of memory that nothing reads.
type list struct {
	to    *[]string
	given bool
}

var _ pflag.SliceValue = (*list)(nil)

func (l *list) String() string             { return strings.Join(*l.to, ",") }
func (l *list) Type() string               { return "stringArray" }
func (l *list) Append(text string) error   { *l.to = append(*l.to, text); return nil }
func (l *list) Replace(all []string) error { *l.to = all; return nil }
func (l *list) GetSlice() []string         { return *l.to }

func (l *list) Set(text string) error {
	if !l.given {
		*l.to, l.given = nil, true // in place of the default
	}
	return l.Append(text)
}

// List adds a flag that may be repeated; short is its letter, or empty.
func List(p *pflag.FlagSet, to *[]string, name, short, text string) {
	p.VarP(&list{to: to}, name, short, text)
}

// Color adds the flag of the commands that paint.
func Color(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "color", "auto", "`WHEN` to colour the text report: auto, always or never")
	Values(c, "color", "auto", "always", "never")
}

// OneOf returns an error for a value that a flag does not have.
func OneOf(flag, got string, values ...string) error {
	if slices.Contains(values, got) {
		return nil
	}
	last := len(values) - 1
	return fmt.Errorf("reading --%s: got %q, want %s or %s", flag, got, strings.Join(values[:last], ", "), values[last])
}

// CheckColor returns an error for a value that --color does not have.
func CheckColor(when string) error {
	return OneOf("color", cmp.Or(when, "auto"), "auto", "always", "never")
}
