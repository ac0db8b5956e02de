package cli

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Env is everything a command may touch of the process it runs in.
type Env struct {
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer
	LookupEnv func(string) (string, bool)
	Environ   []string
	Now       func() time.Time
	Dir       string // working directory, absolute

	ResolvConf string // resolv.conf(5), where the system's resolvers are found
	Terminal   bool   // Stdout is one

	ErrTerminal bool // Stderr is one

	opened *bool // of one run: set when its reports are open, which then receive an error
}

// System is the real process. It is the one place that reads the clock, the
// environment and the standard streams.
func System() Env {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		LookupEnv: os.LookupEnv, Environ: os.Environ(),
		Now:         time.Now,
		Dir:         dir,
		ResolvConf:  "/etc/resolv.conf",
		Terminal:    term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// get is the value of a variable, empty when it is not set.
func (e Env) get(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}

// color follows https://no-color.org and a terminal that cannot paint.
func (e Env) color() bool {
	return e.Terminal && e.get("NO_COLOR") == "" && e.get("TERM") != "dumb"
}
