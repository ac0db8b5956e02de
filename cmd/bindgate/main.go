// Command bindgate judges a custom-domain binding for Alibaba Cloud API Gateway
// before it is made, and makes it only if every check passes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/bindgate/bindgate/internal/cli"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/heap"
)

func main() {
	heap.CollectRarely()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Run(ctx, os.Args[1:], console.System()))
}
