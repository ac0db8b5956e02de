package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
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
	inside  bool            // commands run in this process: nothing of theirs reaches the gateway's client
	given   map[string]bool // the files that this test wrote itself
}

func newVault(t testing.TB) *vault {
	t.Helper()
	return &vault{world: newWorld(t), given: map[string]bool{}}
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
// own unless the vault says otherwise, so that what a library prints past Env is
// looked through too.
func (v *vault) says(what string, codes []int, args ...string) finish {
	v.Helper()
	run := v.run
	if !v.inside {
		run = func(args ...string) finish { return v.start(args...).wait() }
	}
	f := run(args...)
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
	if got := append(v.scanner.leaks(text), requests(text)...); len(got) > 0 {
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
