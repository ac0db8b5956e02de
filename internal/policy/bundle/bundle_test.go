package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/policy/bundle"
)

const module = "package bindgate.policy.x\n\nimport rego.v1\n\ndeny contains \"no\" if input.x\n"

func files() []bundle.File {
	return []bundle.File{
		{Name: "x/x.rego", Text: []byte(module)},
		{Name: "x/data.yaml", Text: []byte("# a comment\nx: [1, two]\n")},
		{Name: "x/x_test.rego", Text: []byte("package bindgate.policy.x_test\n\ntest_x if true\n")},
	}
}

func write(t testing.TB, files []bundle.File) []byte {
	t.Helper()
	data, err := bundle.Write(files, ast.RegoV1)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// entry is one entry of a hand-made archive.
type entry struct {
	tar.Header
	body string
}

func file(name, body string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, body}
}

// packed makes an archive of entries, sound or not.
func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	gz, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	w := tar.NewWriter(gz)
	for _, e := range entries {
		if e.Size == 0 {
			e.Size = int64(len(e.body))
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close() // an entry may be cut on purpose
	_ = gz.Close()
	return out.Bytes()
}

func TestWriteIsReproducible(t *testing.T) {
	one := write(t, files())
	other := files()
	slices.Reverse(other)
	if !bytes.Equal(one, write(t, other)) {
		t.Error("the order of the files changes the bundle")
	}
	const want = "sha256:eccf828b55e44d3ac012613d89b0df965ebddb462958e565748669f53898cb75"
	if got := bundle.Digest(one); got != want {
		t.Errorf("got %s, want %s: owners' digests of folders change with it", got, want)
	}
	b, err := bundle.Read(one)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range b.Files {
		names = append(names, f.Name)
	}
	if want := []string{"x/data.yaml", "x/x.rego", "x/x_test.rego"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestOPAReadsWhatWriteWrites, and the other way round.
func TestOPA(t *testing.T) {
	got, err := opa.NewReader(bytes.NewReader(write(t, files()))).Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Modules) != 2 || got.Manifest.RegoVersion == nil || *got.Manifest.RegoVersion != 1 {
		t.Errorf("OPA reads %d modules, Rego version %v; want 2, 1", len(got.Modules), got.Manifest.RegoVersion)
	}
	if data, ok := got.Data["x"].(map[string]any); !ok || data["x"] == nil {
		t.Errorf("OPA reads the data %v", got.Data)
	}
	var out bytes.Buffer
	if err := opa.NewWriter(&out).Write(got); err != nil { // as `opa build` does
		t.Fatal(err)
	}
	b, err := bundle.Read(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Speaks(ast.RegoV1); err != nil {
		t.Error(err)
	}
	if len(b.Files) != 3 || b.Files[0].Name != "data.json" {
		t.Errorf("got %d files, the first %q; want 3, data.json", len(b.Files), b.Files[0].Name)
	}
}

func TestVersions(t *testing.T) {
	v2 := "package bindgate.policy.x\n\nimport rego.v2\n"
	for name, tc := range map[string]struct {
		manifest, module string
		reads            ast.RegoVersion
		want             string
	}{
		"none stated":                    {`{}`, module, ast.RegoV1, ""},
		"the same":                       {`{"rego_version":1}`, module, ast.RegoV1, ""},
		"an older":                       {`{"rego_version":0}`, module, ast.RegoV1, "x.rego is Rego v0, want v1"},
		"a newer":                        {`{"rego_version":2}`, module, ast.RegoV1, "x.rego is Rego v2, want v1"},
		"an unknown":                     {`{"rego_version":9}`, module, ast.RegoV1, "version 9"},
		"an older one of a file":         {`{"rego_version":1,"file_rego_versions":{"/x.rego":0}}`, module, ast.RegoV1, "x.rego is Rego v0, want v1"},
		"of a file, without slash":       {`{"rego_version":1,"file_rego_versions":{"*.rego":0}}`, module, ast.RegoV1, "x.rego is Rego v0, want v1"},
		"opa build's, and no import":     {`{"rego_version":1}`, module, ast.RegoV2, "x.rego is Rego v1, want v2: write `import rego.v2`"},
		"opa build's, with the import":   {`{"rego_version":1}`, v2, ast.RegoV2, ""},
		"an import in a comment is none": {`{"rego_version":1}`, module + "# import rego.v2\nx := `\nimport rego.v2\n`\n", ast.RegoV2, "want v2"},
	} {
		b, err := bundle.Read(packed(t, file("/.manifest", tc.manifest), file("/x.rego", tc.module)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = b.Speaks(tc.reads)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	cputime.SkipUnderRace(t)
	many := make([]entry, 2001)
	for i := range many {
		many[i] = file(fmt.Sprintf("%d.rego", i), "")
	}
	var zeros []entry
	for i := range 9 {
		zeros = append(zeros, file(fmt.Sprintf("%d.txt", i), strings.Repeat("\x00", 8<<20)))
	}
	plain := func() []byte {
		r, _ := gzip.NewReader(bytes.NewReader(write(t, files())))
		var out bytes.Buffer
		_, _ = out.ReadFrom(r)
		return out.Bytes()
	}()
	good := write(t, files())
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":           {nil, "is empty"},
		"a plain tar":       {plain, "is a tar archive without compression (`gzip -n FILE` compresses it)"},
		"a ZIP":             {[]byte("PK\x03\x04"), "is a ZIP archive"},
		"zstd":              {[]byte{0x28, 0xb5, 0x2f, 0xfd, 0}, "compressed with another program"},
		"a web page":        {[]byte("\n<!DOCTYPE html><title>Sign in"), "is a web page"},
		"a pointer":         {[]byte("version https://git-lfs.github.com/spec/v1\n"), "`git lfs pull`"},
		"text":              {[]byte("package x"), "is no gzip file"},
		"half":              {good[:len(good)/2], "cannot be"},
		"a damaged one":     {append(bytes.Clone(good[:len(good)-8]), 1, 2, 3, 4, 5, 6, 7, 8), "cannot be uncompressed"},
		"a tail":            {append(bytes.Clone(good), 'x'), "after the end"},
		"two of them":       {append(bytes.Clone(good), good...), "after the end"},
		"gzip of text":      {gzipped(t, "package x"), "cannot be unpacked"},
		"gzip of nothing":   {gzipped(t, ""), "holds no file"},
		"no entry":          {packed(t), "holds no file"},
		"hidden files":      {gzipped(t, string(plain)+string(plain)), "after the end"},
		"a bomb":            {packed(t, zeros...), "unpacks to more than"},
		"many entries":      {packed(t, many...), "more than 2000"},
		"a large file":      {packed(t, file("x.rego", strings.Repeat(" ", 8<<20+1))), "more than 8388608 bytes"},
		"a stated size":     {packed(t, entry{tar.Header{Typeflag: tar.TypeReg, Name: "x.rego", Size: 1 << 40}, ""}), "more than 8388608 bytes"},
		"a symbolic link":   {packed(t, entry{tar.Header{Typeflag: tar.TypeSymlink, Name: "x.rego", Linkname: "/etc/passwd"}, ""}), "is a link"},
		"a hard link":       {packed(t, entry{tar.Header{Typeflag: tar.TypeLink, Name: "x.rego", Linkname: "y.rego"}, ""}), "is a link"},
		"a device":          {packed(t, entry{tar.Header{Typeflag: tar.TypeChar, Name: "x.rego"}, ""}), "neither a file nor a folder"},
		"a FIFO":            {packed(t, entry{tar.Header{Typeflag: tar.TypeFifo, Name: "x.rego"}, ""}), "neither a file nor a folder"},
		"..":                {packed(t, file("../x.rego", "")), "leaves the archive"},
		".. inside":         {packed(t, file("a/../../x.rego", "")), "leaves the archive"},
		"an absolute name":  {packed(t, file("//etc/x.rego", "")), "leaves the archive, or has an empty part"},
		"a dot":             {packed(t, file("a/./x.rego", "")), "leaves the archive, or has an empty part"},
		"a backslash":       {packed(t, file(`a\x.rego`, "")), "characters"},
		"a control char":    {packed(t, file("a\x1b[2J.rego", "")), "characters"},
		"a long name":       {packed(t, file(strings.Repeat("x", 256), "")), "more than 255 bytes"},
		"a deep name":       {packed(t, file(strings.Repeat("a/", 16)+"x.rego", "")), "more than 16 folders"},
		"a name twice":      {packed(t, file("x.rego", module), file("/x.rego", module)), "occurs twice"},
		"twice with a dot":  {packed(t, file("x.rego", module), file("./x.rego", module)), "occurs twice"},
		"a folder's ..":     {packed(t, entry{tar.Header{Typeflag: tar.TypeDir, Name: "../"}, ""}), "leaves the archive"},
		"WebAssembly":       {packed(t, file("/policy.wasm", "")), "compiled policy"},
		"a plan":            {packed(t, file("/plan.json", "{}")), "compiled policy"},
		"a delta":           {packed(t, file("/patch.json", "{}")), "change of another bundle"},
		"a binary manifest": {packed(t, file("/.manifest.pb", "")), "binary manifest"},
		"a manifest below":  {packed(t, file("/a/.manifest", "{}")), "at the archive's root only"},
		"another manifest":  {packed(t, file("/b.manifest", "{}")), "at the archive's root only"},
		"signatures below":  {packed(t, file("/a/.signatures.json", "{}")), "at the archive's root only"},
		"a bad manifest":    {packed(t, file("/.manifest", "{"), file("x.rego", "")), "a .manifest that cannot be read"},
		"two manifests":     {packed(t, file("/.manifest", "{}{}"), file("x.rego", "")), "not one JSON object"},
		"WASM resolvers":    {packed(t, file("/.manifest", `{"wasm":[{"entrypoint":"x","module":"y"}]}`), file("x.rego", "")), "compiled policies"},
	} {
		b, err := bundle.Read(tc.data)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %d files, error %v; want %q", name, len(b.Files), err, tc.want)
		}
	}
}

func TestReadTakes(t *testing.T) {
	for name, data := range map[string][]byte{
		"tar's":         packed(t, entry{tar.Header{Typeflag: tar.TypeDir, Name: "./"}, ""}, file("./x.rego", module)),
		"git archive's": packed(t, entry{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "abc"}}, ""}, file("x.rego", module)),
		"OPA's":         packed(t, file("/x.rego", module)),
		"padded":        gzipped(t, string(untar(t, packed(t, file("x.rego", module))))+strings.Repeat("\x00", 1<<20)),
	} {
		b, err := bundle.Read(data)
		if err != nil || len(b.Files) != 1 || b.Files[0].Name != "x.rego" || string(b.Files[0].Text) != module {
			t.Errorf("%s: got %+v, %v", name, b.Files, err)
		}
	}
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	return out.Bytes()
}

func untar(t testing.TB, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestVerify(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := x509.MarshalPKCS8PrivateKey(key)
	public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	keys := map[string]bundle.Key{"release": {PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), Algorithm: "ES256"}}
	signed, err := opa.NewReader(bytes.NewReader(write(t, files()))).Read()
	if err != nil {
		t.Fatal(err)
	}
	config := opa.NewSigningConfig(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), "ES256", "")
	if err := signed.GenerateSignature(config, "release", false); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := opa.NewWriter(&out).Write(signed); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(keys); err != nil {
		t.Errorf("a signed bundle: %v", err)
	}
	if err := b.Verify(nil); err == nil {
		t.Error("without keys: no error")
	}
	unsigned, _ := bundle.Read(write(t, files()))
	if err := unsigned.Verify(keys); !errors.Is(err, bundle.ErrUnsigned) {
		t.Errorf("without signature: %v", err)
	}
	// Every file is covered: one more, one less, one changed.
	var entries []entry
	r := tar.NewReader(bytes.NewReader(untar(t, out.Bytes())))
	for {
		h, err := r.Next()
		if err != nil {
			break
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(r)
		entries = append(entries, file(h.Name, body.String()))
	}
	for i, e := range entries {
		if e.Name == "/.signatures.json" {
			continue
		}
		changed := slices.Clone(entries)
		changed[i].body = strings.Replace(e.body, "two", "three", 1)
		if changed[i].body == e.body {
			changed[i].body = strings.Replace(e.body, "1", "0", 1) + " "
		}
		if b, err := bundle.Read(packed(t, changed...)); err == nil && changed[i].body != e.body+" " {
			if err := b.Verify(keys); err == nil {
				t.Errorf("a changed %s is taken for signed", e.Name)
			}
		}
		less := slices.Delete(slices.Clone(entries), i, i+1)
		if b, err := bundle.Read(packed(t, less...)); err == nil {
			if err := b.Verify(keys); err == nil {
				t.Errorf("signed without %s", e.Name)
			}
		}
	}
	more, err := bundle.Read(packed(t, append(slices.Clone(entries), file("/README.md", "x"))...))
	if err != nil {
		t.Fatal(err)
	}
	if err := more.Verify(keys); err == nil {
		t.Error("one more file is taken for signed")
	}
}

func TestParseRef(t *testing.T) {
	d := "sha256:" + strings.Repeat("0a", 32)
	for text, want := range map[string]bundle.Ref{
		"policies":                     {Path: "policies"},
		"/etc/p.tar.gz@" + d:           {Path: "/etc/p.tar.gz", Digest: d},
		"a@b/policies":                 {Path: "a@b/policies"},
		`C:\policies`:                  {Path: `C:\policies`},
		"oci://ghcr.io/a/b@" + d:       {Host: "ghcr.io", Repository: "a/b", Digest: d},
		"oci://GHCR.io/a/b:v1":         {Host: "ghcr.io", Repository: "a/b", Tag: "v1"},
		"oci://[::1]:5000/a:v1.2@" + d: {Host: "[::1]:5000", Repository: "a", Tag: "v1.2", Digest: d},
	} {
		got, err := bundle.ParseRef(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
		if err == nil && !strings.EqualFold(got.String(), text) {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for text, want := range map[string]string{
		"":                    "names no policies",
		"policies@sha256:abc": "64 digits",
		"policies@sha256:" + strings.Repeat("0A", 32): "64 digits",
		"policies@sha256-" + strings.Repeat("0a", 32): "64 digits",
		"@" + d:                        "names no policies",
		"https://example.com/p.tar.gz": "not supported, want oci://",
		"OCI://ghcr.io/a":              "not supported, want oci://",
		"oci:ghcr.io/a":                "not supported, want oci://",
		"git::https://example.com/x":   "not supported",
		"git@example.com:x":            "not supported",
		"file:///etc/policies":         "not supported",
		"oci://ghcr.io":                "names no registry and repository",
		"oci:///a/b":                   "names no registry and repository",
		"oci://user:pw@ghcr.io/a":      "a user or password has no place",
		"oci://ghcr.io/A":              `the repository "A"`,
		"oci://ghcr.io/../x":           `the repository "../x"`,
		"oci://ghcr.io/a:":             `the tag ""`,
		"oci://ghcr.io/a:b/c":          `the tag "b/c"`,
		"oci://ghcr.io/a:" + strings.Repeat("b", 129): "at most 128 letters",
		"policies@sha256:" + strings.Repeat("b", 63):  "64 digits",
		"policies@sha256:" + strings.Repeat("b", 65):  "64 digits",
		"oci://ghcr.io/a@sha512:00":                   "not SHA-256",
		"oci://ghcr.io/a?x=y":                         "the repository",
	} {
		if got, err := bundle.ParseRef(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %+v, %v; want %q", text, got, err, want)
		}
	}
}

// No message repeats a user, a password or a query.
func TestParseRefRedacts(t *testing.T) {
	for text, want := range map[string]string{
		"oci://user:hunter2@ghcr.io/a@sha256:" + strings.Repeat("0a", 32): `"oci://…@ghcr.io/a@sha256:`,
		"oci://user:hunter2@ghcr.io/a@sha256:xyz":                         `"oci://…@ghcr.io/a@sha256:xyz"`,
		"oci://user:hun@hunter2@ghcr.io/a":                                `"oci://…@ghcr.io/a"`,
		"oci://user:x/hunter2@ghcr.io/a":                                  `"oci://…@ghcr.io/a"`,
		"oci://hunter2@ghcr.io/A":                                         `"oci://…@ghcr.io/A"`,
		"OCI://user:hunter2@ghcr.io/a":                                    `"OCI://…@ghcr.io/a"`,
		"oci:user:hunter2@ghcr.io/a":                                      `"oci:…@ghcr.io/a"`,
		"https://user:hunter2@demo.com/p.tar.gz?token=hunter2":            `"https://…@demo.com/p.tar.gz?…"`,
		"git::https://user:hunter2@demo.com/x":                            `"git::https://…@demo.com/x"`,
		"oci://ghcr.io/a?token=hunter2":                                   `"oci://ghcr.io/a?…"`,
		"oci://ghcr.io/a@sha512:00":                                       `"oci://ghcr.io/a@sha512:00"`,
	} {
		if _, err := bundle.ParseRef(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// FuzzBundle reads any bytes, and any tar, as a bundle: what is read is within its
// bounds, and is read again from what is written of it.
func FuzzBundle(f *testing.F) {
	f.Add(write(f, files()))
	f.Add(untar(f, write(f, files())))
	f.Add(packed(f, file("/.manifest", `{"rego_version":1,"file_rego_versions":{"*":1}}`), file("x.rego", module)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, archive := range [][]byte{data, gzipped(t, string(data))} {
			b, err := bundle.Read(archive)
			if err != nil {
				continue
			}
			_ = b.Speaks(ast.RegoV1)
			seen := map[string]bool{}
			for _, file := range b.Files {
				parts := strings.Split(file.Name, "/")
				if seen[file.Name] || slices.Contains(parts, "..") || slices.Contains(parts, "") || len(file.Text) > 8<<20 {
					t.Errorf("read the file %q of %d bytes", file.Name, len(file.Text))
				}
				seen[file.Name] = true
			}
			again, err := bundle.Write(b.Files, ast.RegoV1)
			if err != nil {
				continue // such as of no file
			}
			c, err := bundle.Read(again)
			if err != nil || len(c.Files) != len(b.Files) {
				t.Errorf("%d files, after writing %d, %v", len(b.Files), len(c.Files), err)
			}
		}
	})
}
