package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
	"github.com/bindgate/bindgate/internal/sandbox/fault"
	"github.com/bindgate/bindgate/internal/sandbox/sign"
)

// Limits for hostile clients. A call may have certificate and key in its URL,
// so the header limit is large.
const (
	maxConnections = 1024
	maxHeader      = 512 << 10
	maxBody        = 512 << 10
	readTimeout    = 20 * time.Second
	writeTimeout   = 20 * time.Second
	idleTimeout    = time.Minute
	closeTimeout   = 2 * time.Second
)

// services are the products of the platform.
type services struct {
	account *account.Account
	apig    *apig.Store
	certs   *certstore.Store
}

// gateway is the HTTP server.
type gateway struct {
	options Options
	services
	ops      []operation
	faults   *fault.Plan
	verifier *sign.Verifier
	limits   *limits
	log      *record
	access   accessLog
	holds    chan *Held
	addr     string
	server   *http.Server
	ctx      context.Context // of every call; ends when the gateway stops
	stop     context.CancelFunc
	done     sync.WaitGroup
	failed   error // error of Serve; read after done
}

func newGateway(o Options, services services, faults *fault.Plan, listener net.Listener) *gateway {
	g := &gateway{
		options: o, services: services, ops: operations(), faults: faults,
		verifier: sign.NewVerifier(o.AccessKeyID, o.AccessKeySecret, o.Now),
		limits:   newLimits(o.RatePerSecond, o.Rates, o.Now),
		log:      new(record),
		access:   accessLog{to: o.AccessLog, now: o.Now},
		holds:    make(chan *Held),
		addr:     listener.Addr().String(),
	}
	for _, key := range o.OtherKeys {
		g.verifier.Know(key.ID, key.Secret)
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("/{$}", g.serveCall)
	mux.HandleFunc("/v1/", g.serveCall)
	mux.HandleFunc("/move-resource-group", g.serveCall)
	g.server = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout, // a waiting call removes its deadlines
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return g.ctx },
	}
	g.done.Go(func() { g.failed = g.server.Serve(netutil.LimitListener(listener, maxConnections)) })
	return g
}

// close aborts the held calls, waits for the others, and stops.
func (g *gateway) close() error {
	g.stop()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := g.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = g.server.Close() // connections without any request
	}
	g.done.Wait()
	if !errors.Is(g.failed, http.ErrServerClosed) {
		err = errors.Join(err, g.failed)
	}
	return err
}

// limits is flow control: a rate per action and second, with a burst of one
// second. A nil limits allows everything.
type limits struct {
	perSecond float64            // 0: no limit
	rates     map[string]float64 // of single actions, PRODUCT/ACTION
	now       func() time.Time
	mu        sync.Mutex
	actions   map[string]*rate.Limiter
}

func newLimits(perSecond float64, rates map[string]float64, now func() time.Time) *limits {
	if perSecond == 0 && len(rates) == 0 {
		return nil
	}
	return &limits{perSecond: perSecond, rates: rates, now: now, actions: map[string]*rate.Limiter{}}
}

// allow counts a call of an existing action, PRODUCT/ACTION.
func (l *limits) allow(action string) error {
	if l == nil {
		return nil
	}
	most, own := l.rates[action]
	if !own {
		most = l.perSecond
	}
	if most == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.actions[action]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(most), max(1, int(most)))
		l.actions[action] = limiter
	}
	if !limiter.AllowN(l.now(), 1) {
		return throttled()
	}
	return nil
}

func throttled() error {
	return account.Refuse("Throttling.User", "Request was denied due to user flow control.")
}

// accessLog writes a line per call: time, method, action, outcome, duration. It
// contains no parameter, header or URL, because they contain keys and
// signatures.
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
	// A failed write of the log does not fail the call.
	_, _ = fmt.Fprintf(l.to, "%s %q %q %q %s\n", l.now().UTC().Format(time.RFC3339), method, action, outcome, took.Round(time.Microsecond))
}
