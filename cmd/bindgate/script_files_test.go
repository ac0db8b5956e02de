package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bindgate/bindgate/internal/mkfifo"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// lay copies the files of base into dir, without replacing the files of a
// script.
func lay(dir, base string) error {
	entries, err := os.ReadDir(base)
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(base, e.Name()))
		if err != nil {
			return err
		}
		f, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// mint FILE NAME… [expired] [subject=TEXT]: a certificate for the names at
// FILE.pem and its key at FILE.key, signed by the CA at ca.pem, which is made at
// first, and at FILE.sha256 the digest by which a list of weak keys names the
// leaf's. TEXT may hold \xNN.
func mint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mint FILE NAME… [expired] [subject=TEXT]")
	}
	run := ts.Value(sandboxKey{}).(*running)
	now := time.Now()
	if run.authority == nil {
		root, err := ca.New(now)
		ts.Check(err)
		run.authority, err = root.Intermediate(ca.Options{CommonName: "script intermediate"})
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), root.Root(), 0o644))
	}
	var o ca.Options
	for _, arg := range args[1:] {
		subject, named := strings.CutPrefix(arg, "subject=")
		switch {
		case named:
			o.CommonName = unquoted(ts, subject)
		case arg == "expired":
			o.NotBefore, o.NotAfter = now.Add(-48*time.Hour), now.Add(-24*time.Hour)
		default:
			o.Names = append(o.Names, arg)
		}
	}
	leaf, err := run.authority.Issue(o)
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), leaf.Chain, 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), leaf.Key, 0o600))
	block, _ := pem.Decode(leaf.Chain)
	parsed, err := x509.ParseCertificate(block.Bytes)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".sha256"), fmt.Appendf(nil, "%x\n", sha256.Sum256(parsed.RawSubjectPublicKeyInfo)), 0o644))
}

// fifo PATH creates a FIFO without a writer; opening it blocks for ever.
func fifo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fifo PATH")
	}
	ts.Check(mkfifo.At(ts.MkAbs(args[0])))
}

// file PATH TEXT COUNT [TEXT COUNT…]: a file of texts, each that often; \n and
// \xNN are what they are in Go.
func bigFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: file PATH TEXT COUNT [TEXT COUNT…]")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { ts.Check(f.Close()) }()
	for i := 1; i < len(args); i += 2 {
		count, err := strconv.Atoi(args[i+1])
		ts.Check(err)
		text := unquoted(ts, args[i])
		const most = 1 << 16 // texts that are written at once
		for ; count > most; count -= most {
			_, err := f.WriteString(strings.Repeat(text, most))
			ts.Check(err)
		}
		_, err = f.WriteString(strings.Repeat(text, count))
		ts.Check(err)
	}
}

// unquoted is text in which \n and \xNN are what they are in Go.
func unquoted(ts *testscript.TestScript, text string) string {
	plain, err := strconv.Unquote(`"` + text + `"`)
	ts.Check(err)
	return plain
}

// mode FILE PERM: the file has exactly these permissions, in octal.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE PERM")
	}
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != fs.FileMode(want) {
		ts.Fatalf("%s has mode %o, want %o", args[0], got, want)
	}
}

// valid SCHEMA DOCUMENT: the JSON document is valid under the JSON Schema.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: valid SCHEMA DOCUMENT")
	}
	schema, err := jsonschema.NewCompiler().Compile(ts.MkAbs(args[0]))
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(ts.ReadFile(args[1]))))
	ts.Check(err)
	ts.Check(schema.Validate(document))
}
