package lsp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/lsp"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Changes of ranges give the text that the client has, with characters of two UTF-16 code
// units and line ends of both forms.
func TestChangesOfRanges(t *testing.T) {
	e := start(t, settings{})
	text := "# 😀😀 \U0001d49c é\r\n" + strings.ReplaceAll(one("payments", `"p😀q"`), "\n", "\r\n")
	if got := e.open("x.yaml", text); len(got) > 0 {
		t.Fatalf("%+v", got)
	}
	steps := []struct {
		at   span
		text string
		want string // text of the only diagnostic's range
	}{
		{span{position{7, 20}, position{7, 24}}, "q😀", ""},                             // in the label
		{span{position{0, 3}, position{0, 5}}, "é𝒜", ""},                               // in the comment
		{span{position{6, 19}, position{6, 26}}, "RELAESE", "RELAESE"},                 // the stage
		{span{position{6, 26}, position{7, 0}}, "   # 😀\r\n", "RELAESE"},               // what follows it
		{span{position{6, 19}, position{6, 26}}, `"REL😀"`, ""},                         // a stage that only the group knows
		{span{position{6, 19}, position{6, 99}}, "relese", "relese"},                   // behind the end of its line
		{span{position{0, 0}, position{1, 0}}, "", "relese"},                           // the first line
		{span{position{99, 0}, position{99, 9}}, "bindings2: 1\r\n", "bindings2"},      // behind the end
		{span{position{7, 0}, position{99, 9}}, "\r\n# é\r\n", "relese"},               // the end
		{span{position{0, 0}, position{0, 0}}, "# 😀\n", "relese"},                      // another line end
		{span{position{6, 19}, position{6, 25}}, "PRE\r\n    isForce: fals", "fals"},   // two lines
		{span{position{7, 13}, position{7, 17}}, "false\r\n    groupId: a", "groupId"}, // a second key
	}
	for i, s := range steps {
		got := e.change("x.yaml", &s.at, s.text)
		now := e.texts[e.uri("x.yaml")]
		if s.want == "" && len(got) > 0 {
			t.Errorf("step %d: %+v\n%s", i, got, now)
		} else if s.want != "" && (len(got) == 0 || cut(now, got[len(got)-1].Range) != s.want) {
			t.Fatalf("step %d: want %q, got %+v\n%s", i, s.want, got, now)
		}
	}
}

// What the client has is judged, not the file; paths begin at the file; closing takes the
// diagnostics away.
func TestUnsavedText(t *testing.T) {
	e := start(t, settings{})
	put(t, e.dir, ".git/HEAD", "") // the root of all paths
	put(t, e.dir, "team/bindings.yaml", one("RELEASE", "RELAESE"))
	if got := e.open("team/bindings.yaml", one()); len(got) > 0 {
		t.Errorf("the file was judged: %+v", got)
	}
	text := one("    labels", "    certificate: {name: demo, body: ../certs/none.pem}\n    labels")
	got := e.change("team/bindings.yaml", nil, text)
	if len(got) == 0 || got[0].Code != "certificate/is-readable" || cut(text, got[0].Range) != "../certs/none.pem" {
		t.Errorf("%+v", got)
	}
	got = e.change("team/bindings.yaml", nil, strings.Replace(text, "../certs/none.pem", "../../out.pem", 1))
	if len(got) != 1 || !strings.Contains(got[0].Message, "path leaves the allowed folders") {
		t.Errorf("a path that leaves the root: %+v", got)
	}
	e.tell("textDocument/didClose", map[string]any{"textDocument": id(e.uri("team/bindings.yaml"))})
	if got := e.wait(e.uri("team/bindings.yaml"), 0); len(got) > 0 {
		t.Errorf("after it was closed: %+v", got)
	}
	if read(t, filepath.Join(e.dir, "team/bindings.yaml")) != one("RELEASE", "RELAESE") {
		t.Error("the file was written")
	}
	e.show("untitled:Untitled-1", one("RELEASE", "RELAESE"))
	if got := e.wait("untitled:Untitled-1", 1); len(got) != 1 || got[0].Code != "request/stage-is-valid" {
		t.Errorf("a document that is no file yet: %+v", got)
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A hover explains the checks of a finding, else the field, and shows the certificate's
// facts; nothing that the server sends holds a part of the key.
func TestHover(t *testing.T) {
	for _, format := range []string{"markdown", "plaintext"} {
		e := start(t, settings{capabilities: strings.Replace(allCapabilities, "markdown", format, 1)})
		ca := pkitest.Root(t, "Demo <b> ![x](http://a.example/) `CA`")
		leaf := ca.Leaf(t, []string{"api.demo.com", "*.demo.com"}, pkitest.Valid(now().Add(-24*time.Hour), now().Add(30*24*time.Hour+time.Minute)))
		key := pkitest.KeyPEM(t, leaf.Key)
		put(t, e.dir, "certs/api.pem", string(pkitest.PEM(leaf, ca))+string(key))
		put(t, e.dir, "certs/api.key", string(key))
		text := one("    labels", "    certificate:\n      name: demo_2026\n      body: certs/api.pem\n      privateKey: certs/api.key\n    labels", "RELEASE", "RELAESE")
		e.open("x.yaml", text)
		for at, want := range map[string][]string{
			"certs/api.pem": {"names:    api.demo.com, *.demo.com", "issuer:   CN=Demo <b> ![x](http://a.example/) `CA`", "30 days left", "key:      ECDSA, P-256", "serial:   ", "SHA-256:  ", "file:     2 certificates"},
			"RELAESE":       {"request/stage-is-valid", "The stage exists in the group", "Fix: "},
			"payments":      {"policies"},
			"groupId":       {"API group"},
			"cn-hangzhou":   {"region"},
			"certs/api.key": {"private key"},
		} {
			got := e.hover("x.yaml", placeOf(text, at))
			for _, w := range want {
				if !strings.Contains(unescaped(got), w) {
					t.Errorf("%s at %q: want %q, got\n%s", format, at, w, got)
				}
			}
			if strings.Contains(got, "![x]") && format == "markdown" {
				if before, _, _ := strings.Cut(got, "![x]"); !strings.Contains(before, "```text\n") {
					t.Errorf("the certificate's text is Markdown:\n%s", got)
				}
			}
			noKey(t, got, key)
		}
		for _, at := range []position{{0, 50}, {99, 0}, {2, 9}} {
			if got := e.hover("x.yaml", at); got != "" {
				t.Errorf("at %v: %s", at, got)
			}
		}
		for _, a := range e.actions("x.yaml", span{End: position{Line: 99}}) {
			noKey(t, fmt.Sprint(a), key)
		}
		pasted := one("payments", `"`+strings.ReplaceAll(string(key), "\n", `\n`)+`"`)
		for _, d := range e.change("x.yaml", nil, pasted) {
			noKey(t, d.Message, key)
		}
		noKey(t, e.hover("x.yaml", placeOf(pasted, "-----BEGIN")), key)
	}
}

// A hover explains the keys of each kind of file.
func TestHoverOfEachFile(t *testing.T) {
	e := start(t, settings{})
	for name, c := range map[string]struct{ text, at, want string }{
		"owner.yaml":     {"apiVersion: bindgate/v1\nfailOn: warning\n", "failOn", "lowest severity"},
		".bindgate.yaml": {"apiVersion: bindgate/v1\nraise: [request/stage-is-explicit]\n", "raise", "become errors"},
		"moves.yaml":     {"apiVersion: bindgate/v1\ndomains:\n  - domainName: a.demo.com\n    accept: [stage]\n", "accept", "lost"},
		"x.json":         {`{"apiVersion": "bindgate/v1", "bindings": [{"bindStageName": "PRE"}]}`, "bindStageName", "RELEASE"},
	} {
		e.open(name, c.text)
		if got := e.hover(name, placeOf(c.text, c.at)); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q says %q, want %q in it", name, c.at, got, c.want)
		}
	}
}

func unescaped(s string) string { return strings.ReplaceAll(s, `\`, "") }

// noKey fails if a text holds a part of a key: twelve characters in a row.
func noKey(t *testing.T, s string, key []byte) {
	t.Helper()
	block, _ := pem.Decode(key)
	body := base64.StdEncoding.EncodeToString(block.Bytes)
	for i := 36; i+12 < len(body); i++ { // behind the header, which all keys of the kind share
		if strings.Contains(s, body[i:i+12]) {
			t.Fatalf("a part of the key was sent: %s", s)
		}
	}
}

// placeOf returns the position inside the first occurrence of a text.
func placeOf(text, part string) position {
	before, _, _ := strings.Cut(text, part)
	line := strings.Count(before, "\n")
	return position{line, len(before) - strings.LastIndex("\n"+before, "\n") + 1}
}

// A version that was changed is neither shown nor explained, and the last one is; a request
// can be cancelled.
func TestStaleVersions(t *testing.T) {
	e := start(t, settings{})
	uri := e.uri("x.yaml")
	e.show(uri, many(1000))
	answers := make(chan error, 2)
	ask := func() {
		answers <- e.conn.Call(t.Context(), "textDocument/hover", map[string]any{"textDocument": id(uri), "position": position{}}, nil)
	}
	go ask()
	for e.vers[uri] < 50 {
		e.vers[uri]++
		e.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": e.vers[uri]},
			"contentChanges": []any{map[string]any{"range": span{position{3, 0}, position{3, 0}}, "text": "# x\n"}}})
	}
	var modified *jsonrpc2.Error
	if err := <-answers; err != nil && (!errors.As(err, &modified) || modified.Code != -32801) {
		t.Errorf("the hover of an old version: %v", err)
	}
	versions := 0
	for {
		p := <-e.said
		if versions++; p.Version == 50 {
			break
		}
	}
	if versions > 10 {
		t.Errorf("%d of 50 versions were shown", versions)
	}
	e.vers[uri]++
	e.tell("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 51}, "contentChanges": []any{map[string]any{"text": many(1000)}}})
	call, err := e.conn.DispatchCall(t.Context(), "textDocument/hover", map[string]any{"textDocument": id(uri), "position": position{}}, jsonrpc2.PickID(jsonrpc2.ID{Num: 777}))
	if err != nil {
		t.Fatal(err)
	}
	e.tell("$/cancelRequest", map[string]any{"id": 777})
	if err := call.Wait(t.Context(), nil); err != nil && (!errors.As(err, &modified) || modified.Code != -32800) {
		t.Errorf("the cancelled hover: %v", err)
	}
}

// many is a manifest of many bindings, with one finding each.
func many(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou}\nbindings:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {domainName: a%d.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, bindStageName: RELAESE}\n", i)
	}
	return b.String()
}

// A hostile text costs bounded time and memory, and its diagnostics are bounded.
func TestHostileTexts(t *testing.T) {
	cputime.SkipUnderRace(t)
	const apiVersion = "apiVersion: bindgate/v1\n"
	bomb := apiVersion + "a0: &a0 [x, x]\n"
	for i := range 40 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i)
	}
	for name, text := range map[string]string{
		"4,000 bindings":       many(4_000),
		"aliases":              bomb + "bindings: [*a40]\n",
		"brackets":             apiVersion + "bindings: " + strings.Repeat("[", 4<<20),
		"one line":             apiVersion + "bindings:\n  - domainName: " + strings.Repeat("a", 4<<20),
		"quotes":               apiVersion + "bindings:\n" + strings.Repeat(`  - {domainName: "`+"\n", 50_000),
		"empty keys":           apiVersion + strings.Repeat("? :\n", 1<<18),
		"labels":               apiVersion + "bindings:\n  - domainName: a.demo.com\n    labels:\n" + strings.Repeat("      x: 1\n", 40_000),
		"9 MiB":                apiVersion + "bindings:\n" + strings.Repeat("# x\n", 9<<18),
		"bindings in one line": apiVersion + "bindings: [" + strings.Repeat(`{domainName: Api.demo.com., groupId: zz, bindStageName: "x y"}, `, 1<<17) + "]\n",
		"a line of 250 KiB":    apiVersion + "bindings: [" + strings.Repeat(`{domainName: Api.demo.com., groupId: zz, bindStageName: "x y"}, `, 4000) + "]\n",
		"JSON in one line":     `{"apiVersion": "bindgate/v1", "bindings": [` + strings.TrimSuffix(strings.Repeat(`{"domainName": "Api.demo.com.", "groupId": "zz"}, `, 1<<17), ", ") + "]}",
		"carriage returns":     apiVersion + strings.Repeat("\r", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, settings{})
			e.open("first.yaml", one())
			begun := cputime.Spent(t)
			got := e.open("x.yaml", text)
			judged := cputime.Spent(t)
			if len(got) == 0 || len(got) > 1001 {
				t.Errorf("%d diagnostics", len(got))
			}
			e.hover("x.yaml", position{Line: 2, Character: 5})
			if got := e.actions("x.yaml", span{End: position{Line: 1 << 20}}); len(got) > 50 {
				t.Errorf("%d actions", len(got))
			}
			answered := cputime.Spent(t)
			if most := 10 * time.Second; judged-begun > most || answered-judged > most {
				t.Errorf("judging took %s, and answering %s, of processor time", judged-begun, answered-judged)
			}
			t.Logf("judging took %s, and answering %s, of processor time", judged-begun, answered-judged)
		})
	}
}

// The session follows the protocol: what is asked too early or too late is refused, text
// that is no message is answered, and the end is in order only after shutdown.
func TestSession(t *testing.T) {
	code := func(err error) int64 {
		var e *jsonrpc2.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v, want an error of the protocol", err)
		}
		return e.Code
	}
	e := connect(t, t.TempDir(), settings{})
	ctx := t.Context()
	e.show(e.uri("x.yaml"), one("RELEASE", "RELAESE")) // ignored
	if got := code(e.conn.Call(ctx, "textDocument/hover", struct{}{}, nil)); got != -32002 {
		t.Errorf("before initialize: %d", got)
	}
	e.call("initialize", map[string]any{"capabilities": map[string]any{"workspace": map[string]any{"didChangeWatchedFiles": map[string]any{"dynamicRegistration": true}}}}, nil)
	if got := code(e.conn.Call(ctx, "initialize", struct{}{}, nil)); got != jsonrpc2.CodeInvalidRequest {
		t.Errorf("a second initialize: %d", got)
	}
	e.tell("initialized", nil)
	if got := <-e.asked; got != "client/registerCapability" {
		t.Errorf("asked %s", got)
	}
	if got := code(e.conn.Call(ctx, "textDocument/rename", struct{}{}, nil)); got != jsonrpc2.CodeMethodNotFound {
		t.Errorf("an unknown method: %d", got)
	}
	if got := code(e.conn.Call(ctx, "textDocument/hover", []int{1}, nil)); got != jsonrpc2.CodeInvalidParams {
		t.Errorf("wrong parameters: %d", got)
	}
	e.tell("$/unknown", nil)
	e.tell("textDocument/didOpen", "nothing")
	e.tell("textDocument/didChange", map[string]any{"textDocument": id("file:///none")})
	if got := e.hover("none.yaml", position{}); got != "" {
		t.Errorf("of a document that is not open: %s", got)
	}
	e.call("shutdown", nil, nil)
	if got := code(e.conn.Call(ctx, "textDocument/hover", struct{}{}, nil)); got != jsonrpc2.CodeInvalidRequest {
		t.Errorf("after shutdown: %d", got)
	}
	e.tell("exit", nil)
	if orderly := <-e.code; !orderly {
		t.Error("shutdown and exit were not in order")
	}
}

func TestSessionWithoutShutdown(t *testing.T) {
	e := start(t, settings{})
	e.tell("exit", nil)
	if orderly := <-e.code; orderly {
		t.Error("exit without shutdown was in order")
	}
	e = start(t, settings{})
	_ = e.conn.Close()
	if orderly := <-e.code; orderly {
		t.Error("the end of the input without shutdown was in order")
	}
}

// A panic is a diagnostic and a line of the log, which does not repeat it, and the next version
// is judged as ever.
func TestPanic(t *testing.T) {
	e := start(t, settings{panics: "text of a document"})
	got := e.open("x.yaml", one())
	if len(got) != 1 || got[0].Severity != 1 || !strings.Contains(got[0].Message, "judging the file panicked") {
		t.Errorf("after a panic: %+v", got)
	}
	if got := e.change("x.yaml", nil, one("RELEASE", "RELAESE")); len(got) != 1 || strings.Contains(got[0].Message, "panicked") {
		t.Errorf("the next version: %+v", got)
	}
	e.tell("exit", nil)
	<-e.code
	if log := e.log.String(); !strings.Contains(log, "judging a document panicked") || strings.Contains(log, "text of a document") {
		t.Errorf("the log: %s", log)
	}
	e.log.Reset()
}

// Settings that do not load are the diagnostic of each file.
func TestSettingsThatFail(t *testing.T) {
	e := start(t, settings{err: errors.New("reading owner.yaml: no such file")})
	got := e.open("x.yaml", one())
	if len(got) != 1 || got[0].Severity != 1 || got[0].Range.Start.Line != 0 || !strings.Contains(got[0].Message, "owner.yaml: no such file") {
		t.Errorf("%+v", got)
	}
}

// Errors of other files than the document have their own names and no place in it.
func TestPoliciesThatFail(t *testing.T) {
	e := start(t, settings{policy: "package bindgate.policy.x\nimport rego.v2\n\n\n\ndeny contains \"x\" if { input.binding.nothing }\n"})
	for _, name := range []string{"x.yaml", "y.json"} {
		got := e.open(name, one())
		if len(got) != 1 || got[0].Range.Start.Line != 0 || !strings.Contains(got[0].Message, "bindgate cannot judge this file: ") || !strings.Contains(got[0].Message, "bad.rego:6:") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	e.show("untitled:x", "apiVersion: bindgate/v1\nbinding: 1\n")
	if got := e.wait("untitled:x", 1); len(got) != 2 || got[0].Range.Start.Line+got[1].Range.Start.Line != 1 {
		t.Errorf("errors of the document: %+v", got)
	}
}

// Text in which a message should be is answered and does not end the session; a length that
// is none ends it.
func TestMessages(t *testing.T) {
	frame := func(body string) string { return fmt.Sprintf("content-length:%d\r\nX: y\r\n\r\n%s", len(body), body) }
	initialize, shutdown := frame(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`), frame(`{"jsonrpc":"2.0","id":2,"method":"shutdown"}`)
	exit := frame(`{"jsonrpc":"2.0","method":"exit"}`)
	for name, c := range map[string]struct {
		in      string
		orderly bool
		answers []string
	}{
		"sound":           {initialize + shutdown + exit, true, []string{`"id":1`, `"id":2`}},
		"no exit":         {initialize + shutdown, true, []string{`"id":1`, `"id":2`}},
		"no JSON":         {initialize + frame("{") + frame("[]") + frame(`{"method":1}`) + frame(`{"id":3}`) + shutdown + exit, true, []string{`"id":1`, "-32700", "-32700", "-32700", "-32700", `"id":2`}},
		"a stray answer":  {initialize + frame(`{"jsonrpc":"2.0","id":9,"result":null}`) + shutdown + exit, true, []string{`"id":1`, `"id":2`}},
		"no length":       {initialize + "X: y\r\n\r\n{}" + shutdown, false, []string{`"id":1`}},
		"negative length": {"Content-Length: -1\r\n\r\n", false, nil},
		"too long":        {"Content-Length: 99999999999\r\n\r\n", false, nil},
		"endless header":  {strings.Repeat("a", 1<<20), false, nil},
		"many headers":    {strings.Repeat("a: b\r\n", 1<<20), false, nil},
		"cut":             {initialize[:len(initialize)-5], false, nil},
		"nothing":         {"", false, nil},
	} {
		out, orderly := serve(t, c.in)
		answers := strings.Split(out, "Content-Length: ")[1:]
		if orderly != c.orderly || len(answers) != len(c.answers) {
			t.Errorf("%s: in order %v, %q", name, orderly, answers)
			continue
		}
		for i, want := range c.answers {
			if !strings.Contains(answers[i], want) {
				t.Errorf("%s: answer %q, want %s", name, answers[i], want)
			}
		}
	}
}

// serve runs a session on an input.
func serve(t testing.TB, in string) (out string, orderly bool) {
	t.Helper()
	var b bytes.Buffer
	dir := t.TempDir()
	orderly = lsp.Serve(context.Background(), lsp.Options{In: strings.NewReader(in), Out: &b, Log: io.Discard, Dir: dir,
		Settings: func(dir string) (judge.Options, manifest.Options, error) {
			return judge.Options{Command: "lint", Contract: evidence.Contract2026, Dir: dir, Clock: now, Concurrency: 1, Skip: judge.Skip{DNS: "x", Group: "x", Revocation: "x"},
				LookupEnv: func(string) (string, bool) { return "", false }}, manifest.Options{WorkDir: dir}, nil
		}})
	return b.String(), orderly
}

// Whatever a client sends, the session ends, and each answer is a message.
func FuzzSession(f *testing.F) {
	message := func(v any) string {
		body, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	type object = map[string]any
	open := message(object{"id": 1, "method": "initialize", "params": object{"capabilities": json.RawMessage(allCapabilities)}}) +
		message(object{"method": "textDocument/didOpen", "params": object{"textDocument": object{"uri": "untitled:x", "text": one("RELEASE", "RELAESE")}}})
	f.Add(open+message(object{"id": 2, "method": "textDocument/hover", "params": object{"textDocument": id("untitled:x"), "position": position{5, 20}}}), "😀", 1, 1, 2, 2)
	f.Add(open+message(object{"id": "a", "method": "textDocument/codeAction", "params": object{"textDocument": id("untitled:x"), "range": span{position{-1, 0}, position{9, 9}}}}), "- x\r\n", 5, 0, 5, 0)
	f.Add(open+"Content-Length: 2\r\n\r\n{}"+message(object{"id": 3, "method": "shutdown"})+message(object{"method": "exit"}), "\r", 0, 1<<40, 1<<40, 0)
	f.Fuzz(func(t *testing.T, in, text string, line, character, endLine, endCharacter int) {
		change := message(object{"method": "textDocument/didChange", "params": object{"textDocument": object{"uri": "untitled:x", "version": 2},
			"contentChanges": []any{object{"range": span{position{line, character}, position{endLine, endCharacter}}, "text": text}}}})
		ask := message(object{"id": 7, "method": "textDocument/codeAction", "params": object{"textDocument": id("untitled:x"), "range": span{position{0, 0}, position{99, 0}}}})
		out, _ := serve(t, in+change+ask)
		for out != "" {
			var length int
			if _, err := fmt.Sscanf(out, "Content-Length: %d\r\n\r\n", &length); err != nil {
				t.Fatalf("%v in %.200q", err, out)
			}
			_, body, _ := strings.Cut(out, "\r\n\r\n")
			if length > len(body) || !json.Valid([]byte(body[:length])) {
				t.Fatalf("no message: %.200q", body)
			}
			out = body[length:]
		}
	})
}
