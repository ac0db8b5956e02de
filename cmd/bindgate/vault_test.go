package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// vault is a world with known keys, passphrases and access key secret: all output
// and all files of the program are searched for them.
type vault struct {
	*world
	scanner scanner
	runs    func(args ...string) finish // how the next commands run
	given   map[string]bool             // the files that this test wrote itself
}

func newVault(t testing.TB) *vault {
	t.Helper()
	v := &vault{world: newWorld(t), given: map[string]bool{}}
	v.runs = func(args ...string) finish { return v.start(args...).wait() }
	return v
}

func (v *vault) serve(s account.Seed, zone map[string]string, change ...func(*sandbox.Options)) {
	v.Helper()
	v.world.serve(s, zone, change...)
	for _, pair := range v.box.Env() {
		if secret, ok := strings.CutPrefix(pair, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="); ok {
			v.scanner.hide("the access key secret", []byte(secret))
		}
	}
}

// give writes a file that may hold secrets.
func (v *vault) give(name, text string) {
	v.Helper()
	v.given[v.path(name)] = true
	v.write(name, text)
}

// passphrase is a new one, in the environment under this name if there is one.
func (v *vault) passphrase(variable string) string {
	text := rand.Text()
	v.scanner.hide("the passphrase "+variable, []byte(text))
	if variable != "" {
		v.env = append(v.env, variable+"="+text)
	}
	return text
}

// issue makes a certificate with a key that is marked: every number of it that
// its public key does not tell.
func (v *vault) issue(kind ca.KeyType, names ...string) (ca.Leaf, crypto.Signer) {
	v.Helper()
	leaf, err := v.authority.Issue(ca.Options{Names: names, Key: kind})
	v.check(err)
	block, _ := pem.Decode(leaf.Key)
	key := v.parsed(block.Bytes)
	v.mark("the key of "+names[0], key)
	return leaf, key
}

// parsed is a key in PKCS#8 or SEC 1.
func (v *vault) parsed(der []byte) crypto.Signer {
	v.Helper()
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		key, err = x509.ParseECPrivateKey(der)
	}
	v.check(err)
	return key.(crypto.Signer)
}

func (v *vault) mark(name string, key crypto.Signer) {
	v.Helper()
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		d, err := key.Bytes()
		v.check(err)
		v.scanner.hide(name, d)
	case *rsa.PrivateKey:
		for what, number := range map[string][]byte{
			"d": key.D.Bytes(), "p": key.Primes[0].Bytes(), "q": key.Primes[1].Bytes(),
			"dp": key.Precomputed.Dp.Bytes(), "dq": key.Precomputed.Dq.Bytes(), "qinv": key.Precomputed.Qinv.Bytes(),
		} {
			v.scanner.hide(name+" ("+what+")", number)
		}
	default:
		v.Fatalf("no way to mark a %T", key)
	}
}

// digest is what the sandbox calls a key by.
func (v *vault) digest(key crypto.Signer) string {
	v.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	v.check(err)
	return fmt.Sprintf("sha256:%x", sha256.Sum256(der))
}

// says runs bindgate and looks through what it says. The code must be one of
// these. what names the run, whose arguments may be secret. It is a process of its
// own, so that what a library prints past Env is looked through too, or of a
// workshop, which sees to that itself.
func (v *vault) says(what string, codes []int, args ...string) finish {
	v.Helper()
	f := v.runs(args...)
	if !slices.Contains(codes, f.code) {
		v.Errorf("%s: exit code %d, want %d\n%s%s", what, f.code, codes, f.out, f.err)
	}
	v.clean(what+": standard output", []byte(f.out))
	v.clean(what+": standard error", []byte(f.err))
	for _, crash := range []string{"panic:", "goroutine "} {
		if strings.Contains(f.err, crash) {
			v.Errorf("%s: it crashed", what)
		}
	}
	return f
}

func (v *vault) clean(where string, text []byte) {
	v.Helper()
	seen := views(text)
	if got := append(v.scanner.leaks(seen), requests(seen)...); len(got) > 0 {
		v.Errorf("%s holds %q", where, got)
	}
}

// sweep looks through every file that the program made, and wants there to be
// at least these.
func (v *vault) sweep(want ...string) {
	v.Helper()
	var seen []string
	v.check(filepath.WalkDir(v.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || v.given[path] || path == v.path("ca.pem") {
			return err
		}
		text, err := os.ReadFile(path)
		seen = append(seen, strings.TrimPrefix(path, v.dir+"/"))
		v.clean("file "+path, text)
		return err
	}))
	for _, name := range want {
		if !slices.Contains(seen, name) {
			v.Errorf("got the files %q, want %s among them", seen, name)
		}
	}
}

const workshopName = "bindgate-workshop"

// workshop is a process that runs commands for vaults, each with an Env of its
// own. To start a process for each command takes longer than most of them. What a
// library prints past Env comes out of this process, and no command prints there.
type workshop struct {
	cmd     *exec.Cmd
	client  *rpc.Client
	answers *os.File
	past    *stream
}

// pipe joins the two directions of a connection.
type pipe struct {
	io.Reader
	io.WriteCloser
}

// Order is a command of a vault, and Result how it ended.
type (
	Order struct {
		Dir           string
		Environ, Args []string
	}
	Result struct {
		Code     int
		Out, Err string
	}
	// Bench runs the orders.
	Bench struct{}
)

// Run runs one command.
func (Bench) Run(o Order, r *Result) error {
	f := inProcess(context.Background(), environment(o.Dir, o.Environ), o.Args...)
	*r = Result{f.code, f.out, f.err}
	return nil
}

// serveWorkshop takes orders on standard input until it ends.
func serveWorkshop() (code int) {
	server := rpc.NewServer()
	if err := server.Register(Bench{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server.ServeConn(pipe{os.Stdin, os.NewFile(3, "answers")})
	return 0
}

func openWorkshop(t testing.TB) *workshop {
	t.Helper()
	in := &workshop{cmd: exec.CommandContext(t.Context(), workshopName), past: &stream{}}
	in.cmd.Stdout, in.cmd.Stderr = in.past, in.past
	orders, err := in.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in.answers = answers
	in.cmd.ExtraFiles = []*os.File{toUs}
	err = in.cmd.Start()
	_ = toUs.Close() // it is the process's
	if err != nil {
		t.Fatal(err)
	}
	in.client = rpc.NewClient(pipe{answers, orders})
	return in
}

// of runs commands in the vault's folder and environment.
func (in *workshop) of(v *vault) func(args ...string) finish {
	return func(args ...string) finish {
		v.Helper()
		var r Result
		if err := in.client.Call("Bench.Run", Order{v.dir, v.env, args}, &r); err != nil {
			v.Errorf("the workshop ended: %v\n%s", err, in.past)
		}
		return finish{r.Code, r.Out, r.Err}
	}
}

// close ends the process and wants it to have printed nothing by itself.
func (in *workshop) close(t testing.TB) {
	t.Helper()
	_ = in.client.Close() // the process sees the end of its input
	if err := in.cmd.Wait(); err != nil {
		t.Error(err)
	}
	_ = in.answers.Close() // nothing is written to it
	if printed := in.past.String(); printed != "" {
		t.Errorf("commands printed past Env:\n%s", printed)
	}
}
