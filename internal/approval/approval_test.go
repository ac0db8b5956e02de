package approval_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hiddeco/sshsig"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"golang.org/x/crypto/ssh"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/approval"
	"github.com/bindgate/bindgate/internal/token"
)

var (
	now   = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	until = now.Add(24 * time.Hour)
)

const planText = `{"schema":"bindgate.plan/v1","bindings":[]}` + "\n"

func plan(authors ...string) approval.Plan {
	return approval.Plan{Text: []byte(planText), ValidUntil: until, Authors: authors}
}

// newSigner makes a key and its line in allowed_signers.
func newSigner(t testing.TB, key any) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ed(t testing.TB) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newSigner(t, key)
}

func public(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

func sign(t testing.TB, s ssh.Signer, text, namespace string) []byte {
	t.Helper()
	sig, err := sshsig.Sign(strings.NewReader(text), s, sshsig.HashSHA512, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return sshsig.Armor(sig)
}

func signers(t testing.TB, lines ...string) *approval.Signers {
	t.Helper()
	s, err := approval.ReadSigners([]byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSSH(t *testing.T) {
	alice, bob, mallory := ed(t), ed(t), ed(t)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ec, rs := newSigner(t, ecKey), newSigner(t, rsaKey)
	good := sign(t, alice, planText, approval.Namespace)
	ns := `namespaces="bindgate.plan/v1" `
	certificate := func() []byte {
		cert := &ssh.Certificate{Key: alice.PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity, ValidPrincipals: []string{"alice"}}
		if err := cert.SignCert(rand.Reader, bob); err != nil {
			t.Fatal(err)
		}
		s, err := ssh.NewCertSigner(cert, alice)
		if err != nil {
			t.Fatal(err)
		}
		return sign(t, s, planText, approval.Namespace)
	}()
	sha1, err := rs.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, signedData(planText), ssh.KeyAlgoRSA)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		lines, revoked string
		files          [][]byte
		plan           approval.Plan
		by             string // of the approvals, with their ends; or
		want           string // the error's words
	}{
		"a key":         {lines: "alice@demo.com " + ns + public(alice), files: [][]byte{good}, by: "alice@demo.com 24h0m0s"},
		"any namespace": {lines: "alice " + public(alice), files: [][]byte{good}, by: "alice 24h0m0s"},
		"a pattern":     {lines: `alice namespaces="git,bindgate.*" ` + public(alice), files: [][]byte{good}, by: "alice 24h0m0s"},
		"ECDSA and RSA": {lines: "ec " + public(ec) + "\nrs " + public(rs), files: [][]byte{sign(t, ec, planText, approval.Namespace), sign(t, rs, planText, approval.Namespace)}, by: "ec 24h0m0s, rs 24h0m0s"},
		"two people":    {lines: "bob " + public(bob) + "\nalice " + public(alice), files: [][]byte{good, sign(t, bob, planText, approval.Namespace)}, by: "alice 24h0m0s, bob 24h0m0s"},
		"one key twice": {lines: "alice " + public(alice), files: [][]byte{good, good}, by: "alice 24h0m0s"},
		"one person, two keys": {lines: "alice " + public(alice) + "\nAlice,al " + public(bob), files: [][]byte{good, sign(t, bob, planText, approval.Namespace)},
			by: "alice 24h0m0s"},
		"a key that ends":    {lines: `alice valid-before="20261128180000Z" ` + public(alice), files: [][]byte{good}, by: "alice 6h0m0s"},
		"a touched key":      {lines: "sk " + skPublic(t), files: [][]byte{skSign(t, 1)}, by: "sk 24h0m0s"},
		"no approval":        {lines: "alice " + public(alice), by: ""},
		"another plan":       {lines: "alice " + public(alice), files: [][]byte{sign(t, alice, planText+" ", approval.Namespace)}, want: "it was made for another plan, or the plan was changed"},
		"a changed byte":     {lines: "alice " + public(alice), files: [][]byte{good}, plan: approval.Plan{Text: bytes.Replace([]byte(planText), []byte("[]"), []byte("{}"), 1), ValidUntil: until}, want: "or the plan was changed"},
		"another namespace":  {lines: "alice " + public(alice), files: [][]byte{sign(t, alice, planText, "git")}, want: `it is in the namespace "git", want "bindgate.plan/v1"`},
		"not for plans":      {lines: `alice namespaces="git,file" ` + public(alice), files: [][]byte{good}, want: "line 1 of allowed_signers does not let the key sign in the namespace"},
		"excluded":           {lines: `alice namespaces="*,!bindgate.*" ` + public(alice), files: [][]byte{good}, want: "does not let the key sign"},
		"a stranger":         {lines: "alice " + public(alice), files: [][]byte{sign(t, mallory, planText, approval.Namespace)}, want: "the key is not in allowed_signers"},
		"an expired signer":  {lines: `alice valid-before="20261128Z" ` + public(alice), files: [][]byte{good}, want: "the key was valid until 2026-11-28T00:00:00Z"},
		"a signer too early": {lines: `alice valid-after="202611290000Z" ` + public(alice), files: [][]byte{good}, want: "the key is not valid before 2026-11-29T00:00:00Z"},
		"a revoked signer":   {lines: "alice " + public(alice), revoked: "# left\n" + public(alice), files: [][]byte{good}, want: "the key is revoked"},
		"the author":         {lines: "alice@demo.com,alice " + public(alice), files: [][]byte{good}, plan: plan("ALICE"), want: `it is by "alice@demo.com", who made the plan or applies it ("ALICE")`},
		"the author, by a name on the line of another key": {lines: "alice@demo.com,alice " + public(bob) + "\nAlice@demo.com,al " + public(alice), files: [][]byte{good}, plan: plan("alice"), want: "who made the plan or applies it"},
		"another author":   {lines: "alice " + public(alice), files: [][]byte{good}, plan: plan("bob"), by: "alice 24h0m0s"},
		"an expired plan":  {lines: "alice " + public(alice), files: [][]byte{good}, plan: approval.Plan{Text: []byte(planText), ValidUntil: now}, want: "the plan was valid until"},
		"SHA-1":            {lines: "rs " + public(rs), files: [][]byte{armored(rs.PublicKey(), sha1)}, want: `invalid signature format "ssh-rsa"`},
		"an untouched key": {lines: "sk " + skPublic(t), files: [][]byte{skSign(t, 0)}, want: "a security key that was not touched"},
		"a verified key":   {lines: "sk " + skPublic(t), files: [][]byte{skSign(t, 4)}, want: "a security key that was not touched"},
		"a certificate":    {lines: "alice " + public(alice), files: [][]byte{certificate}, want: "it was made with an SSH certificate"},
		"two blocks":       {lines: "alice " + public(alice), files: [][]byte{append(bytes.Clone(good), good...)}, want: "and nothing else"},
		"no signature":     {lines: "alice " + public(alice), files: [][]byte{[]byte("-----BEGIN SSH SIGNATURE-----\n")}, want: "want one block"},
		"no service":       {lines: "alice " + public(alice), files: [][]byte{[]byte("a.b.c")}, want: "approvals.services"},
		"too long":         {lines: "alice " + public(alice), files: [][]byte{make([]byte, approval.MaxSize+1)}, want: "more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			trust := approval.Trust{Signers: signers(t, tc.lines)}
			if err := trust.Signers.Revoke([]byte(tc.revoked)); err != nil {
				t.Fatal(err)
			}
			if tc.plan.Text == nil {
				tc.plan = plan()
			}
			check(t, trust, tc.plan, tc.files, tc.by, tc.want)
		})
	}
}

// check verifies files and compares the approvals or the error message.
func check(t *testing.T, trust approval.Trust, p approval.Plan, texts [][]byte, by, want string) {
	t.Helper()
	var files []approval.File
	for i, text := range texts {
		files = append(files, approval.File{Name: fmt.Sprintf("file%d", i), Text: text})
	}
	got, err := trust.Verify(p, files, now)
	if want != "" {
		if err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Fatalf("got %+v and the error %v, want one with %q", got, err, want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range got {
		list = append(list, fmt.Sprintf("%s %s", a.By, a.Expires.Sub(now)))
	}
	if diff := cmp.Diff(strings.Join(list, ", "), by); diff != "" || got == nil {
		t.Errorf("approvals (-got +want):\n%s", diff)
	}
}

// signedData is what a key signs (PROTOCOL.sshsig).
func signedData(text string) []byte {
	sum := sha512.Sum512([]byte(text))
	return append([]byte("SSHSIG"), ssh.Marshal(struct{ Namespace, Reserved, Hash, Digest string }{approval.Namespace, "", "sha512", string(sum[:])})...)
}

func armored(key ssh.PublicKey, sig *ssh.Signature) []byte {
	return sshsig.Armor(&sshsig.Signature{Version: 1, PublicKey: key, Namespace: approval.Namespace, HashAlgorithm: sshsig.HashSHA512, Signature: sig})
}

var skSeed = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func skKey(t testing.TB) ssh.PublicKey {
	t.Helper()
	wire := ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, skSeed.Public().(ed25519.PublicKey), "ssh:"})
	key, err := ssh.ParsePublicKey(wire)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func skPublic(t testing.TB) string {
	t.Helper()
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(skKey(t))))
}

// skSign signs as a security key does (PROTOCOL.u2f), with these flags.
func skSign(t testing.TB, flags byte) []byte {
	t.Helper()
	application, message := sha256.Sum256([]byte("ssh:")), sha256.Sum256(signedData(planText))
	rest := append([]byte{flags}, binary.BigEndian.AppendUint32(nil, 1)...)
	signed := append(append(application[:], rest...), message[:]...)
	return armored(skKey(t), &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(skSeed, signed), Rest: rest})
}

func TestReadSignersRefuses(t *testing.T) {
	a, b := public(ed(t)), public(ed(t))
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	for line, want := range map[string]string{
		"":                                   "it names no signer",
		"# alice " + a:                       "it names no signer",
		"*@demo.com " + a:                    `line 1: the name "*@demo.com" is empty or a pattern`,
		"alice,!bob " + a:                    "is empty or a pattern",
		"alice,,bob " + a:                    "is empty or a pattern",
		`"alice ` + a:                        "the quotation mark of the names is not closed",
		"alice cert-authority " + a:          "cert-authority is not supported",
		"alice no-touch-required " + a:       `unknown option "no-touch-required"`,
		"alice namespaces=git " + a:          "namespaces is not understood",
		`alice namespaces="git,," ` + a:      "namespaces is not understood",
		`alice valid-before="20261231" ` + a: "want a time in UTC",
		`alice valid-before=20261231Z ` + a:  "want a time in UTC",
		`alice valid-before="2026Z" ` + a:    "want a time in UTC",
		`alice valid-after="20261231Z",valid-before="20261231Z" ` + a: "never valid",
		`alice namespaces="git",namespaces="bindgate.plan/v1" ` + a:   `the option "namespaces" is given twice`,
		"alice " + a + "\n\nbob " + a:                                 `line 3: line 1 has the same key under another name: "bob" and "alice"`,
		"alice,team " + a + "\nbob,TEAM " + b:                         `line 2: the name "TEAM" is also on line 1`,
		"alice " + public(newSigner(t, small)):                        "the RSA key has fewer than 2048 bits",
		a:                                                             "the line contains no valid public key",
		"alice ssh-ed25519 AAAA":                                      "the line contains no valid public key",
		"alice ssh-rsa " + strings.Fields(a)[1]:                       "the line contains no valid public key",
		"alice\x1b[2J " + a:                                           "not printable",
		"\u0430lice " + a:                                             `line 1: the name "\u0430lice" has a character that is not printable ASCII`,
		"alice " + a + "\nbob,alic\u0435 " + b:                        `line 2: the name "alic\u0435" has a character`,
		"alice\u00a0,al " + a:                                         `the name "alice\u00a0" has a character`,
		"\u212aim " + a:                                               `the name "\u212aim" has a character`,
	} {
		if _, err := approval.ReadSigners([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q:\n got %v\nwant %s", line, err, want)
		}
	}
	s := signers(t, "alice "+a)
	for text, want := range map[string]string{"SSHKRL\n\x00": "binary key revocation list", "alice " + a: "line 1: want a public key", "x": "line 1: want a public key"} {
		if err := s.Revoke([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("revoked %q: got %v, want %s", text, err, want)
		}
	}
}

// service makes the tokens of a service.
type service struct {
	key    ed25519.PrivateKey
	issuer token.Issuer
}

func newService(t testing.TB, name string) service {
	t.Helper()
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	one, err := jwk.Import(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Set(jwk.KeyIDKey, "k1"); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(map[string]any{"keys": []any{one}})
	keys, err := token.ReadKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return service{key, token.Issuer{Name: name, Audience: approval.Audience, Keys: keys}}
}

func (s service) token(t testing.TB, change map[string]any) []byte {
	t.Helper()
	claims := map[string]any{"iss": s.issuer.Name, "aud": approval.Audience, "sub": "bob", "jti": "1", "plan": approval.Digest([]byte(planText)),
		"exp": now.Add(time.Hour).Unix()}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	payload, _ := json.Marshal(claims)
	head := jws.NewHeaders()
	if err := head.Set(jws.KeyIDKey, "k1"); err != nil {
		t.Fatal(err)
	}
	out, err := jws.Sign(payload, jws.WithKey(jwa.EdDSA(), s.key, jws.WithProtectedHeaders(head)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestJWT(t *testing.T) {
	alice, s := ed(t), newService(t, "https://approve.demo.com")
	trust := approval.Trust{Signers: signers(t, "alice@demo.com,al "+public(alice), "alice@demo.com,alice-ci "+public(ed(t))), Services: []token.Issuer{s.issuer}}
	ssh := sign(t, alice, planText, approval.Namespace)
	for name, tc := range map[string]struct {
		files    [][]byte
		plan     approval.Plan
		by, want string
	}{
		"a token":                 {files: [][]byte{s.token(t, nil)}, by: "bob 1h0m0s"},
		"both kinds":              {files: [][]byte{s.token(t, nil), ssh}, by: "alice@demo.com 24h0m0s, bob 1h0m0s"},
		"one person, by both":     {files: [][]byte{s.token(t, map[string]any{"sub": "AL"}), ssh}, by: "alice@demo.com 24h0m0s"},
		"longer than the plan":    {files: [][]byte{s.token(t, map[string]any{"exp": until.Add(time.Hour).Unix()})}, by: "bob 24h0m0s"},
		"two people":              {files: [][]byte{s.token(t, nil), s.token(t, map[string]any{"sub": "eve", "jti": "2"})}, by: "bob 1h0m0s, eve 1h0m0s"},
		"one token twice":         {files: [][]byte{s.token(t, nil), s.token(t, nil)}, want: `it has the jti of the approval "file0"`},
		"another plan":            {files: [][]byte{s.token(t, map[string]any{"plan": approval.Digest(nil)})}, want: "it approves the plan"},
		"no plan":                 {files: [][]byte{s.token(t, map[string]any{"plan": nil})}, want: "it approves the plan"},
		"another audience":        {files: [][]byte{s.token(t, map[string]any{"aud": "other"})}, want: `its audience is not "bindgate"`},
		"expired":                 {files: [][]byte{s.token(t, map[string]any{"exp": now.Unix()})}, want: "it expired at"},
		"for ever":                {files: [][]byte{s.token(t, map[string]any{"exp": nil})}, want: "it has no exp"},
		"no id":                   {files: [][]byte{s.token(t, map[string]any{"jti": nil})}, want: "it has no jti"},
		"nobody":                  {files: [][]byte{s.token(t, map[string]any{"sub": nil})}, want: "it has no sub"},
		"a name that looks alike": {files: [][]byte{s.token(t, nil), s.token(t, map[string]any{"sub": "b\u043eb", "jti": "2"})}, want: `reading its sub: the name "b\u043eb" has a character that is not printable ASCII`},
		"a space at the end":      {files: [][]byte{s.token(t, map[string]any{"sub": "bob "})}, want: "or a space at an end"},
		"the same in capitals":    {files: [][]byte{s.token(t, nil), s.token(t, map[string]any{"sub": "BOB", "jti": "2"})}, by: "bob 1h0m0s"},
		"another issuer":          {files: [][]byte{newService(t, "https://evil.demo.com").token(t, nil)}, want: "is not one that the owner's file names"},
		"another key":             {files: [][]byte{newService(t, "https://approve.demo.com").token(t, nil)}, want: "its signature does not verify"},
		"the author":              {files: [][]byte{s.token(t, nil)}, plan: plan("Bob"), want: "who made the plan"},
		"the author's other name": {files: [][]byte{s.token(t, map[string]any{"sub": "al"})}, plan: plan("alice@demo.com"), want: "who made the plan"},
		"and that of another key": {files: [][]byte{s.token(t, map[string]any{"sub": "al"})}, plan: plan("alice-ci"), want: "who made the plan"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.plan.Text == nil {
				tc.plan = plan()
			}
			check(t, trust, tc.plan, tc.files, tc.by, tc.want)
		})
	}
}

// bindgate verifies signatures by OpenSSH, and OpenSSH reads every allowed_signers that
// bindgate reads.
func TestRealSSHKeygen(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		if os.Getenv("BINDGATE_TEST_SSH") != "" {
			t.Fatal("ssh-keygen is not installed")
		}
		t.Skip("ssh-keygen is not installed")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "plan.json")
	if err := os.WriteFile(path, []byte(planText), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) error {
		c := exec.CommandContext(t.Context(), keygen, args...)
		c.Stdin = strings.NewReader(stdin)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("ssh-keygen %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	for _, kind := range [][]string{{"ed25519"}, {"ecdsa", "-b", "256"}, {"ecdsa", "-b", "521"}, {"rsa", "-b", "2048"}} {
		key := filepath.Join(dir, strings.Join(kind, ""))
		if err := run("", append([]string{"-q", "-N", "", "-C", "a comment", "-f", key, "-t"}, kind...)...); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path + ".sig")
		if err := run("", "-q", "-Y", "sign", "-n", approval.Namespace, "-f", key, path); err != nil {
			t.Fatal(err)
		}
		sig, err := os.ReadFile(path + ".sig")
		if err != nil {
			t.Fatal(err)
		}
		pub, err := os.ReadFile(key + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		line := `alice@demo.com namespaces="bindgate.*",valid-after="20200101Z" ` + string(pub)
		allowed := filepath.Join(dir, "allowed_signers")
		if err := os.WriteFile(allowed, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, approval.Trust{Signers: signers(t, line)}, plan(), [][]byte{sig}, "alice@demo.com 24h0m0s", "")
		if err := run(planText, "-q", "-Y", "verify", "-n", approval.Namespace, "-f", allowed, "-I", "alice@demo.com", "-s", path+".sig"); err != nil {
			t.Error(err)
		}
		check(t, approval.Trust{Signers: signers(t, line)}, approval.Plan{Text: []byte(planText + "\n"), ValidUntil: until}, [][]byte{sig}, "", "or the plan was changed")
	}
}

// FuzzSigners tests that the reader of allowed_signers never panics, and that its result
// accepts no signature of a key that is not in the file.
func FuzzSigners(f *testing.F) {
	alice, mallory := ed(f), ed(f)
	foreign := sign(f, mallory, planText, approval.Namespace)
	for _, line := range []string{"alice " + public(alice), `"a b,c" namespaces="x,*",valid-after="20200101Z",valid-before="20300101Z" ` + public(alice) + " comment", "# c\n\nx cert-authority " + public(alice), "sk " + skPublic(f)} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := approval.ReadSigners(text)
		if err != nil {
			if s != nil {
				t.Errorf("got signers with the error %v", err)
			}
			return
		}
		_ = s.Revoke(text)
		if bytes.Contains(text, []byte(strings.Fields(public(mallory))[1])) {
			return
		}
		if got, err := (approval.Trust{Signers: s}).Verify(plan(), []approval.File{{Name: "f", Text: foreign}}, now); err == nil {
			t.Errorf("%q approves by a key that is not on it: %+v", text, got)
		}
	})
}

// FuzzApproval tests that only the signatures made in the test approve.
func FuzzApproval(f *testing.F) {
	key := newSigner(f, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	trust := approval.Trust{Signers: signers(f, "alice "+public(key), "sk "+skPublic(f))}
	service := newService(f, "https://approve.demo.com")
	trust.Services = []token.Issuer{service.issuer}
	real := [][]byte{sign(f, key, planText, approval.Namespace), skSign(f, 1), service.token(f, nil)}
	for _, text := range real {
		f.Add(text, planText)
		f.Add(text, planText+" ")
	}
	f.Fuzz(func(t *testing.T, text []byte, saved string) {
		got, err := trust.Verify(approval.Plan{Text: []byte(saved), ValidUntil: until}, []approval.File{{Name: "f", Text: text}}, now)
		switch {
		case err != nil:
			if len(got) > 0 {
				t.Errorf("got approvals with the error %v", err)
			}
		case saved != planText || len(got) != 1:
			t.Errorf("%q is approved by %+v", saved, got)
		case got[0].Kind != evidence.ApprovalSSH && got[0].Kind != evidence.ApprovalJWT || got[0].Expires.After(until):
			t.Errorf("got %+v", got[0])
		}
	})
}
