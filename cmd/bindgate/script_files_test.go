package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// fifo PATH: a FIFO that nobody writes to; whoever opens it waits for ever.
func fifo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fifo PATH")
	}
	ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
}

// file PATH TEXT COUNT [TEXT COUNT…]: a file of texts, each that often; \n and
// \xNN are what they are in Go.
func bigFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: file PATH TEXT COUNT [TEXT COUNT…]")
	}
	var b strings.Builder
	for i := 1; i < len(args); i += 2 {
		text, err := strconv.Unquote(`"` + args[i] + `"`)
		ts.Check(err)
		count, err := strconv.Atoi(args[i+1])
		ts.Check(err)
		b.WriteString(strings.Repeat(text, count))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}
