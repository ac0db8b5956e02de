package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// entries are the rules by which a package of the group is asked; the first of
// them must be there. Nobody asks a library.
func entries(group string) []string {
	switch group {
	case "policy":
		return []string{"deny", "warn"}
	case "force":
		return []string{"allow", "reasons"}
	}
	return nil
}

// readable is the evidence that a policy can read.
func readable() []evidence.Need {
	return []evidence.Need{evidence.NeedDNS, evidence.NeedProof, evidence.NeedCertificate, evidence.NeedKey,
		evidence.NeedGroup, evidence.NeedAccount, evidence.NeedSiblings}
}

var (
	// A name of plain identifiers can be written only one way, and lies below
	// its group and not at it.
	packageName = regexp.MustCompile(`^bindgate\.(policy|force|lib)(\.[A-Za-z_][A-Za-z0-9_]*)+$`)
	packageLine = regexp.MustCompile(`(?m)^package\s+(\S+)`)
)

// regoPackage is one package, of one or more modules.
type regoPackage struct {
	name  string // bindgate.policy.x
	group string
	path  ast.Ref // data.bindgate.policy.x
	loc   *ast.Location
	needs []evidence.Need // custom.needs of its METADATA: without these it is not run
	uses  []evidence.Need // custom.uses: it is run without what the mode left out
}

// packagesOf are the packages of the modules, by name.
func packagesOf(modules map[string]*ast.Module) ([]regoPackage, error) {
	byName := map[string]*regoPackage{}
	var found strictyaml.Errors
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		name := nameOf(m.Package)
		p := byName[name]
		if p == nil {
			p = &regoPackage{name: name, path: m.Package.Path, loc: m.Package.Location}
			if parts := packageName.FindStringSubmatch(name); parts != nil {
				p.group = parts[1]
			}
			byName[name] = p
		}
		needs, uses, err := evidenceOf(m)
		p.needs, p.uses = append(p.needs, needs...), append(p.uses, uses...)
		found = append(found, err...)
	}
	out := make([]regoPackage, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out, asError(found)
}

func nameOf(p *ast.Package) string { return strings.TrimPrefix(p.Path.String(), "data.") }

// names refuses a package that nobody would ask, and one that would speak
// within, above or below a shipped package.
func names(modules map[string]*ast.Module, shipped []string) error {
	var found strictyaml.Errors
	for _, m := range modules {
		name := nameOf(m.Package)
		if !packageName.MatchString(name) {
			found = append(found, at(m.Package.Location, "package %s is never asked: want bindgate.policy.<name>, bindgate.force.<name> or bindgate.lib.<name>", name))
			continue
		}
		for _, other := range shipped {
			if strings.HasPrefix(name+".", other+".") || strings.HasPrefix(other+".", name+".") {
				found = append(found, at(m.Package.Location, "package %s meddles with %s, which is shipped with bindgate: take another name, or override its data with --data", name, other))
			}
		}
	}
	return asError(found)
}

// packagesIn are the names in the package lines of modules that are known to parse.
func packagesIn(files []source) []string {
	var out []string
	for _, f := range files {
		if m := packageLine.FindSubmatch(f.text); m != nil {
			out = append(out, string(m[1]))
		}
	}
	return out
}

// evidenceOf reads custom.needs and custom.uses of a module's package METADATA.
func evidenceOf(m *ast.Module) (needs, uses []evidence.Need, found strictyaml.Errors) {
	for _, a := range m.Annotations {
		if a.Scope != "package" {
			continue
		}
		var err strictyaml.Errors
		needs, err = needList(a, "needs")
		found = append(found, err...)
		uses, err = needList(a, "uses")
		found = append(found, err...)
	}
	return needs, uses, found
}

func needList(a *ast.Annotations, key string) ([]evidence.Need, strictyaml.Errors) {
	value, given := a.Custom[key]
	if !given {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, strictyaml.Errors{at(a.Location, "custom.%s in METADATA is no list: want e.g. [group, dns]", key)}
	}
	var needs []evidence.Need
	for _, item := range list {
		name, _ := item.(string)
		if !slices.Contains(readable(), evidence.Need(name)) {
			return nil, strictyaml.Errors{at(a.Location, "custom.%s in METADATA names %q, which is no evidence: want some of %v", key, item, readable())}
		}
		needs = append(needs, evidence.Need(name))
	}
	return needs, nil
}
