package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// wordsShown is the length of a program's words in the table, in runes.
const wordsShown = 150

// answer is what a program said of a policy.
type answer struct {
	exit  int
	words string
}

// policyRow is one case with the answers of both programs.
type policyRow struct {
	name                       string
	conftest, strict, bindgate answer
}

// policiesCommand runs both programs on policies with a mistake, and prints a table of
// exit codes and words. It fails if bindgate passes a case. With -check it compares the
// table with a page; where conftest cannot be built, the column of bindgate alone.
func policiesCommand(ctx context.Context, dir string, args []string) error {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	output := flags.String("o", "", "write the table to `file` (default: standard output)")
	page := flags.String("check", "", "compare with the table in `file`, and fail if it differs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if dir == "" {
		temporary, err := os.MkdirTemp("", "bindgate-policies-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	p, err := buildWithConftest(ctx, dir)
	switch _, built := os.Stat(p.bindgate); {
	case err != nil && *page != "" && built == nil:
		fmt.Fprintln(os.Stderr, "without conftest, so that its column is not compared:", err)
		p.conftest = ""
	case err != nil:
		return err
	}
	var rows []policyRow
	for i, c := range policyCases() {
		row, err := c.run(ctx, p, filepath.Join(dir, fmt.Sprintf("case%02d", i+1)))
		if err != nil {
			return fmt.Errorf("%q: %w", c.name, err)
		}
		rows = append(rows, row)
	}
	if err = write(p, rows, *output, *page); err != nil {
		return err
	}
	for _, row := range rows {
		if row.bindgate.exit == 0 {
			err = errors.Join(err, fmt.Errorf("%q: bindgate ended with 0, want a refusal or an error", row.name))
		}
	}
	return err
}

// write writes the table into a file or to standard output, or compares it with a page.
func write(p programs, rows []policyRow, output, page string) error {
	if page != "" {
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		if p.conftest == "" {
			return sameColumn(page, string(text), rows)
		}
		if table, err := policyTable(p, rows); err != nil || table != string(text) {
			return errors.Join(err, sameColumn(page, string(text), rows), fmt.Errorf("%s is out of date; run: go run . policies -o %s", page, page))
		}
		return nil
	}
	table, err := policyTable(p, rows)
	if err != nil {
		return err
	}
	if output == "" {
		_, err = os.Stdout.WriteString(table)
		return err
	}
	return os.WriteFile(output, []byte(table), 0o644)
}

// sameColumn compares the names of the cases and the column of bindgate with a page.
func sameColumn(page, text string, rows []policyRow) error {
	var got, want []string
	for line := range strings.Lines(text) {
		if number, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " |"); isRow && strings.HasPrefix(line, "| ") && strings.Trim(number, "0123456789") == "" && number != "" {
			cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), " |"), " | ")
			got = append(got, strings.TrimPrefix(cells[0], "| ")+" "+cells[1]+" "+cells[len(cells)-1])
		}
	}
	for i, row := range rows {
		want = append(want, fmt.Sprintf("%d %s %s", i+1, row.name, cell(row.bindgate)))
	}
	var err error
	for i := range max(len(got), len(want)) {
		if g, w := at(got, i), at(want, i); g != w {
			err = errors.Join(err, fmt.Errorf("%s: got row %q, want %q", page, g, w))
		}
	}
	return err
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// run writes the case below dir and runs both programs on it. First it makes sure that
// the case shows something: bindgate accepts the manifest without the policy, and
// conftest refuses it by the policy without its mistake.
func (c policyCase) run(ctx context.Context, p programs, dir string) (policyRow, error) {
	files := map[string]string{
		"bindings.yaml": "apiVersion: bindgate/v1\nbindings:\n  - domainName: api.demo.com\n    groupId: 927d50c0f2e54b359919923d908bb015\n    regionId: cn-hangzhou\n",
		"owner.yaml":    "apiVersion: bindgate/v1\nlabels: {owner: {}, changeTicket: {}}\n",
	}
	if c.binding != "" {
		files["bindings.yaml"] += "    " + c.binding + "\n"
	}
	forms := map[string]*strings.Replacer{
		"conftest": strings.NewReplacer("input.binding", "input.bindings[0]", "POLICY", "main", "LIBRARY", "l", "MISSPELT", "mian"),
		"bindgate": strings.NewReplacer("POLICY", "bindgate.policy.x", "LIBRARY", "bindgate.lib.l", "MISSPELT", "bindgate.polciy.x"),
	}
	for name, text := range policyFiles(c.wrong) {
		for program, form := range forms {
			files[program+"/"+name] = form.Replace(text)
		}
	}
	files["meant/x.rego"] = forms["conftest"].Replace(policyFiles(c.meant)["x.rego"])
	data := []string{"--no-color"}
	if c.data != "" {
		files["data/data.yaml"], files["bindgate/data.yaml"], files["bindgate/data.jsonschema"] = c.data, c.data, c.schema
		data = append(data, "--data", "data")
	}
	if err := writeFiles(dir, files); err != nil {
		return policyRow{}, err
	}
	ask := func(args ...string) (answer, error) { return ask(ctx, dir, args...) }
	conftest := func(policies string, more ...string) (answer, error) {
		return ask(append(append([]string{p.conftest, "test", "--policy", policies, "bindings.yaml"}, data...), more...)...)
	}
	lint := []string{p.bindgate, "lint", "--offline", "-q", "--config", "owner.yaml", "bindings.yaml"}
	control, err := ask(lint...)
	if err != nil || control.exit != 0 {
		return policyRow{}, fmt.Errorf("bindgate without the policy: %+v, %w, want exit code 0", control, err)
	}
	row := policyRow{name: c.name}
	if p.conftest == "" {
		row.bindgate, err = ask(append(lint, "--policy", "bindgate")...)
		return row, err
	}
	meant, err := conftest("meant")
	if err != nil || meant.exit != 1 || !strings.HasPrefix(meant.words, "FAIL") {
		return policyRow{}, fmt.Errorf("conftest with the policy as it was meant: %+v, %w, want a denial", meant, err)
	}
	var errs [3]error
	row.conftest, errs[0] = conftest("conftest")
	row.strict, errs[1] = conftest("conftest", "--strict")
	row.bindgate, errs[2] = ask(append(lint, "--policy", "bindgate")...)
	return row, errors.Join(errs[:]...)
}

// policyFiles returns the files of a case: rules alone are a file x.rego.
func policyFiles(text string) map[string]string {
	if !strings.HasPrefix(text, "-- ") {
		return map[string]string{"x.rego": "package POLICY\n\n" + text + "\n"}
	}
	files := map[string]string{}
	for _, part := range strings.Split(text, "-- ")[1:] {
		name, content, _ := strings.Cut(part, " --\n")
		files[name] = content + "\n"
	}
	return files
}

// ask runs a program in dir and returns its exit code with the words that say why.
func ask(ctx context.Context, dir string, args ...string) (answer, error) {
	x := exec.CommandContext(ctx, args[0], args[1:]...)
	x.Dir = dir
	output, err := x.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return answer{}, fmt.Errorf("running %q: %w", args, err)
	}
	return answer{exit: x.ProcessState.ExitCode(), words: words(string(output))}, nil
}

// words returns the first line of an output that says why. A refusal of bindgate names
// the binding first, and then the policy; the errors of conftest begin with acts.
func words(output string) string {
	if _, finding, ok := strings.Cut(output, "error[policy/no-denials] "); ok {
		finding, _, _ = strings.Cut(finding, "\n -->")
		_, denial, _ := strings.Cut(finding, ": ")
		output = strings.Join(strings.Fields(denial), " ")
	}
	first := ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if first == "" || strings.HasSuffix(first, "occurred during loading:") {
			first = line
		}
	}
	for _, act := range []string{"Error: running test: load: loading policies: load: ", "Error: running test: load: ", "bindgate: loading policies: ", "bindgate: loading policy data: "} {
		first = strings.TrimPrefix(first, act)
	}
	if shown := []rune(first); len(shown) > wordsShown {
		first = strings.TrimSpace(string(shown[:wordsShown])) + "…"
	}
	return first
}

// policyTable returns the page: how both were run, the totals, and one row a case.
func policyTable(p programs, rows []policyRow) (string, error) {
	conftest, err := linkedVersions(p.conftest)
	if err != nil {
		return "", err
	}
	bindgate, err := linkedVersions(p.bindgate)
	if err != nil {
		return "", err
	}
	var passed, strict, ours, denied int
	for _, row := range rows {
		passed += one(row.conftest.exit == 0)
		strict += one(row.strict.exit == 0)
		ours += one(row.bindgate.exit == 0)
		denied += one(row.bindgate.exit == 1)
	}
	var b strings.Builder
	fmt.Fprintf(&b, policyPage, len(rows), passed, strict, ours, denied, len(rows)-denied-ours,
		conftest.self, conftest.opa, bindgate.opa)
	for i, row := range rows {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", i+1, row.name, cell(row.conftest), cell(row.bindgate))
	}
	return b.String(), nil
}

func cell(a answer) string {
	return fmt.Sprintf("%d: `` %s ``", a.exit, strings.ReplaceAll(a.words, "|", `\|`))
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

const policyPage = "# Policies with a mistake, in conftest and bindgate\n\n" +
	"Each case is a policy that is written to refuse the binding of its manifest, with one mistake that people make.\n" +
	"The right answer is any exit code but 0: a denial, or an error that names the mistake.\n\n" +
	"| of %d cases | conftest | conftest --strict | bindgate |\n|---|---|---|---|\n" +
	"| ended with 0: the binding passes | %d | %d | %d |\n\n" +
	"bindgate denied the binding in %d cases, and did not load the policy in %d. `cd bench; go run . policies` prints this page, with `-o` into a file;\n" +
	"the policies are in `bench/policycases.go`.\n\n" +
	"## How each was run\n\n" +
	"- conftest %s with OPA %s: `conftest test --policy DIR bindings.yaml`, with `--data DIR` where a case has data. It gets the manifest as\n" +
	"  it is written, and the rules read `input.bindings[0]` in `package main`.\n" +
	"- bindgate of this tree with OPA %s: `bindgate lint --offline -q --config owner.yaml --policy DIR bindings.yaml`. The rules are the same,\n" +
	"  and read `input.binding` in `package bindgate.policy.x`. The owner's file declares the labels `owner` and `changeTicket`; where a case\n" +
	"  has data, a `data.jsonschema` declares it.\n" +
	"- Before a case counts, conftest must deny the binding by the policy without its mistake, and bindgate must accept the manifest without\n" +
	"  the policy.\n\n" +
	"conftest judges documents of any kind, so it cannot know which fields a document may have, and a value that is absent is undefined, as\n" +
	"Rego says. bindgate judges one kind of document with a known schema: it gives every field a value (`null` where it is absent), and checks names,\n" +
	"words and types when it loads a policy. So some of these rules are correct in bindgate, and need `object.get` with a default in conftest.\n" +
	"The cases are of that difference; they say nothing about the documents that only conftest reads.\n\n" +
	"## Cases\n\n| | mistake | conftest | bindgate |\n|---|---|---|---|\n"
