package sandbox

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// accessLog writes a line a call: time, method, action, outcome, duration. No
// parameter, header or URL ever goes in, for they hold keys and signatures.
type accessLog struct {
	to  io.Writer // nil: nothing is written
	now func() time.Time
	mu  sync.Mutex
}

func (l *accessLog) line(method, action, outcome string, took time.Duration) {
	if l.to == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// A log that cannot be written is no reason to fail a call.
	_, _ = fmt.Fprintf(l.to, "%s %q %q %q %s\n", l.now().UTC().Format(time.RFC3339), method, action, outcome, took.Round(time.Microsecond))
}
