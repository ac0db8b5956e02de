package sandbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// side is what differs between the listeners of the two platforms.
type side interface {
	config() *tls.Config
	// plain returns the status line and the headers of a response without TLS.
	plain(r *http.Request) string
	// serve continues after a handshake.
	serve(conn *tls.Conn)
}

// listener serves the clients of the domains: TLS with the certificate of the
// server name, and plain HTTP, both on one port.
type listener struct {
	side side
	net  net.Listener
	done sync.WaitGroup
	mu   sync.Mutex
	open map[net.Conn]bool // nil: closed
}

const listenerTimeout = 5 * time.Second // per connection

func newListener(side side, l net.Listener) *listener {
	out := &listener{side: side, net: netutil.LimitListener(l, maxConnections), open: map[net.Conn]bool{}}
	out.done.Go(out.serve)
	return out
}

func (l *listener) serve() {
	for {
		conn, err := l.net.Accept()
		if err != nil {
			return // closed
		}
		if !l.track(conn) {
			continue
		}
		l.done.Go(func() {
			defer l.forget(conn)
			late := time.AfterFunc(listenerTimeout, func() { _ = conn.Close() })
			defer late.Stop()
			l.one(conn)
		})
	}
}

func (l *listener) track(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		_ = conn.Close()
		return false
	}
	l.open[conn] = true
	return true
}

func (l *listener) forget(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, conn)
	_ = conn.Close()
}

func (l *listener) close() error {
	err := l.net.Close()
	l.mu.Lock()
	for conn := range l.open {
		_ = conn.Close()
	}
	l.open = nil
	l.mu.Unlock()
	l.done.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// one serves one connection: a TLS handshake, or one response without TLS.
func (l *listener) one(conn net.Conn) {
	peeked := &peekedConn{Conn: conn, r: bufio.NewReader(conn)}
	first, err := peeked.r.Peek(1)
	if err != nil {
		return
	}
	if first[0] == 0x16 { // a handshake record (RFC 8446 §5.1)
		server := tls.Server(peeked, l.side.config())
		if server.HandshakeContext(context.Background()) == nil {
			l.side.serve(server)
		}
		return
	}
	request, err := http.ReadRequest(peeked.r)
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", l.side.plain(request))
}

// classicSide is the classic gateway.
type classicSide struct{ account *account.Account }

func (c classicSide) config() *tls.Config { return &tls.Config{GetCertificate: c.certificate} }

func (c classicSide) plain(r *http.Request) string {
	d, bound := c.account.Serving(strings.ToLower(r.Host))
	switch {
	case !bound:
		return "404 Not Found"
	case d.IsHTTPRedirectToHTTPS:
		return "301 Moved Permanently\r\nLocation: https://" + r.Host + "/"
	}
	return "403 Forbidden"
}

func (classicSide) serve(conn *tls.Conn) { _, _ = conn.Read(make([]byte, 1)) } // until the client closes

// certificate returns that of the domain; without one the handshake fails.
func (c classicSide) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	d, bound := c.account.Serving(strings.ToLower(hello.ServerName))
	if !bound || d.Certificate == nil {
		return nil, errors.New("no certificate for this name")
	}
	pair, err := tls.X509KeyPair([]byte(d.Certificate.Body), []byte(d.Certificate.PrivateKey))
	return &pair, err
}

type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.r.Read(p) }
