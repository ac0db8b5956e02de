package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/manifest"
)

const withKey = "apiVersion: bindgate/v1\nbindings:\n- {domainName: d, groupId: g, regionId: r, certificate: {name: n, body: %s, privateKey: %s}}\n"

// repository creates a Git tree with a manifest, and secrets outside of the tree.
func repository(t *testing.T, body, key string) string {
	t.Helper()
	dir := folder(t, map[string]string{
		"repo/.git/":                "",
		"repo/certs/a.pem":          "pem",
		"repo/deploy/bindings.yaml": fmt.Sprintf(withKey, body, key),
		"keys/a.key":                "key",
		"keys/secrets.yaml":         "aws_secret: AKIA\n",
		"other/deploy.yaml":         "password: hunter2\n",
	})
	for name, target := range map[string]string{
		"repo/deploy/out":    "../../keys",
		"repo/linked.yaml":   "../keys/secrets.yaml",
		"repo/linked-folder": "../other",
		"repo/moved.yaml":    "deploy/bindings.yaml",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPathsStayUnderTheRoot holds the root rule: the folder of --config, else
// the Git top level, else the manifest's folder; and the folders of --allow-path.
func TestPathsStayUnderTheRoot(t *testing.T) {
	for name, tc := range map[string]struct {
		body, key string
		options   manifest.Options
		outside   string // the path that is refused; "" = loads
	}{
		"Git top level":           {"../certs/a.pem", "../certs/missing.key", manifest.Options{}, ""},
		"above Git":               {"../certs/a.pem", "../../keys/a.key", manifest.Options{}, "../../keys/a.key"},
		"absolute":                {"/etc/passwd", "a.key", manifest.Options{}, "/etc/passwd"},
		"a link out":              {"out/a.key", "a.key", manifest.Options{}, "out/a.key"},
		"a link out, missing":     {"out/missing", "a.key", manifest.Options{}, "out/missing"},
		"key file in a mapping":   {"a.pem", "{file: out/a.key, passphraseEnv: BINDGATE_P}", manifest.Options{}, "out/a.key"},
		"allowed path":            {"../certs/a.pem", "../../keys/a.key", manifest.Options{AllowPaths: []string{"../keys"}}, ""},
		"allowed, through a link": {"../certs/a.pem", "out/a.key", manifest.Options{AllowPaths: []string{"../keys"}}, ""},
		"config's folder":         {"a.pem", "a.key", manifest.Options{Root: "deploy"}, ""},
		"above config's folder":   {"../certs/a.pem", "a.key", manifest.Options{Root: "deploy"}, "../certs/a.pem"},
	} {
		dir := repository(t, tc.body, tc.key)
		tc.options.WorkDir = filepath.Join(dir, "repo")
		set, err := manifest.Load([]string{"deploy"}, tc.options)
		if tc.outside == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			b := first(t, set)
			_, err := set.Files.Resolve(set.Folder(b), b.Certificate.Body)
			if err != nil {
				t.Errorf("%s: Set.Files refuses it: %v", name, err)
			}
			continue
		}
		want := fmt.Sprintf("%q is", tc.outside) // not under the root, or a link into a folder that is not under it
		if err == nil || !strings.HasPrefix(err.Error(), "deploy/bindings.yaml:3:") || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "not under") ||
			!strings.Contains(err.Error(), "--allow-path") {
			t.Errorf("%s:\n got %v\nwant %s", name, err, want)
		}
	}
}

func TestWithoutGitTheFolderIsTheRoot(t *testing.T) {
	dir := repository(t, "a.pem", "../certs/a.key")
	if err := os.RemoveAll(filepath.Join(dir, "repo", ".git")); err != nil {
		t.Fatal(err)
	}
	_, err := manifest.Load([]string{"deploy/bindings.yaml"}, manifest.Options{WorkDir: filepath.Join(dir, "repo")})
	if err == nil || !strings.Contains(err.Error(), `"../certs/a.key" is not under`) {
		t.Errorf("got %v", err)
	}
}

// TestManifestsAreConfinedToo holds that a manifest, or its folder, that was
// turned into a link shows nothing of what it leads to.
func TestManifestsAreConfinedToo(t *testing.T) {
	dir := repository(t, "a.pem", "a.key")
	options := manifest.Options{WorkDir: filepath.Join(dir, "repo")}
	for _, arg := range []string{"linked.yaml", "linked-folder/deploy.yaml", filepath.Join(dir, "repo", "linked.yaml")} {
		_, err := manifest.Load([]string{arg}, options)
		if err == nil || !strings.Contains(err.Error(), "a symbolic link on its path leaves") || strings.Contains(err.Error(), "aws_secret") ||
			strings.Contains(err.Error(), "password") {
			t.Errorf("%s: got %v", arg, err)
		}
	}
	if _, err := manifest.Load([]string{"moved.yaml"}, options); err != nil {
		t.Errorf("a link inside the root: %v", err)
	}
	options.AllowPaths = []string{filepath.Join(dir, "keys")}
	if _, err := manifest.Load([]string{"linked.yaml"}, options); err == nil || !strings.Contains(err.Error(), `unknown key "aws_secret"`) {
		t.Errorf("an allowed folder: %v", err)
	}
}

func TestVariables(t *testing.T) {
	for name, tc := range map[string]struct {
		variable string
		allow    []string
		want     string // "" = loads
	}{
		"own":          {"BINDGATE_KEY", nil, ""},
		"allowed":      {"CI_KEY_API", []string{"X", "CI_KEY_*"}, ""},
		"not allowed":  {"CI_TOKEN", []string{"CI_KEY_*"}, `got the variable "CI_TOKEN", want a name that begins with BINDGATE_`},
		"CI token":     {"BINDGATE_CI_TOKEN", []string{"*"}, "got the variable of the CI token, which no manifest may read"},
		"its case":     {"bindgate_ci_Token", []string{"*"}, "got the variable of the CI token, which no manifest may read"},
		"webhook":      {"BINDGATE_NOTIFY_URL", nil, "got the variable of the webhook's address, which no manifest may read"},
		"prefix only":  {"BINDGATEKEY", nil, "got a variable that manifests may not read"},
		"a passphrase": {"hunter2", nil, "got a variable that manifests may not read"},
		"no name":      {"'a=b'", nil, "got a string that is not a variable name"},
	} {
		text := fmt.Sprintf(withKey, "a.pem", "{file: a.key, passphraseEnv: "+tc.variable+"}")
		_, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: t.TempDir(), AllowEnv: tc.allow, Stdin: strings.NewReader(text)})
		if tc.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), "<stdin>:3:") || !strings.Contains(err.Error(), tc.want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s:\n got %v\nwant %s", name, err, tc.want)
		}
	}
	_, err := manifest.Load(nil, manifest.Options{AllowEnv: []string{"[A"}})
	if err == nil || !strings.Contains(err.Error(), `--allow-env "[A"`) {
		t.Errorf("a broken glob: %v", err)
	}
}

// TestKeysInPlaceOfPathsAreNotRepeated writes key text wherever a path or a
// name may stand.
func TestKeysInPlaceOfPathsAreNotRepeated(t *testing.T) {
	der := "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgc2VjcmV0c2VjcmV0c2VjcmV0"
	for _, secret := range []string{der, "'-----BEGIN PRIVATE KEY-----" + der + "'", `"-----BEGIN PRIVATE KEY-----\n` + der + `"`,
		"{env: " + der + "}", "{file: " + der + "}", "{env: BINDGATE_K, passphraseEnv: " + der + "}", "[" + der + "]", "'../../" + strings.Repeat(der, 5) + "'"} {
		_, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: t.TempDir(), Stdin: strings.NewReader(fmt.Sprintf(withKey, "a.pem", secret))})
		if err == nil || strings.Contains(err.Error(), "MIGH") {
			t.Errorf("%.40s…: got %v", secret, err)
		}
	}
}
