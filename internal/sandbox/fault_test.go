package sandbox

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaultsOfTheGateway(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]struct {
		code      string // as the client reads it
		outcome   string // as the sandbox records it
		committed bool
	}{
		"SetDomain:pass":                                      {"", "OK", true},
		"SetDomain:latency=5ms":                               {"", "OK", true},
		"DescribeApiGroup:throttle":                           {"", "OK", true},
		"SetDomain@" + search + ":throttle":                   {"", "OK", true},
		"SetDomain@API.demo.com:throttle":                     {"Throttling.User", "Throttling.User", false},
		"*:code=NoPermission":                                 {"NoPermission", "NoPermission", false},
		"SetDomain:status=503":                                {"ServiceUnavailable", "ServiceUnavailable", false},
		"SetDomain:status=500":                                {"InternalError", "InternalError", false},
		"SetDomain:html":                                      {"transport", "html", false},
		"SetDomain:reset-before-commit":                       {"transport", "reset-before-commit", false},
		"SetDomain:reset-after-commit":                        {"transport", "reset-after-commit", true},
		"SetDomain:code-after-commit=ServiceUnavailable/busy": {"ServiceUnavailable", "ServiceUnavailable", true},
		"SetDomain:malformed":                                 {"transport", "malformed", true},
		"SetDomain:truncated":                                 {"transport", "truncated", true},
	} {
		t.Run(spec, func(t *testing.T) {
			s := start(t, faults(t, spec))
			_, err := call(client(t, s), "SetDomain", "POST", "json", bind())
			got := code(err)
			if want.code == "transport" && got != "" && !strings.Contains(got, "Throttling") {
				got = "transport" // the SDK has several names for a missing response
			}
			if got != want.code {
				t.Errorf("the client got %q (%v), want %q", got, err, want.code)
			}
			entry := completed(t, s)
			if entry.Code != want.outcome || entry.Committed != want.committed {
				t.Errorf("got %+v, want %+v", entry, want)
			}
			if bound := len(s.State()[0].Domains) == 1; bound != want.committed {
				t.Errorf("bound: got %t, want %t", bound, want.committed)
			}
		})
	}
}

// completed returns the only call once it has an outcome: a client may see the
// end of its connection before the sandbox has recorded the reason.
func completed(t *testing.T, s *Sandbox) Received {
	t.Helper()
	for range 500 {
		if calls := s.Calls(); len(calls) == 1 && calls[0].Code != "" {
			return calls[0]
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("got %+v, want one call with an outcome", s.Calls())
	return Received{}
}

func TestFaultsOfNoActionAreRefused(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"setdomain:throttle":                 `did you mean "SetDomain"?`,
		"SetDomianCertificate@g:throttle:1":  `did you mean "SetDomainCertificate"?`,
		"*:throttle,Foo:reset-before-commit": `fault "Foo:reset-before-commit": "Foo" is not an action; want *, dns/NAME or one of DescribeApiGroup, `,
		"dsn/api.demo.com:servfail":          "want one of pass",
		"DNS/api.demo.com:pass":              "want *, dns/NAME",
	} {
		if _, err := ParseFaults(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", spec, err, want)
		}
	}
	s := start(t)
	if err := s.SetFaults(Faults{{Target: "Foo", Kind: "throttle"}}); err == nil {
		t.Error("a fault of no action was set")
	}
}

func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t, faults(t, "SetDomain:throttle:2"))
	for _, want := range []string{"Throttling.User", "Throttling.User", ""} {
		if _, err := call(client(t, s), "SetDomain", "POST", "json", bind()); code(err) != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	more, err := ParseFaults("SetDomain:status=503:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetFaults(more); err != nil {
		t.Fatal(err)
	}
	if _, err := call(client(t, s), "SetDomain", "POST", "json", bind()); code(err) != "ServiceUnavailable" {
		t.Errorf("got %v", err)
	}
}

func TestHostileMessageGoesThrough(t *testing.T) {
	t.Parallel()
	s := start(t, faults(t, "*:code=NoPermission/%1b%5b31m%0a%3a%3aerror%3a%3ax"))
	_, err := call(client(t, s), "SetDomain", "POST", "json", bind())
	if err == nil || !strings.Contains(err.Error(), `\u001b[31m\n::error::x`) {
		t.Errorf("got %v", err)
	}
}

func TestFaultsOfDNSDenyTheProof(t *testing.T) {
	t.Parallel()
	s := start(t, faults(t, "dns/api.demo.com:servfail"))
	if _, err := call(client(t, s), "SetDomain", "POST", "json", bind()); code(err) != "DomainNotResolved" {
		t.Errorf("got %v", err)
	}
}

func TestTrafficCanBeMoved(t *testing.T) {
	t.Parallel()
	s := start(t)
	if err := s.SetRecords("api.demo.com", "api.demo.com. IN CNAME "+search+"-cn-hangzhou.alicloudapi.com."); err != nil {
		t.Fatal(err)
	}
	if _, err := call(client(t, s), "SetDomain", "POST", "json", bind()); code(err) != "DomainNotResolved" {
		t.Errorf("got %v", err)
	}
}

// held starts SetDomain in the background and waits until it is held.
func held(t *testing.T, s *Sandbox, ctx context.Context) (*Held, <-chan error) {
	t.Helper()
	query := signedV1(t, s, map[string]string{"Action": "SetDomain", "GroupId": payments, "DomainName": "api.demo.com"})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint()+"/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		transport := &http.Transport{DisableKeepAlives: true}
		response, err := transport.RoundTrip(request)
		if err == nil {
			err = response.Body.Close()
		}
		result <- err
	}()
	wait, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	h, err := s.Held(wait)
	if err != nil {
		t.Fatal(err)
	}
	return h, result
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	for spec, committed := range map[string]bool{"SetDomain:hold-before-commit": false, "SetDomain:hold-after-commit": true} {
		s := start(t, faults(t, spec))
		h, result := held(t, s, t.Context())
		if h.Received.Action != "SetDomain" || h.Received.Committed != committed || h.Received.Code != "" {
			t.Errorf("%s: got %+v", spec, h.Received)
		}
		h.Release()
		h.Release()
		if err := <-result; err != nil {
			t.Errorf("%s: %v", spec, err)
		}
		if entry := completed(t, s); entry.Code != "OK" || !entry.Committed {
			t.Errorf("%s: got %+v", spec, entry)
		}
	}
}

func TestHeldClientGoesAway(t *testing.T) {
	t.Parallel()
	for spec, committed := range map[string]bool{"hold-before-commit": false, "hold-after-commit": true} {
		s := start(t, faults(t, "SetDomain:"+spec))
		ctx, leave := context.WithCancel(t.Context())
		_, result := held(t, s, ctx)
		leave()
		if err := <-result; err == nil {
			t.Errorf("%s: the client got an answer", spec)
		}
		if entry := completed(t, s); entry.Code != spec || entry.Committed != committed {
			t.Errorf("%s: got %+v", spec, entry)
		}
	}
}

func TestCloseGivesUpHeldCalls(t *testing.T) {
	t.Parallel()
	s := start(t, faults(t, "SetDomain:hold-before-commit"))
	_, result := held(t, s, t.Context())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err == nil {
		t.Error("the client got an answer")
	}
	if entry := completed(t, s); entry.Committed {
		t.Errorf("got %+v", entry)
	}
	if _, err := s.Held(t.Context()); err == nil {
		t.Error("waiting for a held call did not end with the sandbox")
	}
}
