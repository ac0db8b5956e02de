// Package config reads the two kinds of configuration. The tree's .bindgate.yaml
// may be edited by the very pull request that is judged, so it may only choose
// report formats and raise severities. Everything that decides who is asked and
// what is trusted is configured in the file of the gate's owner (--config FILE).
package config

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the schema is a file, so that editors can check it too
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
	"github.com/bindgate/bindgate/internal/waiver"
)

// TreeName is the name of the tree's configuration.
const TreeName = ".bindgate.yaml"

// apiVersion is the only one there is.
const apiVersion = "bindgate/v1"

// Config is what a configuration says; the zero value of a field: nothing.
// Paths are absolute: in the file they are relative to its folder.
type Config struct {
	Path   string // the file, as it was named; "" when there is none
	Dir    string // its folder, absolute: the root of manifests (owner's file)
	Digest string // sha256:<hex> of its bytes

	// These stand in the tree's file only.
	Formats []string
	Raise   []string // checks whose findings become errors

	// The rest is in the owner's file only.
	Settings   []Setting
	Severities map[string]checks.Severity // by check id; that a core check is not lowered is for the caller to see
	Labels     map[string]evidence.Label  // the labels that bindings may have, by name; nil: any
	Waivers    []waiver.Waiver            // in the order of the file
	Sources    []Source                   // in the order of the file: the first that covers a domain holds
	Trust      Trust

	Policies      []Policy            // those of the settings, and where each is
	Registries    map[string]Registry // of policies, by host
	PolicySigners Signers
}

// Setting is what the owner's file says in the place of a flag.
type Setting struct {
	Key    string   // in the file
	Flag   string   // its name, without dashes
	Values []string // as the flag takes them: one, or those of a flag that is repeatable
}

// Source is what the owner says of the bindings of some domains that are in a plan of
// Terraform or a template of ROS, which cannot say it.
type Source struct {
	Domain    string // name, or a pattern in which each label * matches one label
	GatewayID string
	Labels    map[string]string
	ForceFrom []string // groups that may lose the domain
}

// Error is one thing wrong in a configuration.
type Error = strictyaml.Error

// Errors is everything wrong in a configuration.
type Errors = strictyaml.Errors

//go:embed schema.json
var schema string

// Schema is the published JSON Schema (draft 2020-12): $defs/tree for the
// tree's file, $defs/owner for the owner's.
func Schema() []byte { return []byte(schema) }

// TreeSchema is the schema of the tree's file alone, for editors: they offer the keys of both
// files where a schema has alternatives.
func TreeSchema() []byte { return schemaOf("tree") }

// OwnerSchema is the schema of the owner's file alone.
func OwnerSchema() []byte { return schemaOf("owner") }

// schemaOf makes one definition of the schema the root, and keeps the others.
func schemaOf(kind string) []byte {
	var all struct {
		Schema string                                `json:"$schema"`
		ID     string                                `json:"$id"`
		Defs   map[string]map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(schema), &all); err != nil {
		panic("reading the embedded schema: " + err.Error())
	}
	root := all.Defs[kind]
	delete(all.Defs, "tree")
	delete(all.Defs, "owner")
	text := func(v any) json.RawMessage {
		out, err := json.Marshal(v)
		if err != nil {
			panic("writing the schema: " + err.Error())
		}
		return out
	}
	root["$schema"], root["$id"] = text(all.Schema), text(strings.Replace(all.ID, "/config/", "/config-"+kind+"/", 1))
	root["title"], root["$defs"] = text("bindgate configuration"), text(all.Defs)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic("writing the schema: " + err.Error())
	}
	return out.Bytes()
}

// FindTree gives the tree's configuration nearest to dir, at it or above, no
// further than the Git top level; "" when there is none.
func FindTree(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", TreeName, err)
	}
	top := confine.GitTop(dir)
	for {
		// A name that is nearly right would raise nothing, silently.
		for _, near := range []string{".bindgate.yml", ".bindgate.json"} {
			if _, err := os.Lstat(filepath.Join(dir, near)); err == nil {
				return "", &Error{File: filepath.Join(dir, near), Message: "got a configuration of this name, want " + TreeName, Next: "rename it"}
			}
		}
		path := filepath.Join(dir, TreeName)
		_, err := os.Lstat(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for %s: %w", TreeName, err)
		}
		parent := filepath.Dir(dir)
		if dir == top || parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// LoadTree reads the tree's configuration. The error holds everything wrong.
func LoadTree(path string) (Config, error) {
	dir := filepath.Dir(path)
	root := confine.GitTop(dir)
	if root == "" {
		root = dir
	}
	files, err := confine.New([]string{root}) // a pull request may make the file a link
	if err != nil {
		return Config{}, fmt.Errorf("confining the configuration %q: %w", path, err)
	}
	return load(path, files, decodeTree)
}

// LoadOwner reads the file of the gate's owner. The error holds everything wrong.
func LoadOwner(path string) (Config, error) {
	return load(path, confine.Anywhere(), decodeOwner)
}

func load(path string, files *confine.Files, decode func(strictyaml.Value, *Config)) (Config, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading configuration: %w", err)
	}
	c := Config{Path: path, Dir: filepath.Dir(absolute)}
	read, err := files.Read(c.Dir, absolute, strictyaml.MaxTree)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, Errors{{File: path, Message: "no such file", Next: "name the configuration that is meant"}}
	}
	if err != nil {
		return Config{}, Errors{{File: path, Message: "reading configuration: " + err.Error()}}
	}
	return c.parse(read.Bytes, decode)
}

// ParseOwner reads the text of an owner's file.
func ParseOwner(path string, text []byte) (Config, error) { return parse(path, text, decodeOwner) }

// ParseTree reads the text of a tree's configuration.
func ParseTree(path string, text []byte) (Config, error) { return parse(path, text, decodeTree) }

// IsOwners reports whether a key is one of the owner's file only.
func IsOwners(key string) bool { return key != "apiVersion" && slices.Contains(ownerKeys(), key) }

func parse(path string, text []byte, decode func(strictyaml.Value, *Config)) (Config, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading configuration: %w", err)
	}
	return Config{Path: path, Dir: filepath.Dir(absolute)}.parse(text, decode)
}

func (c Config) parse(text []byte, decode func(strictyaml.Value, *Config)) (Config, error) {
	sum := sha256.Sum256(text)
	c.Digest = "sha256:" + hex.EncodeToString(sum[:])
	file := strictyaml.Parse(c.Path, text)
	for i, doc := range file.Documents() {
		if i > 0 {
			doc.Fail("got a second document, want one", "remove it")
			continue
		}
		decode(doc, &c)
	}
	if errs := file.Errors(); errs != nil {
		return Config{}, errs
	}
	return c, nil
}
