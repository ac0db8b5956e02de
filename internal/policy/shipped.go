package policy

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/policies"
)

// shippedSettings is the name below data of the settings of the policies that can be
// turned on, so that they take no name from a user's data.
const shippedSettings = "shipped"

// enabledField is the setting that turns a shipped policy on.
const enabledField = "enabled"

// shippedPolicy is a policy that is built in.
type shippedPolicy struct {
	name    string // of its settings below data.shipped, and in reports: stages.owners
	file    string // of its module, as messages have it
	pkg     string
	needs   []evidence.Need // as its METADATA has them
	always  bool            // it cannot be turned off
	asForce bool            // it is asked about forces alone
}

// shippedPolicies returns the policies that are built in, by name.
func shippedPolicies() []shippedPolicy {
	return []shippedPolicy{
		{name: "force_rebind", file: "policies/force_rebind/force_rebind.rego", pkg: "bindgate.force.rebind", needs: []evidence.Need{evidence.NeedAccount, evidence.NeedDNS}, always: true, asForce: true},
		{name: "freeze", file: "policies/shipped/freeze/freeze.rego", pkg: "bindgate.policy.shipped.freeze"},
		{name: "limits", file: "policies/shipped/limits/limits.rego", pkg: "bindgate.policy.shipped.limits", needs: []evidence.Need{needPlan}},
		{name: "owners", file: "policies/shipped/owners/owners.rego", pkg: "bindgate.policy.shipped.owners"},
		{name: "stages.approvals", file: "policies/shipped/stages/approvals.rego", pkg: "bindgate.policy.shipped.stages.approvals", needs: []evidence.Need{needApprovals}},
		{name: "stages.branches", file: "policies/shipped/stages/branches.rego", pkg: "bindgate.policy.shipped.stages.branches", needs: []evidence.Need{needCI}},
		{name: "stages.owners", file: "policies/shipped/stages/owners.rego", pkg: "bindgate.policy.shipped.stages.owners"},
	}
}

// shippedSources are the policies that are built in.
func shippedSources() (sources, error) {
	var s sources
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := policies.FS.ReadFile(name)
		s.add(source{name: "policies/" + name, text: text, root: "policies", below: name})
		return err
	})
	return s, err
}

// shipped holds the built-in policies that are on.
type shipped struct {
	off []evidence.PolicyPackage // those that are off, if the owner sets any of them
	on  []*askable               // in the order of shippedPolicies, none compiled

	store     storage.Store
	compiling sync.Mutex
}

// newShipped chooses the policies that are on.
func newShipped(modules []source, d policyData, store storage.Store) *shipped {
	out := &shipped{store: store}
	for _, p := range shippedPolicies() {
		i := slices.IndexFunc(modules, func(s source) bool { return s.name == p.file })
		switch {
		case i < 0: // a working copy takes its place
		case !p.always && p.off(d) != "":
			if d.at(shippedSettings) != nil {
				out.off = append(out.off, evidence.PolicyPackage{Name: p.pkg, Off: p.off(d)})
			}
		default:
			out.on = append(out.on, &askable{regoPackage: p.regoPackage(), module: modules[i]})
		}
	}
	return out
}

// compile compiles shipped packages that are not compiled, and replaces them in the
// roster. Most runs have no force, most policies are not asked where evidence is skipped,
// and compiling all of them takes a third of the time of a short run. They cannot fail to
// load: the tests hold them to every rule that Load holds the others to.
func (e *Engine) compile(wanted []*askable) error {
	s := e.shipped
	s.compiling.Lock()
	defer s.compiling.Unlock()
	all := e.roster.Load().all
	var files []source
	var packages []regoPackage
	for _, p := range all {
		if p.unit == nil && slices.ContainsFunc(wanted, func(w *askable) bool { return w.name == p.name }) {
			files, packages = append(files, p.module), append(packages, p.regoPackage)
		}
	}
	if files == nil { // another binding was faster
		return nil
	}
	compiler, err := compileShipped(files)
	if err != nil {
		return fmt.Errorf("loading shipped policies: %w", err)
	}
	u, err := prepare(packages, compiler, s.store)
	if err != nil {
		return fmt.Errorf("loading shipped policies: %w", err)
	}
	all = slices.Clone(all)
	for i, p := range all {
		if n := slices.IndexFunc(u.packages, func(made *askable) bool { return made.name == p.name }); n >= 0 {
			all[i] = u.packages[n]
		}
	}
	e.roster.Store(newRoster(all))
	return nil
}

// compileShipped parses and compiles shipped modules without what only looks for faults.
func compileShipped(files []source) (*ast.Compiler, error) {
	can := capabilities()
	modules, err := parseWith(files, ast.ParserOptions{RegoVersion: ast.RegoV2, Capabilities: can})
	if err != nil {
		return nil, err
	}
	keepMessages(modules)
	return compileWith(ast.NewCompiler().WithCapabilities(usedBy(modules, can)).WithSkipStages(checkStages()...), modules)
}

// checkStages returns the stages of OPA's compiler that change nothing in a shipped
// module. They find faults, which the tests do in time, or rewrite what no shipped
// module has. Half of the time of a compilation is theirs.
func checkStages() []ast.StageID {
	return []ast.StageID{
		ast.StageCheckUnusedImports, ast.StageCheckKeywordOverrides, ast.StageCheckDuplicateImports, ast.StageCheckVoidCalls,
		ast.StageCheckRuleConflicts, ast.StageCheckUndefinedFuncs, ast.StageCheckSafetyRuleHeads, ast.StageCheckSafetyRuleBodies,
		ast.StageCheckRecursion, ast.StageCheckTypes, ast.StageCheckUnsafeBuiltins, ast.StageCheckDeprecatedBuiltins,
		ast.StageRewriteTemplateStrings, ast.StageRewritePrintCalls, ast.StageRewriteRegoMetadataCalls, ast.StageRewriteWithValues,
		ast.StageRewriteTestRulesForTracing, ast.StageParseMetadataBlocks, ast.StageSetAnnotationSet, ast.StageSetGraph,
		ast.StageBuildComprehensionIndices, ast.StageBuildRequiredCapabilities,
	}
}

// regoPackage returns what packagesOf reads from the module.
func (p shippedPolicy) regoPackage() regoPackage {
	out := regoPackage{name: p.pkg, group: "policy", needs: p.needs, path: ast.Ref{ast.DefaultRootDocument}}
	if p.asForce {
		out.group = "force"
	}
	if !p.always {
		out.settings = shippedSettings + "." + p.name
	}
	for part := range strings.SplitSeq(p.pkg, ".") {
		out.path = append(out.path, ast.StringTerm(part))
	}
	return out
}

// off returns why a policy is off; empty: its settings turn it on.
func (p shippedPolicy) off(d policyData) string {
	path := shippedSettings + "." + p.name
	settings := d.at(path)
	if settings == nil {
		return "data." + path + " is not set"
	}
	if on := settings.members()[enabledField]; on == nil || on.value != ast.Boolean(true) {
		return "data." + path + "." + enabledField + " is false"
	}
	return ""
}
