package apig

import (
	"cmp"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// certificateNameIsFree is apig/certificate-name-is-free.
func certificateNameIsFree() checks.Check {
	return checks.Check{
		ID: "apig/certificate-name-is-free", Severity: checks.Error,
		Needs: []evidence.Need{evidence.NeedStore, evidence.NeedCertificate},
		Applies: func(b binding.Binding) (bool, string) {
			if ok, why := target.Gateway(b); !ok {
				return ok, why
			}
			return b.Certificate != nil && b.Certificate.CASID == "", "the binding uploads no certificate"
		},
		Judge: judgeNameIsFree,
		Doc: checks.Doc{
			Title: "No other certificate of the store has the name of the one to upload",
			Why: "Names are unique in the certificate store, and no call replaces a certificate under its name: every renewal is a new " +
				"certificate with a new name. With the old name the upload is refused.",
			Fix:        "Give the renewed certificate a new name, such as api_demo_com_2026_11.",
			References: []string{"Alibaba Cloud, Certificate Management Service, UploadUserCertificate (2020-04-07): the name must be unique in the account"},
			Failing:    "base: apig\nload: {certificate: sound.pem}\nevidence: {store: {facts: {sameName: true}}}",
			Passing:    "base: apig\nload: {certificate: sound.pem}",
		},
	}
}

func judgeNameIsFree(s checks.Subject) checks.Verdict {
	store, name := s.Evidence.Store.Facts, s.Binding.Certificate.Name
	switch c, v := reused(s); {
	case c != nil:
		return checks.NotApplicable(fmt.Sprintf("the store holds the certificate already, as %s", bounded(c.CertIdentifier)))
	case len(s.Evidence.Certificate.Facts.Chain) == 0:
		return *v
	case store.SameName:
		return checks.Judge(checks.Fails("/certificate/name", fmt.Sprintf("another certificate of the store has the name %q, and names are unique there", name),
			"give this certificate another name, for example with its month"))
	case !store.Complete:
		return checks.Unknown("whether the name is free is not known: " + cmp.Or(store.Problem, "the store was not read whole"))
	}
	return checks.Pass()
}
