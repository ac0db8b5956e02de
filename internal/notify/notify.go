// Package notify sends the outcome of an audit to a webhook. The address of a webhook
// holds a token: no error contains any part of it.
package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bindgate/bindgate/internal/reach"
)

// Kinds of webhooks.
const (
	JSON     = "json"
	DingTalk = "dingtalk"
	Feishu   = "feishu"
	Slack    = "slack"
)

// Kinds returns the kinds of webhooks, sorted.
func Kinds() []string { return []string{DingTalk, Feishu, JSON, Slack} }

// SchemaName is the version of the JSON body.
const SchemaName = "bindgate.notification/v1"

// Message is the body of the json kind. Its texts contain only letters, digits and the
// punctuation of host names and ids, so that no consumer can take one for markup.
type Message struct {
	Schema       string    `json:"schema"`
	Version      string    `json:"version"` // of bindgate
	At           time.Time `json:"at"`
	Account      string    `json:"account,omitempty"`
	Platform     string    `json:"platform"`
	Region       string    `json:"region"`
	ExitCode     int       `json:"exitCode"`
	Whole        bool      `json:"whole"` // every binding was listed and judged
	Bindings     int       `json:"bindings"`
	Refused      int       `json:"refused"`
	Undetermined int       `json:"undetermined"`
	Changes      *Changes  `json:"since,omitempty"` // absent: no earlier report was given
	Items        []Item    `json:"items"`           // bindings to look at, at most MostItems
	More         int       `json:"more,omitempty"`  // further bindings to look at
}

// MostItems bounds the bindings of a message, so that every service accepts its size.
const MostItems = 20

// mostChecks bounds the checks of an item.
const mostChecks = 5

// Changes counts what differs from the earlier report.
type Changes struct {
	New     int `json:"new"`
	Fixed   int `json:"fixed"`
	Changed int `json:"changed"`
	Bound   int `json:"bound"`
	Gone    int `json:"gone"`
}

// Item is a binding to look at.
type Item struct {
	Domain   string   `json:"domain"`
	Target   string   `json:"target"` // id of the group or gateway
	Decision string   `json:"decision"`
	Checks   []string `json:"checks"` // that failed or are unknown, at most five
}

// Plain replaces each character that is not one of a host name or an id.
func Plain(text string) string {
	const most = 253
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(".-_/", r) {
			return r
		}
		if r == '*' { // of a wildcard; a pair of them is emphasis
			return '∗'
		}
		return '?'
	}, text[:min(len(text), most)])
}

// Add adds a binding to the message if there is room.
func (m *Message) Add(i Item) {
	if len(m.Items) >= MostItems {
		m.More++
		return
	}
	// A slash after a name would make a link to a page.
	i.Domain, i.Target, i.Decision = strings.ReplaceAll(Plain(i.Domain), "/", "?"), strings.ReplaceAll(Plain(i.Target), "/", "?"), Plain(i.Decision)
	all := []string{}
	for _, id := range i.Checks[:min(len(i.Checks), mostChecks)] {
		all = append(all, Plain(id))
	}
	i.Checks = all
	m.Items = append(m.Items, i)
}

// text is the message for people. Its first word is "bindgate", for services that ask for
// a keyword.
func (m Message) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "bindgate audit of %s %s", Plain(m.Platform), Plain(m.Region))
	if m.Account != "" {
		fmt.Fprintf(&b, ", account %s", Plain(m.Account))
	}
	if !m.Whole {
		fmt.Fprintf(&b, ": it did not end (exit code %d); see its log", m.ExitCode)
	} else {
		fmt.Fprintf(&b, ": %d bindings, %d refused, %d undetermined (exit code %d)", m.Bindings, m.Refused, m.Undetermined, m.ExitCode)
	}
	if c := m.Changes; c != nil {
		fmt.Fprintf(&b, "\nsince the earlier report: %d new, %d changed, %d fixed, %d bound, %d gone", c.New, c.Changed, c.Fixed, c.Bound, c.Gone)
	}
	for _, i := range m.Items {
		fmt.Fprintf(&b, "\n%s %s on %s: %s", i.Decision, i.Domain, i.Target, strings.Join(i.Checks, ", "))
	}
	if m.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", m.More)
	}
	return b.String()
}

// body returns the body for a kind of webhook. All of them are plain text for the service:
// it looks for no markup, and mentions are switched off where it has a switch.
func (m Message) body(kind string) any {
	type object = map[string]any
	switch kind {
	case DingTalk:
		return object{"msgtype": "text", "text": object{"content": m.text()}, "at": object{"isAtAll": false, "atMobiles": []string{}, "atUserIds": []string{}}}
	case Feishu:
		return object{"msg_type": "text", "content": object{"text": m.text()}}
	case Slack:
		return object{"text": m.text(), "mrkdwn": false, "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false}
	}
	m.Schema = SchemaName
	m.Account, m.Platform, m.Region, m.Version = Plain(m.Account), Plain(m.Platform), Plain(m.Region), Plain(m.Version)
	if m.Items == nil {
		m.Items = []Item{}
	}
	return m
}

// Webhook is where messages go.
type Webhook struct {
	kind  string
	url   *url.URL
	Proxy func(*url.URL) (*url.URL, error) // nil: none
}

// New returns a webhook of a kind. The address is https, or http on this machine.
func New(kind, address string) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !reach.LoopbackURL(address)) {
		return nil, errors.New("the address of the webhook is not an https URL (it is not shown, for it holds a token)")
	}
	return &Webhook{kind: kind, url: u}, nil
}

// timeout bounds a whole notification.
const timeout = 10 * time.Second

// Send sends a message once. Redirects are refused: they would take the message, and
// for some services the token, to another address.
func (w *Webhook) Send(ctx context.Context, m Message, userAgent string) error {
	if err := w.send(ctx, m, userAgent); err != nil {
		return fmt.Errorf("sending the %s notification: %s", w.kind, w.redact(err))
	}
	return nil
}

func (w *Webhook) send(ctx context.Context, m Message, userAgent string) error {
	body, err := json.Marshal(m.body(w.kind))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the request cannot be made")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", userAgent)
	dialer := &net.Dialer{Timeout: timeout}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	if w.Proxy != nil {
		transport.Proxy = func(r *http.Request) (*url.URL, error) { return w.Proxy(r.URL) }
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	switch {
	case answer.StatusCode/100 == 3:
		return fmt.Errorf("the service answered with a redirect (%d), which is not followed; configure the final address", answer.StatusCode)
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("the service answered with status %d", answer.StatusCode)
	}
	return accepted(w.kind, answer.Body)
}

// accepted reads the answer of services that say in its body whether they took the
// message. No text of the answer is repeated: it may contain the token.
func accepted(kind string, body io.Reader) error {
	if kind != DingTalk && kind != Feishu {
		return nil
	}
	var a struct {
		ErrCode *int `json:"errcode"` // DingTalk
		Code    *int `json:"code"`    // Feishu
		Status  *int `json:"StatusCode"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&a); err != nil {
		return errors.New("the service's answer is not JSON; is this the address of a webhook of this kind?")
	}
	given := false
	for _, code := range []*int{a.ErrCode, a.Code, a.Status} {
		if code != nil && *code != 0 {
			return fmt.Errorf("the service refused the message with code %d", *code)
		}
		given = given || code != nil
	}
	if !given {
		return errors.New("the service's answer has no code; is this the address of a webhook of this kind?")
	}
	return nil
}

// redact returns the text of an error without any part of the address but its host.
func (w *Webhook) redact(err error) string {
	var outer *url.Error
	for errors.As(err, &outer) { // its text contains the address
		err = outer.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + timeout.String()
	}
	text := err.Error()
	parts := []string{w.url.String(), w.url.RequestURI(), w.url.RawQuery, w.url.User.String(), w.url.User.Username()}
	parts = append(parts, strings.Split(w.url.EscapedPath(), "/")...)
	parts = append(parts, strings.Split(w.url.Path, "/")...)
	for _, values := range w.url.Query() {
		parts = append(parts, values...)
	}
	if password, ok := w.url.User.Password(); ok {
		parts = append(parts, password)
	}
	for _, part := range parts {
		if len(part) > 3 { // a shorter one is no secret
			text = strings.ReplaceAll(text, part, "[redacted]")
		}
	}
	return text
}
