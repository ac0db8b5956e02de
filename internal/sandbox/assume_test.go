package sandbox

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/account"
)

func TestParseAssumptions(t *testing.T) {
	t.Parallel()
	got, err := ParseAssumptions([]string{"update=reset", "renewal=keep", "client-certificate=hidden", "network-type=lower", "max-body=100"})
	if want := (Assumptions{Assumptions: account.Assumptions{UpdateResets: true, RenewalKeeps: true, HidesClients: true, LowerCase: true}, MaxBody: 100}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ParseAssumptions([]string{"update=keep", "renewal=reset", "client-certificate=shown", "network-type=upper"}); err != nil || got != (Assumptions{}) {
		t.Errorf("the defaults: got %+v, %v", got, err)
	}
	for _, wrong := range []string{"update", "update=drop", "max-body=0", "future-field=", "max-body=x", "", "=keep"} {
		if _, err := ParseAssumptions([]string{wrong}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

// A body over the limit gets the response of a server in front of the gateway.
func TestMaxBody(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Options{Now: time.Now, Assume: Assumptions{MaxBody: 10}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for body, want := range map[string]int{strings.Repeat("x", 11): http.StatusRequestEntityTooLarge, "x": http.StatusBadRequest} {
		res, err := http.Post(s.Endpoint(), "application/x-www-form-urlencoded", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want || (want == http.StatusRequestEntityTooLarge) != strings.HasPrefix(string(text), "<html>") {
			t.Errorf("%d bytes: got %d %s", len(body), res.StatusCode, text)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
