package lsp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/lsp"
	"github.com/bindgate/bindgate/internal/manifest"
)

// now is the time of all tests.
func now() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

type position struct{ Line, Character int }

type span struct{ Start, End position }

type diagnostic struct {
	Range           span
	Severity        int
	Code            string
	CodeDescription struct{ Href string }
	Message         string
	Related         []struct {
		Location struct {
			URI   string
			Range span
		}
	} `json:"relatedInformation"`
}

type published struct {
	URI         string
	Version     int
	Diagnostics []diagnostic
}

type edit struct {
	Range   span
	NewText string
}

type action struct {
	Title string
	Edit  struct {
		DocumentChanges []struct{ Edits []edit }
		Changes         map[string][]edit
	}
}

// editor is a client with one folder.
type editor struct {
	t     *testing.T
	conn  *jsonrpc2.Conn
	wire  jsonrpc2.ObjectStream // of conn
	dir   string
	said  chan published
	code  chan bool
	asked chan string // requests of the server
	log   strings.Builder
	texts map[string]string
	vers  map[string]int
}

// settings are those of the gate's owner and of the client.
type settings struct {
	labels       map[string]evidence.Label
	owner        string
	capabilities string
	policy       string
	err          error
	panics       string // of the first document that is judged
}

const allCapabilities = `{"workspace": {"workspaceEdit": {"documentChanges": true}}, "textDocument": {"hover": {"contentFormat": ["markdown"]},
	"codeAction": {"codeActionLiteralSupport": {}}, "publishDiagnostics": {"relatedInformation": true, "codeDescriptionSupport": true}}}`

func start(t *testing.T, s settings) *editor {
	t.Helper()
	dir := t.TempDir()
	e := connect(t, dir, s)
	capabilities := s.capabilities
	if capabilities == "" {
		capabilities = allCapabilities
	}
	var got struct {
		Capabilities struct{ PositionEncoding string }
	}
	e.call("initialize", json.RawMessage(fmt.Sprintf(`{"processId": null, "rootUri": %q, "capabilities": %s}`, e.uri(""), capabilities)), &got)
	if got.Capabilities.PositionEncoding != "utf-16" {
		t.Fatalf("position encoding %q, want utf-16", got.Capabilities.PositionEncoding)
	}
	e.tell("initialized", struct{}{})
	return e
}

// connect starts a server that is not initialized.
func connect(t *testing.T, dir string, s settings) *editor {
	t.Helper()
	var policies []string
	if s.policy != "" {
		put(t, dir, "bad.rego", s.policy)
		policies = []string{"bad.rego"}
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	e := &editor{t: t, dir: dir, said: make(chan published, 1000), code: make(chan bool, 1), asked: make(chan string, 10), texts: map[string]string{}, vers: map[string]int{}}
	o := lsp.Options{In: toServer, Out: fromServer, Log: &e.log, Version: "test", Dir: dir, Owner: s.owner,
		Settings: func(dir string) (judge.Options, manifest.Options, error) {
			if value := s.panics; value != "" {
				s.panics = ""
				panic(value)
			}
			return judge.Options{Command: "lint", Contract: evidence.Contract2026, Dir: dir, Clock: now, Concurrency: 4, Timeout: time.Minute, Labels: s.labels, Policies: policies,
				Skip:      judge.Skip{DNS: "--offline", Group: "--offline", Revocation: "--offline"},
				LookupEnv: func(string) (string, bool) { return "", false }}, manifest.Options{WorkDir: dir}, s.err
		}}
	go func() {
		e.code <- lsp.Serve(context.Background(), o)
		_ = fromServer.Close()
	}()
	e.wire = jsonrpc2.NewBufferedStream(duplex{toClient, fromClient}, jsonrpc2.VSCodeObjectCodec{})
	e.conn = jsonrpc2.NewConn(context.Background(), e.wire, e)
	t.Cleanup(func() {
		_ = e.conn.Close()
		<-e.conn.DisconnectNotify()
		if e.log.Len() > 0 {
			t.Errorf("the server logged: %s", e.log.String())
		}
	})
	return e
}

type duplex struct {
	io.ReadCloser
	w io.WriteCloser
}

func (d duplex) Write(p []byte) (int, error) { return d.w.Write(p) }
func (d duplex) Close() error                { _ = d.w.Close(); return d.ReadCloser.Close() }

func (e *editor) Handle(ctx context.Context, conn *jsonrpc2.Conn, r *jsonrpc2.Request) {
	var p published
	switch {
	case r.Method == "textDocument/publishDiagnostics" && json.Unmarshal(*r.Params, &p) == nil:
		e.said <- p
	case !r.Notif:
		e.asked <- r.Method
		go func() { _ = conn.Reply(ctx, r.ID, nil) }()
	}
}

func (e *editor) call(method string, params, result any) {
	e.t.Helper()
	if err := e.conn.Call(e.t.Context(), method, params, result); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

func (e *editor) tell(method string, params any) {
	e.t.Helper()
	if err := e.conn.Notify(e.t.Context(), method, params); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

func (e *editor) uri(name string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(e.dir, name))}).String()
}

func id(uri string) map[string]any { return map[string]any{"uri": uri} }

// open opens a document that is not on disk, and returns its diagnostics.
func (e *editor) open(name, text string) []diagnostic {
	e.t.Helper()
	e.show(e.uri(name), text)
	return e.wait(e.uri(name), 1)
}

// show opens a document. It encodes the text once; the connection would encode it four times.
func (e *editor) show(uri, text string) {
	e.t.Helper()
	e.texts[uri], e.vers[uri] = text, 1
	document := map[string]any{"uri": uri, "languageId": "yaml", "version": 1, "text": text}
	if err := e.wire.WriteObject(map[string]any{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": map[string]any{"textDocument": document}}); err != nil {
		e.t.Fatalf("textDocument/didOpen: %v", err)
	}
}

// wait returns the diagnostics of a version.
func (e *editor) wait(uri string, version int) []diagnostic {
	e.t.Helper()
	for {
		select {
		case p := <-e.said:
			if p.URI == uri && p.Version == version {
				return p.Diagnostics
			}
		case <-e.t.Context().Done():
			e.t.Fatal("no diagnostics")
		}
	}
}

// change replaces a range, or all for nil, and returns the diagnostics.
func (e *editor) change(name string, at *span, text string) []diagnostic {
	e.t.Helper()
	uri := e.uri(name)
	e.vers[uri]++
	one := map[string]any{"text": text}
	if at != nil {
		one["range"] = at
		e.texts[uri] = edited(e.texts[uri], edit{*at, text})
	} else {
		e.texts[uri] = text
	}
	e.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": e.vers[uri]}, "contentChanges": []any{one}})
	return e.wait(uri, e.vers[uri])
}

func (e *editor) hover(name string, p position) string {
	e.t.Helper()
	var got *struct{ Contents struct{ Value string } }
	e.call("textDocument/hover", map[string]any{"textDocument": id(e.uri(name)), "position": p}, &got)
	if got == nil {
		return ""
	}
	return got.Contents.Value
}

func (e *editor) actions(name string, r span) []action {
	e.t.Helper()
	var got []action
	e.call("textDocument/codeAction", map[string]any{"textDocument": id(e.uri(name)), "range": r, "context": map[string]any{"diagnostics": []any{}}}, &got)
	return got
}

// edited applies an edit to a text, by a conversion to UTF-16 of its own.
func edited(text string, e edit) string {
	all := utf16.Encode([]rune(text))
	offset := func(p position) int {
		line, at := 0, 0
		for ; line < p.Line && at < len(all); at++ {
			if all[at] == '\n' || all[at] == '\r' && (at+1 == len(all) || all[at+1] != '\n') {
				line++
			}
		}
		for n := 0; n < p.Character && at < len(all) && all[at] != '\r' && all[at] != '\n'; n++ {
			at++
		}
		return at
	}
	start, end := offset(e.Range.Start), offset(e.Range.End)
	return string(utf16.Decode(slices.Concat(all[:start], utf16.Encode([]rune(e.NewText)), all[end:])))
}

// cut returns the text of a range.
func cut(text string, r span) string {
	const mark = "\x00"
	text = edited(text, edit{span{r.End, r.End}, mark})
	text = edited(text, edit{span{r.Start, r.Start}, mark})
	return strings.Split(text, mark)[1]
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// one is a sound manifest of one binding, with changes.
func one(oldNew ...string) string {
	return strings.NewReplacer(oldNew...).Replace(`apiVersion: bindgate/v1
defaults: {regionId: cn-hangzhou}
bindings:
  - domainName: api.demo.com
    groupId: 927d50c0f2e54b359919923d908bb015
    bindStageName: RELEASE
    labels: {owner: payments, changeTicket: CHG-1042}
`)
}

// Each finding has the range of its value, its severity, its id and its page; what is sound
// has none.
func TestDiagnostics(t *testing.T) {
	declared := map[string]evidence.Label{"owner": {Required: true}, "changeTicket": {Pattern: "CHG-[0-9]+"}}
	for name, c := range map[string]struct {
		file, text string
		want       []string // code severity text-of-the-range: part of the message
		other      string   // text of the related range
	}{
		"sound":            {text: one()},
		"stage":            {text: one("RELEASE", "RELAESE"), want: []string{"request/stage-is-valid 1 RELAESE: did you mean RELEASE?"}},
		"stage, quoted":    {text: one("RELEASE", `"RELAESE"  # x`), want: []string{`request/stage-is-valid 1 "RELAESE": did you mean RELEASE?`}},
		"region, defaults": {text: one("cn-hangzhou", "cn-hangzou"), want: []string{"request/region-is-known 2 cn-hangzou: did you mean cn-hangzhou?"}},
		"final dot":        {text: one("api.demo.com", "api.demo.com."), want: []string{"request/domain-is-well-formed 1 api.demo.com.: ends with a dot"}},
		"label":            {text: one("owner: payments", "ownr: payments"), want: []string{`request/labels-are-declared 1 payments: did you mean "owner"?`, `request/labels-are-declared 1 {ownr: payments, changeTicket: CHG-1042}: the label "owner" is required`}},
		"pattern":          {text: one("CHG-1042", "soon"), want: []string{"request/labels-are-declared 1 soon: want CHG-[0-9]+"}},
		"unknown key":      {text: one("bindStageName", "bindStagName"), want: []string{`  1 bindStagName: did you mean "bindStageName"?`}},
		"duplicate key": {text: one("    labels", "    groupId: x\n    labels"), want: []string{`  1 groupId: duplicate key "groupId"`},
			other: "groupId"},
		"bound twice": {text: one() + "  - {domainName: api.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, bindStageName: PRE, labels: {owner: a}}\n",
			want:  []string{"request/domain-is-bound-once 1 api.demo.com: asks for the same domain", "request/domain-is-bound-once 1 api.demo.com: asks for the same domain"},
			other: "{domainName: api.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, bindStageName: PRE, labels: {owner: a}}"},
		"number":          {text: one("RELEASE", "2026"), want: []string{"  1 2026: put it in quotes"}},
		"syntax":          {text: one("[", "", "    groupId", "   groupId"), want: []string{"  1 groupId: not YAML"}},
		"empty file":      {file: "bindings.yaml", text: "", want: []string{"  1 : file is empty"}},
		"JSON":            {file: "bindings.json", text: `{"apiVersion": "bindgate/v1", "bindings": [{"domainName": "api.demo.com", "groupId": "927d50c0f2e54b359919923d908bb015", "regionId": "cn-hangzhou", "bindStageName": "PRO", "labels": {"owner": "a"}}]}`, want: []string{`request/stage-is-valid 1 "PRO": want TEST, PRE`}},
		"map":             {file: "moves.yaml", text: "apiVersion: bindgate/v1\ndomains:\n  - domainNam: a.demo.com\n", want: []string{`  1 domainNam: did you mean "domainName"?`, `  1 domainNam: the key "domainName" is missing`, `  1 domainNam: the key "to" is missing`, `  1 domainNam: the key "from" is missing`}},
		"tree's file":     {file: ".bindgate.yaml", text: "apiVersion: bindgate/v1\nraise: [request/stage-is-explicitt]\n", want: []string{"  1 request/stage-is-explicitt: no check"}},
		"owner's key":     {file: ".bindgate.yaml", text: "apiVersion: bindgate/v1\nendpoint: https://x\n", want: []string{"  1 endpoint: may not be set here"}},
		"owner's file":    {file: "owner.yaml", text: "apiVersion: bindgate/v1\nfailOn: warnin\nlabels: {}\n", want: []string{`  1 warnin: did you mean "warning"?`}},
		"anchor":          {text: one("payments", "&a payments"), want: []string{"  1 &a payments: got an anchor"}},
		"key text":        {text: one("payments", `"-----BEGIN PRIVATE KEY-----"`), want: []string{`  1 "-----BEGIN PRIVATE KEY-----": got the text of a key`}},
		"CRLF and UTF-16": {text: strings.ReplaceAll(one("payments", `"😀𝒜é"`, "CHG-1042", "x"), "\n", "\r\n"), want: []string{"request/labels-are-declared 1 x: want CHG-[0-9]+"}},
		"byte order mark": {text: "\ufeff" + one("bindgate/v1", "bindgate/v2"), want: []string{"  1 bindgate/v2: want bindgate/v1"}},
		"stage is absent": {text: one("    bindStageName: RELEASE\n", ""), want: []string{"request/stage-is-explicit 2 domainName: bindStageName is absent"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, settings{labels: declared})
			file := c.file
			if file == "" {
				file = "x.yaml"
			}
			got := e.open(file, c.text)
			if len(got) != len(c.want) {
				t.Fatalf("got %d diagnostics, want %d: %+v", len(got), len(c.want), got)
			}
			for i, d := range got {
				at := strings.LastIndex(c.want[i], ": ")
				want, part := c.want[i][:at], c.want[i][at+2:]
				if has := fmt.Sprintf("%s %d %s", d.Code, d.Severity, cut(c.text, d.Range)); has != strings.TrimPrefix(want, " ") || !strings.Contains(d.Message, part) {
					t.Errorf("got %s: %s\nwant %s", has, d.Message, c.want[i])
				}
				if family, statement, ok := strings.Cut(d.Code, "/"); ok && d.CodeDescription.Href != "https://github.com/bindgate/bindgate/blob/main/docs/checks/"+family+".md#"+statement {
					t.Errorf("%s: page %s", d.Code, d.CodeDescription.Href)
				}
			}
			if c.other != "" {
				if r := got[0].Related; len(r) != 1 || r[0].Location.URI != e.uri(file) || cut(c.text, r[0].Location.Range) != c.other {
					t.Errorf("related %+v, want %q", r, c.other)
				}
			}
		})
	}
}

// A document that is none of bindgate's yields nothing, even if it mentions it.
func TestForeign(t *testing.T) {
	for name, text := range map[string]string{
		".pre-commit-config.yaml": "repos:\n  - repo: https://github.com/bindgate/bindgate\n",
		"deploy.yaml":             "apiVersion: apps/v1\nkind: Deployment\nbindings: [x]\n",
		"bindings.yaml":           "kind: Other\n",
		"broken.yaml":             "a: [\n",
		"report.json":             `{"schema": "bindgate.report/v1", "bindings": []}`,
	} {
		e := start(t, settings{})
		e.show(e.uri(name), text)
		if got := e.hover(name, position{}); got != "" {
			t.Errorf("%s: hover %q", name, got)
		}
		if got := e.actions(name, span{}); len(got) > 0 {
			t.Errorf("%s: actions %v", name, got)
		}
		if got := e.open("x.yaml", one()); len(got) > 0 { // diagnostics come in the order of the judgements
			t.Fatalf("%+v", got)
		}
		select {
		case p := <-e.said:
			t.Errorf("%s: %+v", name, p)
		default:
		}
	}
}

// Each exact fix changes the text as said, and the finding is gone in the changed text.
func TestFixes(t *testing.T) {
	declared := map[string]evidence.Label{"owner": {Required: true}, "changeTicket": {}}
	flow := `{"apiVersion": "bindgate/v1", "bindings": [{"domainName": "api.demo.com", "groupId": "927d50c0f2e54b359919923d908bb015", "regionId": "cn-hangzhou", "bindStageName": "RELEASE", "isForce": true, "forceFrom": ["927d50c0f2e54b359919923d908bb016"]`
	for name, c := range map[string]struct {
		text     string
		declared map[string]evidence.Label
		title    string
		old, now string // what the fix changes, and into what
	}{
		"stage":                {text: one("RELEASE", "RELAESE"), title: "Write RELEASE", old: "RELAESE", now: "RELEASE"},
		"stage in quotes":      {text: one("RELEASE", "'relese'"), title: "Write RELEASE", old: "'relese'", now: "'RELEASE'"},
		"stage of the default": {text: one("{regionId: cn-hangzhou}", "{regionId: cn-hangzhou, bindStageName: PRE_}", "    bindStageName: RELEASE\n", ""), title: "Write PRE", old: "PRE_", now: "PRE"},
		"network type":         {text: one("    labels", "    customDomainType: intranet\n    labels"), title: "Write INTRANET", old: "intranet", now: "INTRANET"},
		"region":               {text: one("cn-hangzhou", "hangzhou"), title: "Write cn-hangzhou", old: "hangzhou", now: "cn-hangzhou"},
		"final dot":            {text: one("api.demo.com", "api.demo.com."), title: "Write api.demo.com", old: "api.demo.com.", now: "api.demo.com"},
		"address":              {text: one("api.demo.com", `"https://me@api.demo.com:443/v1?x"`), title: "Write api.demo.com", old: `"https://me@api.demo.com:443/v1?x"`, now: `"api.demo.com"`},
		"U-label":              {text: one("api.demo.com", "bücher.demo.com"), title: "Write xn--bcher-kva.demo.com", old: "bücher.demo.com", now: "xn--bcher-kva.demo.com"},
		"label's name":         {text: one("changeTicket", "changeTickt"), declared: declared, title: "Rename to changeTicket", old: "changeTickt", now: "changeTicket"},
		"label in braces":      {text: one("owner: payments, ", ""), declared: declared, title: "Add labels.owner", old: "{changeTicket", now: `{owner: "", changeTicket`},
		"label, one a line":    {text: one("labels: {owner: payments, changeTicket: CHG-1042}", "labels:\n      changeTicket: x # y"), declared: declared, title: "Add labels.owner", old: "x # y\n", now: "x # y\n      owner: \"\"\n"},
		"no labels":            {text: one("    labels: {owner: payments, changeTicket: CHG-1042}\n", ""), declared: declared, title: "Add labels.owner", old: "api.demo.com\n", now: "api.demo.com\n    labels:\n      owner: \"\"\n"},
		"no labels, CRLF":      {text: strings.ReplaceAll(one("    labels: {owner: payments, changeTicket: CHG-1042}\n", ""), "\n", "\r\n"), declared: declared, title: "Add labels.owner", old: "api.demo.com\r\n", now: "api.demo.com\r\n    labels:\r\n      owner: \"\"\r\n"},
		"no last line end":     {text: one("  - domainName: api.demo.com\n    groupId: 927d50c0f2e54b359919923d908bb015\n    bindStageName: RELEASE\n    labels: {owner: payments, changeTicket: CHG-1042}\n", "  - {domainName: api.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, bindStageName: RELEASE}"), declared: declared, title: "Add labels.owner", old: "{domainName", now: `{labels: {owner: ""}, domainName`},
		"first value is deep":  {text: one("- domainName: api.demo.com", "- forceFrom: [927d50c0f2e54b359919923d908bb016]\n    domainName: api.demo.com", "    labels: {owner: payments, changeTicket: CHG-1042}\n", ""), declared: declared, title: "Add labels.owner", old: "- forceFrom", now: "- labels:\n      owner: \"\"\n    forceFrom"},
		"JSON":                 {text: flow + `}]}`, title: "Add labels.owner", old: `{"domainName"`, now: `{"labels": {"owner": ""}, "domainName"`},
		"JSON, some labels":    {text: flow + `, "labels": {"owner": "a"}}]}`, title: "Add labels.changeTicket", old: `{"owner"`, now: `{"changeTicket": "", "owner"`},
		"unknown key":          {text: one("bindStageName", "bindStagename"), title: "Write bindStageName", old: "bindStagename", now: "bindStageName"},
		"no string":            {text: one("CHG-1042", "1042"), title: `Write "1042"`, old: "1042", now: `"1042"`},
		"no boolean":           {text: one("    labels", "    isHttpRedirectToHttps: 'yes'\n    labels"), title: "Write true", old: "'yes'", now: "true"},
		"a word":               {text: one("    labels", "    domainProof: TXT\n    labels"), title: "Write txt", old: "TXT", now: "txt"},
		"TLS":                  {text: one("groupId: 927d50c0f2e54b359919923d908bb015", "gatewayId: gw-1\n    tlsMin: TLS 1.0\n    tlsMax: TLS 1.3", "    bindStageName: RELEASE\n", ""), title: "Write TLS 1.2", old: "TLS 1.0", now: "TLS 1.2"},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, settings{labels: c.declared})
			before := e.open("x.yaml", c.text)
			var found *edit
			for _, a := range e.actions("x.yaml", span{End: position{Line: 1000}}) {
				if a.Title == c.title && found == nil {
					found = &a.Edit.DocumentChanges[0].Edits[0]
				}
			}
			if found == nil {
				t.Fatalf("no %q for %+v", c.title, before)
			}
			want := strings.Replace(c.text, c.old, c.now, 1)
			if got := edited(c.text, *found); got != want {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
			messages := func(list []diagnostic) (out []string) {
				for _, d := range list {
					out = append(out, d.Code+d.Message)
				}
				return out
			}
			after := messages(e.change("x.yaml", &found.Range, found.NewText))
			gone := slices.ContainsFunc(messages(before), func(m string) bool { return !slices.Contains(after, m) })
			if blank := strings.HasSuffix(c.now, `""`) || strings.Contains(c.now, `: ""`); !gone && !blank {
				t.Errorf("the finding is still there: %q", after)
			}
		})
	}
}
