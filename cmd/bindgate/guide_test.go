package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// shown is a block of a page with the text that a person sees.
type shownText struct {
	page, heading string
	exit          int
	lines         []string
}

var textBlock = regexp.MustCompile("(?ms)^```text exit=([0-9]+)\n(.*?)^```$")

// shownTexts are the blocks below each heading of a page.
func shownTexts(t *testing.T, page string) (out []shownText) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range regexp.MustCompile(`(?m)^##+ `).Split(string(text), -1) {
		heading, rest, _ := strings.Cut(section, "\n")
		for _, m := range textBlock.FindAllStringSubmatch(rest, -1) {
			code, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, shownText{page, heading, code, strings.Split(strings.TrimSpace(m[2]), "\n")})
		}
	}
	return out
}

// trouble makes one failure that the pages describe, and returns how the run ended.
type trouble func(w *world) finish

// troubled is a sandbox with manifests: api.yaml is bound without trouble, moving.yaml
// is a force, elsewhere.yaml leads to another group.
func troubled(t *testing.T, change ...func(*sandbox.Options)) *world {
	t.Helper()
	w := newWorld(t)
	leaf, err := w.authority.Issue(ca.Options{Names: []string{"api.demo.com"}})
	w.check(err)
	other, err := w.authority.Issue(ca.Options{Names: []string{"api.demo.com"}})
	w.check(err)
	expired, err := w.authority.Issue(ca.Options{Names: []string{"api.demo.com"}, NotBefore: time.Now().AddDate(0, 0, -90), NotAfter: time.Now().AddDate(0, 0, -10)})
	w.check(err)
	w.write("c.pem", string(leaf.Chain))
	w.write("c.key", string(leaf.Key))
	w.write("other.key", string(other.Key))
	w.write("expired.pem", string(expired.Chain))
	w.write("expired.key", string(expired.Key))
	seed := groups(2)
	seed.Groups[1].GroupName = "orders"
	seed.Groups[1].Domains = []account.Domain{{DomainName: "www.demo.com", BindStageName: "RELEASE"}}
	w.serve(seed, map[string]string{"api.demo.com": target(0), "www.demo.com": target(0), "elsewhere.demo.com": target(1)}, change...)
	manifest := func(name, domain, more string) {
		w.write(name, fmt.Sprintf("apiVersion: bindgate/v1\nbindings:\n  - {domainName: %s, groupId: %s, regionId: cn-hangzhou, bindStageName: RELEASE%s}\n", domain, group(0), more))
	}
	manifest("api.yaml", "api.demo.com", "")
	manifest("nowhere.yaml", "nowhere.demo.com", "")
	manifest("elsewhere.yaml", "elsewhere.demo.com", "")
	manifest("taken.yaml", "www.demo.com", "")
	manifest("moving.yaml", "www.demo.com", ", isForce: true, forceFrom: ["+group(1)+"], labels: {owner: web, changeTicket: CHG-1}")
	manifest("unexplained.yaml", "www.demo.com", ", isForce: true, forceFrom: ["+group(1)+"], labels: {owner: web}")
	for name, files := range map[string]string{"tls": "body: c.pem, privateKey: c.key", "expired": "body: expired.pem, privateKey: expired.key", "key": "body: c.pem, privateKey: other.key"} {
		manifest(name+".yaml", "api.demo.com", ", certificate: {name: api_demo_com, "+files+"}")
	}
	return w
}

// troubles are the failures of the pages, by the first line of what they show.
func troubles(t *testing.T) map[string]trouble {
	t.Helper()
	run := func(args ...string) trouble {
		return func(w *world) finish { return w.run(args...) }
	}
	faulty := func(faults string, args ...string) trouble {
		return func(w *world) finish {
			w.faults(faults)
			return w.run(args...)
		}
	}
	policy := func(text string) trouble {
		return func(w *world) finish {
			w.write("rules/x.rego", text)
			return w.run("apply", "--policy", "rules", "api.yaml")
		}
	}
	planned := func(manifest string, meanwhile func(*world), more ...string) trouble {
		return func(w *world) finish {
			w.want(0, append([]string{"plan", "-q", "-o", "plan.json", manifest}, more...)...)
			meanwhile(w)
			return w.run("apply", "--plan", "plan.json")
		}
	}
	const refuse = "SetDomain:code="
	return map[string]trouble{
		// Refused.
		"the name has no record at all":                        run("apply", "nowhere.yaml"),
		"it leads to another group of the account":             run("apply", "elsewhere.yaml"),
		"waiting for DNS,":                                     run("lint", "--wait", "300ms", "elsewhere.yaml"),
		"certificate/is-valid-now":                             run("apply", "expired.yaml"),
		"certificate/key-matches":                              run("apply", "key.yaml"),
		"group/domain-is-free":                                 run("apply", "taken.yaml"),
		"rebind/force-is-allowed":                              run("apply", "unexplained.yaml"),
		"policy/no-denials":                                    policy("package bindgate.policy.night\n\nimport rego.v2\n\ndeny contains \"no RELEASE tonight\" if input.binding.bindStageName == \"RELEASE\"\n"),
		"a warning; warnings refuse under --fail-on warning":   run("apply", "--fail-on", "warning", "api.yaml"),
		`"elsewhere.demo.com" is refused, so nothing was sent`: run("apply", "api.yaml", "elsewhere.yaml"),
		// Setup.
		"GetCallerIdentity: not authenticated (InvalidSecurityToken.Expired": faulty("*:code=InvalidSecurityToken.Expired", "apply", "api.yaml"),
		"no Alibaba Cloud credentials: looked at ALIBABA_CLOUD_ACCESS_KEY_ID": func(w *world) finish {
			w.env = append(w.env, "ALIBABA_CLOUD_ACCESS_KEY_ID=", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=")
			return w.run("apply", "api.yaml")
		},
		`and the owner names account "999"; use credentials of that account`: func(w *world) finish {
			w.write("owner.yaml", "apiVersion: bindgate/v1\naccount: \"999\"\n")
			return w.run("apply", "--config", "owner.yaml", "api.yaml")
		},
		"the list is too long: the gateway counts 10001 groups, and bindgate reads at most 10000": func(w *world) finish {
			w.serve(groups(10_001), map[string]string{"api.demo.com": target(0)})
			return w.run("lint", "api.yaml")
		},
		"another apply is running on this journal": func(w *world) finish {
			w.faults("SetDomain:hold-before-commit")
			p := w.begin("apply", "--journal", "j", "api.yaml")
			h := p.held()
			e := w.run("apply", "--journal", "j", "--lock-wait", "0", "api.yaml")
			h.Release()
			p.wait()
			return e
		},
		"loading policies:": policy("package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"no\" if input.binding.bindStageNam == \"RELEASE\"\n"),
		"the journal's chain is broken at line 2": func(w *world) finish {
			w.want(0, "apply", "-q", "--journal", "j", "api.yaml")
			text, err := os.ReadFile(w.path("j"))
			w.check(err)
			w.write("j", strings.Replace(string(text), "RELEASE", "XELEASE", 1))
			return w.run("apply", "--journal", "j", "api.yaml")
		},
		// Calls.
		"SetDomain: refused by the API (InvalidICPLicense":             faulty(refuse+"InvalidICPLicense", "apply", "api.yaml"),
		"SetDomain: refused by the API (DomainAlreadyBind":             faulty(refuse+"DomainAlreadyBind", "apply", "api.yaml"),
		"SetDomain: refused by the API (DomainNotResolved":             faulty(refuse+"DomainNotResolved", "apply", "api.yaml"),
		"SetDomain: no permission (NoPermission":                       faulty(refuse+"NoPermission", "apply", "api.yaml"),
		"SetDomain: throttled (Throttling.User":                        faulty("SetDomain:throttle", "apply", "--timeout", "8s", "api.yaml"),
		"the outcome is unknown: SetDomain: transport:":                faulty("SetDomain:reset-before-commit", "apply", "--read-back", "100ms", "--timeout", "2s", "api.yaml"),
		"SetDomainCertificate: refused by the API (InvalidCertificate": faulty("SetDomainCertificate:code=InvalidCertificate", "apply", "--read-back", "100ms", "tls.yaml"),
		"interrupted: calls were made for api.demo.com": func(w *world) finish {
			w.faults("SetDomain:hold-before-commit")
			p := w.begin("apply", "--each", "api.yaml", "moving.yaml")
			h := p.held()
			p.interrupt()
			h.Release()
			return p.wait()
		},
		"no call was made": func(w *world) finish {
			w.faults("DescribeApiGroup:hold-before-commit")
			p := w.begin("apply", "api.yaml")
			h := p.held()
			p.interrupt()
			h.Release()
			return p.wait()
		},
		"reading --plan: the plan was valid until": planned("api.yaml", func(*world) {}, "--valid-for", "1ns"),
		"comparing with the plan, so nothing was sent: the manifest's digest is now": planned("api.yaml", func(w *world) {
			text, err := os.ReadFile(w.path("api.yaml"))
			w.check(err)
			w.write("api.yaml", string(text)+"# changed\n")
		}),
		`comparing with the plan, so nothing was sent: "www.demo.com" is now bound with status`: planned("moving.yaml", func(w *world) {
			w.want(0, "apply", "-q", "moving.yaml")
		}),
		"and a plan is applied once; make a new plan": planned("api.yaml", func(w *world) {
			w.want(0, "apply", "-q", "--plan", "plan.json")
		}),
		// Exit code 3.
		"collecting dns evidence failed: asking":                                                                                   faulty("dns/*:timeout", "apply", "--timeout", "1s", "api.yaml"),
		"nothing listens on that udp port; start the resolver or name another with --resolver":                                     run("apply", "--resolver", "127.0.0.1:1", "--timeout", "2s", "api.yaml"),
		"the resolver failed (SERVFAIL), with and without DNSSEC validation; the zone's servers may be broken or out of its reach": faulty("dns/api.demo.com:servfail", "apply", "--timeout", "2s", "api.yaml"),
		"DNSSEC validation fails (bogus)":                                                                                          faulty("dns/api.demo.com:bogus", "apply", "--timeout", "2s", "api.yaml"),
		"DescribeApiGroup: no permission (NoPermission":                                                                            faulty("DescribeApiGroup:code=NoPermission", "apply", "api.yaml"),
		"DescribeApiGroup: throttled (Throttling.User":                                                                             faulty("DescribeApiGroup:throttle", "apply", "--timeout", "8s", "api.yaml"),
		"the account of the credentials could not be had: asking STS who is calling: GetCallerIdentity: busy":                      faulty("GetCallerIdentity:status=503", "apply", "api.yaml"),
		"DescribeApiGroup: not sent: dial tcp":                                                                                     run("apply", "--endpoint", "http://127.0.0.1:1", "--timeout", "20s", "api.yaml"),
		"not an API answer: the endpoint does not speak the API but HTML, check --endpoint and the proxy":                          faulty("*:html", "lint", "api.yaml"),
		"was not run: it needs approvals evidence, which was skipped":                                                              policy("# METADATA\n# custom:\n#   needs: [approvals]\npackage bindgate.policy.two\n\nimport rego.v2\n\ndeny contains \"want 2 approvals\" if count(input.approvals) < 2\n"),
		"collecting policy evidence failed":                                                                                        policy("package bindgate.policy.ticket\n\ndeny contains \"the ticket is too old\" if to_number(input.binding.domainName) < 1000\n"),
		"the registry could not be asked":                                                                                          run("apply", "--policy", "oci://127.0.0.1:1/rules@sha256:"+strings.Repeat("a", 64), "api.yaml"),
	}
}

// Each text that the pages for a blocked deploy show is one that the program prints, with
// the exit code that they name.
func TestGuideShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	all := troubles(t)
	for _, page := range []string{"blocked.md", "exit-3.md"} {
		blocks := shownTexts(t, page)
		if len(blocks) < 10 {
			t.Errorf("%s: %d texts", page, len(blocks))
		}
		for _, b := range blocks {
			cause := all[b.lines[0]]
			if cause == nil {
				t.Errorf("%s, %s: no failure prints %q", page, b.heading, b.lines[0])
				continue
			}
			delete(all, b.lines[0])
			t.Run(page+"/"+b.heading+"/"+b.lines[0], func(t *testing.T) {
				t.Parallel()
				e := cause(troubled(t))
				if e.code != b.exit {
					t.Errorf("exit code %d, want %d", e.code, b.exit)
				}
				printed := strings.Join(strings.Fields(e.out+e.err), " ")
				for _, line := range b.lines {
					if !strings.Contains(printed, line) {
						t.Errorf("not printed: %q", line)
					}
				}
				if !regexp.MustCompile(`next: (.* )?see docs/(blocked|exit-3)\.md#`).MatchString(printed) {
					t.Error("no line sends the person to a section")
				}
				if t.Failed() {
					t.Logf("%s%s", e.out, e.err)
				}
			})
		}
	}
	for line := range all {
		t.Errorf("no page shows %q", line)
	}
}

// anchor is the name that GitHub gives to a heading.
func anchor(heading string) string {
	kept := strings.Map(func(r rune) rune {
		if r == ' ' {
			return '-'
		}
		if r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(heading))
	return kept
}

// headings are the anchors of a page.
func headings(t *testing.T, path string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		found[anchor(m[1])] = true
	}
	return found
}

// Each page and heading that the program or a page refers to exists.
func TestLinksToDocs(t *testing.T) {
	t.Parallel()
	top := filepath.Join("..", "..")
	inCode, inPage := regexp.MustCompile(`docs/[A-Za-z0-9/_-]+\.md(#[a-z0-9_-]*)?`), regexp.MustCompile(`\]\(([^):]*?\.md)?(#[^)]*)?\)`)
	checked := 0
	check := func(from, page, heading string) {
		checked++
		if _, err := os.Stat(page); err != nil {
			t.Errorf("%s: there is no page %s", from, page)
		} else if heading != "" && !headings(t, page)[strings.TrimPrefix(heading, "#")] {
			t.Errorf("%s: %s has no heading %s", from, page, heading)
		}
	}
	for _, folder := range []string{"internal", "cmd", "checks", "policies", "templates", "docs", "README.md", "CONTRIBUTING.md", "action.yml"} {
		err := filepath.WalkDir(filepath.Join(top, folder), func(path string, d os.DirEntry, err error) error {
			ext := filepath.Ext(path)
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || ext != ".go" && ext != ".md" && ext != ".yml" && ext != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if ext == ".md" {
				for _, m := range inPage.FindAllStringSubmatch(string(text), -1) {
					page := path
					if m[1] != "" {
						page = filepath.Join(filepath.Dir(path), m[1])
					}
					if m[1]+m[2] != "" {
						check(path, page, m[2])
					}
				}
				return nil
			}
			for _, link := range inCode.FindAllString(string(text), -1) {
				page, heading, _ := strings.Cut(link, "#")
				check(path, filepath.Join(top, page), heading)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 30 {
		t.Errorf("%d links were checked", checked)
	}
}

// The commands that the pages tell a person to run exist, with their flags, and so do
// the checks that pages and messages tell them to read about.
func TestGuideNamesCommandsThatExist(t *testing.T) {
	t.Parallel()
	command, explain := regexp.MustCompile("`(bindgate [^`]+)`|(?m)^(bindgate .*)$"), regexp.MustCompile(`checks explain ([a-z]+/[a-z-]+)`)
	commands := 0
	for _, page := range []string{"blocked.md", "exit-3.md", "owner.md", "ram.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(text), -1) {
			commands++
			line := m[1] + m[2]
			line, _, _ = strings.Cut(line, " -- ")
			line, _, _ = strings.Cut(line, " >")
			args := append(strings.Fields(line)[1:], "--help")
			if e := inProcess(t.Context(), environment(t.TempDir(), nil), args...); e.code != 0 {
				t.Errorf("%s: %s: %s", page, line, e.err)
			}
		}
	}
	if commands < 30 {
		t.Errorf("%d commands were tried", commands)
	}
	ids := 0
	for _, folder := range []string{"internal", "checks", "docs"} {
		err := filepath.WalkDir(filepath.Join("..", "..", folder), func(path string, d os.DirEntry, err error) error {
			if ext := filepath.Ext(path); err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || ext != ".go" && ext != ".md" {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range explain.FindAllStringSubmatch(string(text), -1) {
				ids++
				if _, known := catalog.Find(m[1]); !known {
					t.Errorf("%s: there is no check %s", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if ids < 5 {
		t.Errorf("%d ids were looked up", ids)
	}
}
