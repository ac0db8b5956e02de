package sandbox

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
	"github.com/bindgate/bindgate/internal/sandbox/refusal"
)

// beforeCommit applies latency and the faults without effect. over reports that
// the exchange has ended.
func (x *exchange) beforeCommit(rule fault.Rule) (outcome string, over bool) {
	if wait := x.options.Latency + rule.Delay(); wait > 0 && !x.sleep(wait) {
		x.reset()
		return string(rule.Kind), true
	}
	switch rule.Kind {
	case fault.Throttle:
		return x.refuse(throttled()), true
	case fault.Code:
		return x.refuse(x.injected(rule)), true
	case fault.Status:
		if status := rule.HTTPStatus(); status == http.StatusRequestEntityTooLarge || status == http.StatusRequestURITooLong {
			return x.page(status), true
		}
		return x.refuseWith(rule.HTTPStatus(), statusRefusal(rule.HTTPStatus())), true
	case fault.HTML:
		x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(x.w, "<!DOCTYPE html><title>Welcome</title><p>Please sign in to this network.</p>\n")
		return string(rule.Kind), true
	case fault.ResetBeforeCommit:
		x.reset()
		return string(rule.Kind), true
	case fault.HoldBeforeCommit:
		return string(rule.Kind), !x.held()
	}
	return "", false
}

// afterCommit applies the faults after the action was executed or
// failed.
func (x *exchange) afterCommit(rule fault.Rule, answer any) (outcome string, over bool) {
	switch rule.Kind {
	case fault.CodeAfterCommit:
		return x.refuse(x.injected(rule)), true
	case fault.ResetAfterCommit:
		x.reset()
		return string(rule.Kind), true
	case fault.HoldAfterCommit:
		return string(rule.Kind), !x.held()
	case fault.Malformed:
		x.w.Header().Set("Content-Type", x.format.contentType)
		_, _ = io.WriteString(x.w, `{"RequestId": "`+x.id+`", "GroupId": }`)
		return string(rule.Kind), true
	case fault.Truncated:
		x.truncate(answer)
		return string(rule.Kind), true
	}
	return "", false
}

// statusRefusal returns the temporary error for an HTTP status.
func statusRefusal(status int) *account.Error {
	if status == http.StatusInternalServerError {
		return account.Refuse("InternalError", "This status was requested from the sandbox.")
	}
	return account.Refuse("ServiceUnavailable", "This status was requested from the sandbox.")
}

// sleep waits, even if the client disconnects, like a slow platform. It reports
// false if the gateway stops.
func (x *exchange) sleep(d time.Duration) bool {
	x.unhurry()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.ctx.Done():
		return false
	}
}

// held reports whether the call was released; else no client waits for its
// response.
func (x *exchange) held() bool {
	x.unhurry()
	if x.hold(x.r.Context(), x.entry) {
		return true
	}
	x.reset()
	return false
}

// unhurry removes the connection's deadlines, including the read deadline: when
// that passes, net/http assumes that the client is gone.
func (x *exchange) unhurry() {
	control := http.NewResponseController(x.w)
	_ = control.SetReadDeadline(time.Time{}) // error: the connection is already closed
	_ = control.SetWriteDeadline(time.Time{})
}

// reset ends the connection with RST.
func (x *exchange) reset() {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the reset is an orderly close, which is nearly as good
	}
	_ = conn.Close()
}

// truncate announces a whole response and sends half of it.
func (x *exchange) truncate(answer any) {
	body, err := x.format.encode(x.call.Action+"Response", x.wrap(answer))
	if err != nil {
		return
	}
	conn, buffer, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return
	}
	_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Type: " + x.format.contentType +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
	_, _ = buffer.Write(body[:len(body)/2])
	_ = buffer.Flush() // a client that is gone has its truncated response
	_ = conn.Close()
}

// injected returns the error of a rule.
func (x *exchange) injected(rule fault.Rule) error {
	code, message := rule.Refusal()
	if x.rest && !strings.HasPrefix(code, "Throttling") {
		return refusal.New(refusal.StatusOf(code), code, "%s", message)
	}
	return &account.Error{Code: code, Message: message}
}

// Held is a call that a fault holds open.
type Held struct {
	Received Received // at the start of the hold
	release  chan struct{}
	once     sync.Once
}

// Release lets the call continue. It may be called twice.
func (h *Held) Release() { h.once.Do(func() { close(h.release) }) }

// Held waits for the next call held by a fault.
func (s *Sandbox) Held(ctx context.Context) (*Held, error) {
	select {
	case h := <-s.gateway.holds:
		return h, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a call to be held: %w", ctx.Err())
	case <-s.gateway.ctx.Done():
		return nil, fmt.Errorf("waiting for a call to be held: the sandbox has stopped")
	}
}

// hold waits until the call is released; false if before that the client
// disconnects or the sandbox stops. No caller of Held is required.
func (g *gateway) hold(ctx context.Context, entry *Received) bool {
	h := &Held{Received: g.log.get(entry), release: make(chan struct{})}
	offers := g.holds
	for {
		select {
		case offers <- h:
			offers = nil // taken; a nil channel is never ready
		case <-h.release:
			return true
		case <-ctx.Done():
			return false
		}
	}
}
