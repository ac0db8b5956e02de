package certificate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/checktest"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

func TestFixtures(t *testing.T) { checktest.Run(t, All(), checktest.WithLoader(load)) }

// load lets the real collector observe files of testdata/certificates:
// certificate, key, env (a file whose text is the variable's value), passphrase,
// and roots (roots.pem unless another is named).
func load(t *testing.T, files map[string]string, b binding.Binding) (
	evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key],
) {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "certificates"))
	if err != nil {
		t.Fatal(err)
	}
	confined, err := confine.New([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{}
	b.Source.File = ""
	b.Certificate = &binding.Certificate{Body: files["certificate"]}
	if files["key"] != "" {
		b.Certificate.PrivateKey = &binding.SecretRef{File: files["key"]}
	}
	if files["env"] != "" {
		b.Certificate.PrivateKey = &binding.SecretRef{Env: "BINDGATE_KEY"}
		value, err := os.ReadFile(filepath.Join(dir, files["env"]))
		if err != nil {
			t.Fatal(err)
		}
		environment["BINDGATE_KEY"] = string(value)
	}
	if passphrase, ok := files["passphrase"]; ok {
		b.Certificate.PrivateKey.PassphraseEnv = "BINDGATE_PASSPHRASE"
		environment["BINDGATE_PASSPHRASE"] = passphrase
	}
	roots := "roots.pem"
	if files["roots"] != "" {
		roots = files["roots"]
	}
	c, err := collector.New(collector.Config{
		Files: confined, Dir: dir, Roots: roots, Now: pkitest.Now,
		LookupEnv: func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Collect(t.Context(), b)
}
