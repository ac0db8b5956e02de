package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/notify"
)

const token = "T0kenThatIsSecret"

// webhook starts a service and returns what sends to it, and the bodies that it received.
func webhook(t *testing.T, kind string, answer http.HandlerFunc) (*notify.Webhook, *[]string) {
	t.Helper()
	var bodies []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			t.Errorf("got %s, %v, %v", r.Method, r.Header, err)
		}
		bodies = append(bodies, string(body))
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	w, err := notify.New(kind, s.URL+"/services/"+token+"?access_token="+token)
	if err != nil {
		t.Fatal(err)
	}
	return w, &bodies
}

func answers(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// hostile are texts that a gateway or a name server could choose.
func hostile() []string {
	return []string{
		"<!channel>", "<!here|x>", "<@U024BE7LH>", "@channel", "@all", "@13800000000", "<at user_id=\"all\">all</at>",
		"<https://evil.example|login>", "[login](https://evil.example)", "https://evil.example/?x=1", "*bold* _it_ `code`", "a\nrefused b.demo.com",
		"\u202egro.live", "＠all", "&lt;!channel&gt;", strings.Repeat("a", 10_000),
	}
}

func message() notify.Message {
	m := notify.Message{Version: "0.1.0", At: time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC), Account: "123456789", Platform: "classic", Region: "cn-hangzhou",
		ExitCode: 1, Whole: true, Bindings: 30, Refused: 25, Changes: &notify.Changes{New: 2, Gone: 1}}
	for i := range 25 {
		m.Add(notify.Item{Domain: fmt.Sprintf("*.a%d.demo.com", i), Target: "927d50c0f2e54b359919923d908bb015", Decision: "refused", Checks: []string{"dns/cname-reaches-group"}})
	}
	return m
}

// safe matches the text of a message: nothing of it is markup, a mention or a link in
// any of the services.
var safe = regexp.MustCompile(`^[a-zA-Z0-9 .,:;()/∗?_\n-]*$`)

func TestBodies(t *testing.T) {
	for kind, c := range map[string]struct{ answer, want string }{
		"dingtalk": {`{"errcode":0,"errmsg":"ok"}`, `"msgtype":"text"`},
		"feishu":   {`{"code":0,"msg":"success"}`, `"msg_type":"text"`},
		"slack":    {`ok`, `"mrkdwn":false`},
		"json":     {``, `"schema":"bindgate.notification/v1"`},
	} {
		t.Run(kind, func(t *testing.T) {
			w, bodies := webhook(t, kind, answers(c.answer))
			plain := message()
			if err := w.Send(t.Context(), plain, "bindgate/test"); err != nil {
				t.Fatal(err)
			}
			bad := plain
			bad.Items = nil
			bad.Region, bad.Platform, bad.Account, bad.Version = "@all", "<!here>", "<@U1>", "[x](y)"
			for _, text := range hostile() {
				bad.Add(notify.Item{Domain: text, Target: text, Decision: text, Checks: []string{text, text}})
			}
			if err := w.Send(t.Context(), bad, "bindgate/test"); err != nil {
				t.Fatal(err)
			}
			if len(*bodies) != 2 {
				t.Fatalf("%d messages arrived", len(*bodies))
			}
			for i, body := range *bodies {
				if !strings.Contains(body, c.want) || len(body) > 20_000 {
					t.Errorf("got %d bytes, want %s in:\n%s", len(body), c.want, body)
				}
				var v any
				if err := json.Unmarshal([]byte(body), &v); err != nil {
					t.Fatal(err)
				}
				for _, text := range texts(v) {
					if !safe.MatchString(text) || strings.Contains(text, "://") {
						t.Errorf("message %d: unsafe text %q", i, text)
					}
					if i == 1 && strings.Contains(text, "\nrefused b.demo.com") {
						t.Errorf("a name added a line: %q", text)
					}
				}
			}
			if kind != "json" && (!strings.Contains((*bodies)[0], "bindgate audit of classic cn-hangzhou, account 123456789: 30 bindings, 25 refused") ||
				!strings.Contains((*bodies)[0], "and 5 more") || !strings.Contains((*bodies)[0], "2 new, 0 changed, 0 fixed, 0 bound, 1 gone")) {
				t.Errorf("got %s", (*bodies)[0])
			}
		})
	}
}

// texts returns every string of a JSON value.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			out = append(out, texts(one)...)
		}
	case map[string]any:
		for _, one := range v {
			out = append(out, texts(one)...)
		}
	}
	return out
}

func TestFailuresHideTheAddress(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer other.Close()
	for name, c := range map[string]struct {
		kind, want string
		answer     http.HandlerFunc
	}{
		"redirect": {"slack", "redirect (307), which is not followed", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/"+token, http.StatusTemporaryRedirect)
		}},
		"status":            {"json", "status 403", func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.String(), http.StatusForbidden) }},
		"dingtalk refuses":  {"dingtalk", "code 310000", answers(`{"errcode":310000,"errmsg":"` + token + `"}`)},
		"feishu refuses":    {"feishu", "code 19024", answers(`{"code":19024,"msg":"` + token + `"}`)},
		"dingtalk is slack": {"dingtalk", "not JSON", answers("ok " + token)},
		"feishu has none":   {"feishu", "no code", answers(`{}`)},
		"cut off": {"slack", "EOF", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = c.Close()
		}},
		"bad header": {"slack", "malformed", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(c, token+" "+token+"\r\n\r\n")
			_ = c.Close()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := webhook(t, c.kind, c.answer)
			err := w.Send(t.Context(), message(), "bindgate/test")
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), token) || !strings.Contains(err.Error(), c.kind) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestProxyErrorsHideTheAddress(t *testing.T) {
	w, err := notify.New("slack", "https://hooks.example.com/services/"+token)
	if err != nil {
		t.Fatal(err)
	}
	w.Proxy = func(u *url.URL) (*url.URL, error) { return nil, fmt.Errorf("no way to %s", u) }
	if err := w.Send(t.Context(), message(), "bindgate/test"); err == nil || strings.Contains(err.Error(), token) || !strings.Contains(err.Error(), "no way to [redacted]") {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	for _, address := range []string{"", "hooks.example.com/" + token, "http://hooks.example.com/" + token, "ftp://127.0.0.1/" + token,
		"https:///" + token, "https://a.example/\x7f" + token, "http://127.0.0.1.evil.example/" + token} {
		if _, err := notify.New("slack", address); err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "example") {
			t.Errorf("%q: got %v", address, err)
		}
	}
}
