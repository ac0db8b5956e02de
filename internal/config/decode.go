package config

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

var (
	checkID = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+$`)
	format  = regexp.MustCompile(`^[a-z]+$`)
	// toFile is a format with a file that its report is written to.
	toFile = regexp.MustCompile(`^[a-z]+=.+$`)
)

const mostConcurrent = 1024

// ownerKeys are the keys of the owner's file.
func ownerKeys() []string {
	return []string{"apiVersion", "formats", "endpoint", "contract", "roots", "profile", "crl", "weakKeys", "minRemaining", "resolver", "policy", "data",
		"severities", "allowPaths", "allowEnv", "timeout", "concurrency", "failOn", "journal"}
}

func decodeTree(v strictyaml.Value, c *Config) {
	o := v.ObjectRefusing(ownersOnly, "apiVersion", "formats", "raise")
	o.Require("apiVersion").OneOf(apiVersion)
	for _, item := range items(o.Get("formats")) {
		name, ok := item.Text()
		switch {
		case !ok:
		case toFile.MatchString(name): // it could overwrite any file of the machine
			item.Fail("got a format with a file, want the format alone: "+treeMayEdit, "name the file with -f FORMAT=FILE, or in the file of --config")
		case !format.MatchString(name):
			item.Fail(fmt.Sprintf("got %.64q, want the name of a format", name), "write text, json, …")
		default:
			c.Formats = append(c.Formats, name)
		}
	}
	for _, item := range items(o.Get("raise")) {
		if id, ok := item.Text(); ok && isCheckID(item, id) {
			c.Raise = append(c.Raise, id)
		}
	}
}

const treeMayEdit = "this file may be edited by the change that is judged"

// ownersOnly says of the owner's keys why they do not stand in the tree.
func ownersOnly(key string) (message, next string) {
	if !slices.Contains(ownerKeys(), key) {
		return "", ""
	}
	return fmt.Sprintf("%q may not be set here: %s", key, treeMayEdit), "set it in the file of the gate's owner, with --config FILE"
}

func decodeOwner(v strictyaml.Value, c *Config) {
	o := v.ObjectRefusing(func(key string) (string, string) {
		if key == "raise" {
			return `"raise" stands only in ` + TreeName, "use severities: {CHECK: error}"
		}
		return "", ""
	}, ownerKeys()...)
	o.Require("apiVersion").OneOf(apiVersion)
	c.ownerFormats(o.Get("formats"))
	c.Endpoint, _ = o.Get("endpoint").Filled()
	c.Contract, _ = o.Get("contract").OneOf("2017", "2026")
	c.Resolver, _ = o.Get("resolver").Filled()
	if roots, ok := o.Get("roots").Filled(); ok {
		c.Roots = roots
		if roots != "mozilla" && roots != "system" {
			c.Roots = c.absolute(roots)
		}
	}
	c.Profile, _ = o.Get("profile").OneOf("public", "private")
	c.CRLs = c.paths(o.Get("crl"))
	c.WeakKeys = c.paths(o.Get("weakKeys"))
	c.MinRemaining = duration(o.Get("minRemaining"), "720h, which is 30 days")
	c.Policy = c.paths(o.Get("policy"))
	c.Data = c.paths(o.Get("data"))
	c.AllowPaths = c.paths(o.Get("allowPaths"))
	if journal, ok := o.Get("journal").Filled(); ok {
		c.Journal = c.absolute(journal)
	}
	c.AllowEnv = globs(o.Get("allowEnv"))
	c.Severities = severities(o.Get("severities"))
	c.Timeout = duration(o.Get("timeout"), "30s or 2m")
	c.Concurrency, _ = o.Get("concurrency").Int(1, mostConcurrent)
	failOn, _ := o.Get("failOn").OneOf(string(checks.Error), string(checks.Warning))
	c.FailOn = checks.Severity(failOn)
}

func (c *Config) ownerFormats(v strictyaml.Value) {
	for _, item := range items(v) {
		text, ok := item.Text()
		switch {
		case !ok:
		case format.MatchString(text):
			c.Formats = append(c.Formats, text)
		case toFile.MatchString(text):
			name, file, _ := strings.Cut(text, "=")
			c.Formats = append(c.Formats, name+"="+c.absolute(file))
		default:
			item.Fail(fmt.Sprintf("got %.64q, want FORMAT or FORMAT=FILE", text), "write text, json=report.json, …")
		}
	}
}

func (c *Config) paths(v strictyaml.Value) (paths []string) {
	for _, item := range items(v) {
		if p, ok := item.Filled(); ok {
			paths = append(paths, c.absolute(p))
		}
	}
	return paths
}

func globs(v strictyaml.Value) (globs []string) {
	for _, item := range items(v) {
		glob, ok := item.Filled()
		if _, err := path.Match(glob, ""); ok && err != nil {
			item.Fail(fmt.Sprintf("got %.64q, want a pattern of variable names", glob), "write one such as CI_KEY_*")
		} else if ok {
			globs = append(globs, glob)
		}
	}
	return globs
}

func severities(v strictyaml.Value) map[string]checks.Severity {
	entries, ok := v.Entries()
	if !ok {
		return nil
	}
	out := make(map[string]checks.Severity, len(entries))
	for _, e := range entries {
		severity, ok := e.Value.OneOf(string(checks.Error), string(checks.Warning))
		if isCheckID(e.Name, e.Key) && ok {
			out[e.Key] = checks.Severity(severity)
		}
	}
	return out
}

// duration is a time above zero; such is an example of one.
func duration(v strictyaml.Value, such string) time.Duration {
	text, ok := v.Text()
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		v.Fail(fmt.Sprintf("got %.64q, want a time above zero", text), "write one such as "+such)
		return 0
	}
	return d
}

func isCheckID(v strictyaml.Value, id string) bool {
	if !checkID.MatchString(id) {
		v.Fail(fmt.Sprintf("got %.64q, want the id of a check", id), "see bindgate checks list")
		return false
	}
	return true
}

// items is a list's items; an absent list has none.
func items(v strictyaml.Value) []strictyaml.Value {
	list, _ := v.List()
	return list
}
