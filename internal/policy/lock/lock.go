// Package lock writes the digests of policies into the owner's file. It shows what a
// new digest changes, and asks for the signature of somebody whom the file names.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/bindgate/bindgate/internal/approval"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/policy/registry"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// ErrUnsigned is the error of a digest that is not written for want of a signature.
var ErrUnsigned = errors.New("a new digest is not written without a valid signature")

// Options say what is locked.
type Options struct {
	Dir       string // where relative paths start
	Config    string // the owner's file; empty: the digest of Reference is printed
	Reference string // the entry, perhaps with a new tag or digest; empty: every entry
	Print     bool   // write nothing
	Signature string // file with a signature of ssh-keygen over the new digest; may be empty

	Now func() time.Time

	Policies func(config.Config) (policy.Options, *registry.Client, error) // how the owner's policies are read
	To       io.Writer                                                     // differences and new references
	Escape   func(string) string                                           // of what is written
}

// Lock compares the digests of the owner's file with what its policies are now, and
// writes those that changed.
func Lock(ctx context.Context, o Options) error {
	l := locking{Options: o}
	return l.do(ctx)
}

type locking struct {
	Options
	owner  config.Config
	text   []byte // of the owner's file; it is changed entry by entry
	client *registry.Client
	o      policy.Options
}

func (l *locking) do(ctx context.Context) (err error) {
	var asked bundle.Ref
	if l.Reference != "" {
		if asked, err = bundle.ParseRef(l.Reference); err != nil {
			return fmt.Errorf("reading arguments: %w", err)
		}
	}
	if l.Config == "" {
		if l.Reference == "" {
			return errors.New("reading arguments: got no --config and no reference, want --config FILE, or one of them: PATH or oci://registry/repository:tag")
		}
		if l.o, l.client, err = l.Policies(l.owner); err != nil {
			return err
		}
		now, _, err := l.current(ctx, asked)
		if err != nil {
			return err
		}
		return l.say(now.String())
	}
	path := confine.Absolute(l.Dir, l.Config)
	if l.text, err = confine.ReadBounded(path, strictyaml.MaxTree); err != nil {
		return fmt.Errorf("reading --config: %w", err)
	}
	if l.owner, err = config.ParseOwner(path, l.text); err != nil {
		return err
	}
	if l.o, l.client, err = l.Policies(l.owner); err != nil {
		return err
	}
	entries, err := l.entries(asked, l.Reference != "")
	if err != nil {
		return err
	}
	before := string(l.text)
	var unsigned error
	for _, e := range entries {
		err := l.entry(ctx, e)
		if errors.Is(err, ErrUnsigned) {
			unsigned = errors.Join(unsigned, err)
		} else if err != nil {
			return err
		}
	}
	if unsigned != nil || string(l.text) == before || l.Print {
		return unsigned
	}
	if err := l.loads(ctx); err != nil {
		return err
	}
	return confine.WriteFile(l.Dir, l.Config, l.text, 0o666)
}

// loads fails if the policies of the changed file do not load. Those of a registry
// that have no digest yet are left out, and the data with them, which may be theirs.
func (l *locking) loads(ctx context.Context) error {
	owner, err := config.ParseOwner(confine.Absolute(l.Dir, l.Config), l.text)
	if err != nil {
		return err
	}
	o, whole := l.o, true
	for _, p := range owner.Policies {
		if p.Ref.OCI() && p.Ref.Digest == "" {
			whole = false
			continue
		}
		o.Dirs = append(o.Dirs, p.Ref.String())
	}
	for _, s := range owner.Settings {
		if s.Key == "data" && whole {
			o.Data = s.Values
		}
	}
	_, err = policy.Load(ctx, o)
	return err
}

// lockEntry is one policy of the owner's file, and what it is to become.
type lockEntry struct {
	config.Policy
	index int // in the file
	next  bundle.Ref
}

// entries are the policies to look at: the one that is asked for, or all that have
// a tag or a digest.
func (l *locking) entries(asked bundle.Ref, one bool) (out []lockEntry, err error) {
	var names []string
	typed := asked
	if one && !asked.OCI() {
		asked.Path = confine.Absolute(l.Dir, asked.Path)
	}
	for i, p := range l.owner.Policies {
		next := p.Ref
		names = append(names, p.Text)
		switch {
		case one && p.Ref.Same(asked):
			if next = asked; next.Tag == "" && next.Digest == "" {
				next.Tag = p.Ref.Tag
			}
		case one:
			continue
		case p.Ref.OCI() && p.Ref.Tag == "":
			continue // a digest alone never moves
		case !p.Ref.OCI() && p.Ref.Digest == "":
			continue // its owner wants no lock
		default:
			next.Digest = ""
		}
		out = append(out, lockEntry{p, i, next})
	}
	switch {
	case len(out) > 0 || !one && len(names) > 0:
		return out, nil
	case one:
		return nil, fmt.Errorf("reading %q: its key policy does not name %s, want one of %q; add an entry first", l.Config, typed, names)
	}
	return nil, fmt.Errorf("reading %q: its key policy names nothing to lock", l.Config)
}

// current returns the reference with the digest that it has now, and its content.
func (l *locking) current(ctx context.Context, ref bundle.Ref) (bundle.Ref, policy.Contents, error) {
	want := ref.Digest
	if ref.OCI() && ref.Digest == "" {
		if ref.Tag == "" {
			return ref, policy.Contents{}, fmt.Errorf("reading arguments: %q has neither tag nor digest; write oci://registry/repository:tag", ref)
		}
		digest, err := l.client.Resolve(ctx, ref)
		if err != nil {
			return ref, policy.Contents{}, err
		}
		ref.Digest = digest
	}
	c, err := policy.Open(ctx, l.o, ref)
	if err != nil {
		return ref, c, err
	}
	if want != "" && c.Digest != want {
		return ref, c, fmt.Errorf("reading %q: its digest is %s, not the one of the argument", ref.Path, c.Digest)
	}
	ref.Digest = c.Digest
	return ref, c, nil
}

// entry locks one policy. The error wraps ErrUnsigned if a signature is missing.
func (l *locking) entry(ctx context.Context, e lockEntry) error {
	now, content, err := l.current(ctx, e.next)
	if err != nil {
		return err
	}
	written := now // as the file has it: a relative path stays one
	if !now.OCI() {
		old, err := bundle.ParseRef(e.Text)
		if err != nil {
			return err
		}
		written.Path = old.Path
	}
	if len(content.Files) == 0 {
		return fmt.Errorf("locking %s: it holds no policy", written)
	}
	if now.String() == e.Ref.String() {
		return l.say("unchanged " + written.String())
	}
	if e.Ref.Digest != now.Digest {
		if err := l.show(ctx, e.Ref, content); err != nil {
			return err
		}
	}
	if l.Print {
		return l.say("new " + written.String())
	}
	if e.Ref.Digest != now.Digest {
		by, err := l.signed(content, e.Ref.Digest != "")
		if err != nil {
			return fmt.Errorf("locking %s: %w: %w", written, ErrUnsigned, err)
		}
		if by != "" {
			if err := l.say(by); err != nil {
				return err
			}
		}
	}
	owner, err := config.ParseOwner(confine.Absolute(l.Dir, l.Config), l.text) // an entry before it on its line may have moved it
	if err != nil {
		return err
	}
	if l.text, err = config.Relock(l.owner.Path, l.text, owner.Policies[e.index], written.String()); err != nil {
		return err
	}
	for _, data := range [][]byte{content.Archive, content.Files[0].Text} { // the next lock shows what changes
		if bundle.Digest(data) == content.Digest { // the second is that of a file alone
			l.client.Keep(data)
		}
	}
	return l.say("locked " + written.String())
}

// show prints the difference of the files under the old digest and the new one.
func (l *locking) show(ctx context.Context, old bundle.Ref, content policy.Contents) error {
	before := map[string][]byte{}
	if old.Digest != "" {
		was, err := l.before(ctx, old)
		if err != nil {
			if err := l.say(fmt.Sprintf("the content of %s is not there any more, so that every file is shown as new: %v", old.Digest, err)); err != nil {
				return err
			}
		}
		for _, f := range was {
			before[f.Name] = f.Text
		}
	}
	var b strings.Builder
	difference := func(name string, was, is []byte) {
		for line := range strings.Lines(string(diff.Diff("old/"+name, was, "new/"+name, is))) {
			b.WriteString(l.Escape(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
	for _, f := range content.Files {
		difference(f.Name, before[f.Name], f.Text)
		delete(before, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		difference(name, before[name], nil)
	}
	if b.Len() == 0 {
		b.WriteString("no policy, test or data differs; only the packing does\n")
	}
	if _, err := io.WriteString(l.To, b.String()); err != nil {
		return fmt.Errorf("printing the difference: %w", err)
	}
	return nil
}

// before returns the files under the old digest: of the registry, or of the cache
// that an earlier lock filled.
func (l *locking) before(ctx context.Context, old bundle.Ref) ([]bundle.File, error) {
	if old.OCI() {
		c, err := policy.Open(ctx, l.o, old)
		return c.Files, err
	}
	archive, ok := l.client.Kept(old.Digest)
	if !ok {
		return nil, errors.New("the cache does not hold it")
	}
	if strings.HasSuffix(old.Path, ".rego") {
		return []bundle.File{{Name: filepath.Base(old.Path), Text: archive}}, nil
	}
	b, err := bundle.Read(archive)
	return b.Files, err
}

// namespace is that of SSH signatures over a digest of policies.
const namespace = "bindgate.policy/v1"

// signed verifies the signature of a new digest and says whose it is. Without any
// signer in the owner's file, a first digest needs none.
func (l *locking) signed(content policy.Contents, moved bool) (string, error) {
	s := l.owner.PolicySigners
	if none := len(s.Bundle) == 0 && s.AllowedSigners == ""; none && !moved && l.Signature == "" {
		return "", nil
	} else if none {
		return "", errors.New("the owner's file names no policySigners who could sign; name some, or write the digest into the file yourself after reading the difference")
	}
	if l.Signature != "" {
		return l.signedBySSH(content.Digest)
	}
	how := fmt.Sprintf("sign it: echo %s | ssh-keygen -Y sign -n %s -f KEY >digest.sig, and lock again with --signature digest.sig", content.Digest, namespace)
	switch {
	case len(s.Bundle) == 0:
		return "", errors.New(how)
	case content.Bundle == nil:
		return "", errors.New("a folder or file has no signature of its own; build and sign a bundle")
	}
	err := content.Bundle.Verify(s.Bundle)
	if err == nil {
		return "signed by a key of policySigners.bundle", nil
	}
	if s.AllowedSigners == "" {
		how = "sign the bundle with `opa sign`, and push or copy it again"
	}
	return "", fmt.Errorf("%w; %s", err, how)
}

// signedBySSH verifies the signature over the line with the digest.
func (l *locking) signedBySSH(digest string) (string, error) {
	s := l.owner.PolicySigners
	if s.AllowedSigners == "" {
		return "", errors.New("--signature is an SSH signature, and the owner's file names no policySigners.allowedSigners")
	}
	text, err := confine.ReadBounded(s.AllowedSigners, approval.MaxSignersSize)
	if err != nil {
		return "", fmt.Errorf("reading policySigners.allowedSigners: %w", err)
	}
	signers, err := approval.ReadSigners(text)
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", s.AllowedSigners, err)
	}
	if s.RevokedSigners != "" {
		if text, err = confine.ReadBounded(s.RevokedSigners, approval.MaxSignersSize); err == nil {
			err = signers.Revoke(text)
		}
		if err != nil {
			return "", fmt.Errorf("reading policySigners.revokedSigners: %w", err)
		}
	}
	signature, err := confine.ReadBounded(confine.Absolute(l.Dir, l.Signature), approval.MaxSize)
	if err != nil {
		return "", fmt.Errorf("reading --signature: %w", err)
	}
	name, key, err := signers.Verify(approval.Purpose{Namespace: namespace, What: "digest", File: "FILE"}, []byte(digest+"\n"), signature, l.Now())
	if err != nil {
		return "", fmt.Errorf("verifying --signature: %w", err)
	}
	return fmt.Sprintf("signed by %s (%s)", name, key), nil
}

// say writes one line.
func (l *locking) say(line string) error {
	if _, err := io.WriteString(l.To, l.Escape(line)+"\n"); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
