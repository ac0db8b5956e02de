package certificate

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki"
)

// errNoKey: the binding names no key and its certificate file contains none.
var errNoKey = errors.New("no private key was given")

// body is a certificate file: its bytes, and its certificates or its problem.
type body struct {
	path         string // absolute
	bytes        []byte
	certificates pki.Certificates
	problem      *pki.Problem
}

// chainPEM returns the chain as sent.
func (b body) chainPEM() []byte {
	ders := make([][]byte, 0, len(b.certificates.List))
	for _, one := range b.certificates.List {
		ders = append(ders, one.Raw)
	}
	return pki.CanonicalChain(ders)
}

// body reads the certificate file. It fails only if the machine does.
func (c *Collector) body(b binding.Binding) (body, error) {
	file, problem, err := c.read(b, b.Certificate.Body)
	if err != nil || problem != nil {
		return body{problem: problem}, err
	}
	passphrase, noPassphrase := c.passphrase(b)
	certificates, problem := pki.ParseCertificates(file.Bytes, passphrase)
	problem = c.ofPassphrase(b, passphrase, problem)
	if problem != nil && problem.Kind == pki.KindEncrypted && noPassphrase != nil {
		problem = noPassphrase
	}
	return body{path: file.Path, bytes: file.Bytes, certificates: certificates, problem: problem}, nil
}

// clientBody reads the CA of client certificates. It fails only if the machine does.
func (c *Collector) clientBody(b binding.Binding) (body, error) {
	file, problem, err := c.read(b, b.ClientCertificate.CA)
	if err != nil || problem != nil {
		return body{problem: problem}, err
	}
	certificates, problem := pki.ParseCertificates(file.Bytes, "")
	return body{path: file.Path, bytes: file.Bytes, certificates: certificates, problem: problem}, nil
}

// keyFile is a private key, or its problem, and its file.
type keyFile struct {
	key     *pki.PrivateKey
	problem *pki.Problem
	path    string // absolute; "" for a variable, or if no file was read
}

// key reads the private key that the binding names, or uses the one of a
// PKCS#12 body if it names none.
func (c *Collector) key(b binding.Binding, body body) (keyFile, error) {
	ref := b.Certificate.PrivateKey
	if ref == nil {
		if body.certificates.Key == nil {
			return keyFile{}, errNoKey
		}
		return keyFile{key: body.certificates.Key, path: body.path}, nil
	}
	passphrase, problem := c.passphrase(b)
	if problem != nil {
		return keyFile{problem: problem}, nil
	}
	if ref.Env != "" {
		value, ok := c.config.LookupEnv(ref.Env)
		if !ok {
			return keyFile{problem: notSet("must contain the private key", ref.Env, "export "+ref.Env+"=\"$(cat KEY)\"")}, nil
		}
		key, problem := pki.ParsePrivateKey([]byte(value), passphrase)
		return keyFile{key: key, problem: ofVariable(ref.Env, c.ofPassphrase(b, passphrase, problem))}, nil
	}
	file, problem, err := c.read(b, ref.File)
	if err != nil || problem != nil {
		return keyFile{problem: problem}, err
	}
	key, problem := pki.ParsePrivateKey(file.Bytes, passphrase)
	return keyFile{key: key, problem: c.ofPassphrase(b, passphrase, problem), path: file.Path}, nil
}

// ofVariable adapts the message about a file to a variable: CI systems pass no
// secrets to pull requests of forks, and GitLab's variables of type File
// contain the path of a file.
func ofVariable(name string, problem *pki.Problem) *pki.Problem {
	switch {
	case problem == nil:
		return nil
	case problem.Kind == "empty":
		return &pki.Problem{Kind: "empty", Message: fmt.Sprintf("is empty: the environment variable %s has an empty value", name),
			Fix: fmt.Sprintf("fill the secret %s, and check its scope: CI systems pass no secrets to pull requests of forks or to unprotected branches; run lint without the key there", name)}
	case problem.Kind == "path":
		return &pki.Problem{Kind: "path", Message: fmt.Sprintf("is a path: the environment variable %s contains the name of a file, as GitLab's variables of type File do, want the text of the key", name),
			Fix: fmt.Sprintf("name the file: --private-key \"$%s\"; or in a manifest pass its text in another variable: export BINDGATE_KEY=\"$(cat \"$%s\")\"", name, name)}
	}
	return problem
}

// ofPassphrase describes a wrong passphrase without showing it.
func (c *Collector) ofPassphrase(b binding.Binding, passphrase string, problem *pki.Problem) *pki.Problem {
	ref := b.Certificate.PrivateKey
	if problem == nil || ref == nil || ref.PassphraseEnv == "" || problem.Kind != pki.KindEncrypted && problem.Kind != pki.KindPassphrase {
		return problem
	}
	reported := *problem
	switch {
	case passphrase == "":
		reported.Message += fmt.Sprintf(": the environment variable %s has an empty value", ref.PassphraseEnv)
		reported.Fix = fmt.Sprintf("fill the secret %s, and check its scope: CI systems pass no secrets to pull requests of forks", ref.PassphraseEnv)
	case strings.TrimSpace(passphrase) != passphrase:
		reported.Message += fmt.Sprintf("; the value of %s begins or ends with a blank or a line break", ref.PassphraseEnv)
		reported.Fix = fmt.Sprintf("remove the line break: export %s=\"$(printf %%s \"$%s\")\" drops those at the end", ref.PassphraseEnv, ref.PassphraseEnv)
	}
	return &reported
}

// passphrase returns the passphrase that the binding names, "" for none; a
// Problem if its variable is not set.
func (c *Collector) passphrase(b binding.Binding) (string, *pki.Problem) {
	ref := b.Certificate.PrivateKey
	if ref == nil || ref.PassphraseEnv == "" {
		return "", nil
	}
	value, ok := c.config.LookupEnv(ref.PassphraseEnv)
	if !ok {
		return "", notSet("must contain the passphrase", ref.PassphraseEnv, "read -rs "+ref.PassphraseEnv+" && export "+ref.PassphraseEnv)
	}
	return value, nil
}

func notSet(purpose, name, set string) *pki.Problem {
	return &pki.Problem{Kind: "no-variable",
		Message: fmt.Sprintf("cannot be read: the environment variable %s, which %s, is not set", name, purpose),
		Fix:     fmt.Sprintf("set %s where bindgate runs, from the secret store of the CI, or in a shell: %s", name, set)}
}

// read reads a file that the binding names, relative to its manifest's folder.
func (c *Collector) read(b binding.Binding, path string) (confine.File, *pki.Problem, error) {
	folder := filepath.Dir(b.Source.File) // "." for flags and standard input
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(c.config.Dir, folder)
	}
	file, err := c.config.Files.Read(folder, path, pki.MaxFileSize)
	if err == nil {
		return file, nil, nil
	}
	if problem := problemOf(err); problem != nil {
		return confine.File{}, problem, nil
	}
	return confine.File{}, nil, err
}

// problemOf returns the Problem of a read error, nil for a failure of the
// machine.
func problemOf(err error) *pki.Problem {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &pki.Problem{Kind: "missing", Message: "does not exist",
			Fix: "check the path: it is relative to the folder of the manifest, in a flag to the working directory; ls -l FILE"}
	case errors.Is(err, fs.ErrPermission):
		return &pki.Problem{Kind: "unreadable", Message: "may not be read by the user who runs bindgate",
			Fix: "allow only that user to read it: chown USER FILE && chmod 600 FILE"}
	case errors.Is(err, confine.ErrOutside):
		return &pki.Problem{Kind: "outside", Message: "leaves the allowed folders",
			Fix: "move it under the folder of the manifest, or allow its folder with --allow-path DIR; for a link, the folder of its target counts (certbot's live/ leads to archive/): readlink -f FILE"}
	case errors.Is(err, confine.ErrTooLarge):
		return &pki.Problem{Kind: "too-large", Message: fmt.Sprintf("has more than %d bytes", pki.MaxFileSize),
			Fix: "keep one server certificate with its intermediates, or one private key, per file: ls -l FILE"}
	case errors.Is(err, confine.ErrIrregular):
		return irregular(err)
	}
	return nil
}

// irregular is the Problem of a folder, a FIFO, a socket or a device.
func irregular(err error) *pki.Problem {
	message, fix := confine.ErrIrregular.Error(), "write its content to a file first: cat FILE > FILE.pem"
	if _, rest, ok := strings.Cut(err.Error(), message); ok {
		message += rest // ": got a folder, want a regular file"
	}
	switch {
	case strings.Contains(message, "folder"):
		fix = "name a file inside it: ls FILE"
	case strings.Contains(message, "submodule"):
		fix = "judge the working tree, which has the file: --changed in place of --staged"
	}
	return &pki.Problem{Kind: "irregular", Message: "is " + message, Fix: fix}
}
