package checktest_test

import (
	"context"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
)

// nameIsShort is a check of an embedding program. Its fixtures are the files
// testdata/acme/name-is-short/<status>-<slug>.yaml, and this test runs them:
//
//	func TestFixtures(t *testing.T) {
//		checktest.Run(t, os.DirFS("testdata"), []checks.Check{nameIsShort()})
//	}
func nameIsShort() checks.Check {
	return checks.Check{
		ID: "acme/name-is-short", Severity: checks.Error,
		Judge: func(s checks.Subject) checks.Verdict {
			name := s.Binding.DomainName
			if len(name) <= 20 {
				return checks.Pass()
			}
			return checks.Judge(checks.Fails("/domainName",
				fmt.Sprintf("got %q with %d characters, want at most 20", name, len(name)), "use a shorter name"))
		},
		Doc: checks.Doc{
			Title:      "The domain name is short",
			Why:        "Names are printed on cards of 20 characters.",
			Fix:        "Take a shorter name.",
			References: []string{"Acme, rules for names, section 3"},
			Failing:    "binding: {domainName: a-name-that-is-long.demo.com}",
			Passing:    "binding: {domainName: api.demo.com}",
		},
	}
}

// A program that embeds the gate adds its own checks to the catalogue.
func Example() {
	list, err := catalog.With(nameIsShort())
	if err != nil {
		fmt.Println(err)
		return
	}
	subject := checks.Subject{Binding: binding.Binding{DomainName: "orders-of-the-north.demo.com"}}
	results := checks.Run(context.Background(), list, nil, subject)
	last := results[len(results)-1]
	fmt.Println(last.ID, last.Status)
	fmt.Println(last.Findings[0].Message)
	// Output:
	// acme/name-is-short fail
	// got "orders-of-the-north.demo.com" with 28 characters, want at most 20
}
