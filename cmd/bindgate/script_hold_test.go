package main

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// holdTime is far above what a command takes to its first call.
const holdTime = time.Minute

// held ACTION: wait until a fault holds a call of this action open, made by the
// one command in the background.
func held(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	background := ts.BackgroundCmds()
	if neg || len(args) != 1 || run.sandbox == nil || len(background) != 1 {
		ts.Fatalf("usage, after sandbox and one command in the background: held ACTION")
	}
	ctx, cancel := context.WithTimeout(context.Background(), holdTime)
	defer cancel()
	call, err := run.sandbox.Held(ctx)
	ts.Check(err)
	if got := call.Received.Action; got != args[0] {
		ts.Fatalf("%s is held, want %s", got, args[0])
	}
	run.held, run.watched = call, background[0]
}

// release: let the held call go on.
func release(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 0 || run.held == nil {
		ts.Fatalf("usage, after held: release")
	}
	run.held.Release()
}

// ended CODE: the command whose call was held has ended with exactly this code.
// Only after wait is it known to have ended.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 1 || run.watched == nil || len(ts.BackgroundCmds()) != 0 {
		ts.Fatalf("usage, after held and wait: ended CODE")
	}
	if got := strconv.Itoa(run.watched.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// waitfor FILE: wait until the file is there and holds something.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor FILE")
	}
	for end := time.Now().Add(holdTime); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
			return
		}
	}
	ts.Fatalf("%s is not there after %s", args[0], holdTime)
}
