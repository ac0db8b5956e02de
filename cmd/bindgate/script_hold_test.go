package main

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// holdTime is far above what a command takes to its first call.
const holdTime = 5 * time.Minute

// begun is a command that runs in this process while its script goes on.
type begun struct {
	interrupt context.CancelFunc
	ended     chan struct{}
	how       finish // read after ended
}

// begin bindgate ARGS…: start a command in this process and go on. Its end comes
// with `ended`.
func begin(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) == 0 || args[0] != "bindgate" || run.begun != nil {
		ts.Fatalf("usage, once at a time: begin bindgate [ARGS…]")
	}
	ctx, cancel := context.WithCancel(context.Background())
	b, env := &begun{interrupt: cancel, ended: make(chan struct{})}, scriptEnv(ts)
	go func() {
		defer close(b.ended)
		b.how = inProcess(ctx, env, args[1:]...)
	}()
	ts.Defer(func() { cancel(); <-b.ended })
	run.begun = b
}

// interrupt: what main does at the first signal, to the command of `begin`. Unlike
// a signal to a process it has happened when the script goes on.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 0 || run.begun == nil {
		ts.Fatalf("usage, after begin: interrupt")
	}
	run.begun.interrupt()
}

// held ACTION: wait until a fault holds a call of this action open, made by the
// one command in the background.
func held(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	background := ts.BackgroundCmds()
	if neg || len(args) != 1 || run.sandbox == nil || (len(background) == 1) == (run.begun != nil) {
		ts.Fatalf("usage, after sandbox and one command in the background: held ACTION")
	}
	ctx, cancel := context.WithTimeout(context.Background(), holdTime)
	defer cancel()
	call, err := run.sandbox.Held(ctx)
	ts.Check(err)
	if got := call.Received.Action; got != args[0] {
		ts.Fatalf("%s is held, want %s", got, args[0])
	}
	run.held = call
	if len(background) == 1 {
		run.watched = background[0]
	}
}

// release: let the held call go on.
func release(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 0 || run.held == nil {
		ts.Fatalf("usage, after held: release")
	}
	run.held.Release()
}

// ended CODE: the command in the background has ended with exactly this code. It
// waits for the command of `begin`; a process is waited for by `wait` before.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 1 || len(ts.BackgroundCmds()) != 0 || run.begun == nil && run.watched == nil {
		ts.Fatalf("usage, after begin, or after held and wait: ended CODE")
	}
	var code int
	if b := run.begun; b != nil {
		run.begun = nil
		<-b.ended
		code = shown(ts, b.how)
	} else {
		code = run.watched.ProcessState.ExitCode()
	}
	if got := strconv.Itoa(code); got != args[0] {
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
