package lints

import (
	"slices"
	"strings"

	"github.com/zmap/zlint/v3/lint"
)

// choose gives the lints of a profile for leaves or for intermediates, by name.
func choose(public, issuer bool) []*lint.CertificateLint {
	var chosen []*lint.CertificateLint
	for _, l := range lint.GlobalRegistry().CertificateLints().Lints() {
		if !fromSource(l.Source, public) || slices.Contains(leftOut(), l.Name) || issuer && !slices.Contains(forIssuers(), l.Name) {
			continue
		}
		chosen = append(chosen, l)
	}
	slices.SortFunc(chosen, func(a, b *lint.CertificateLint) int { return strings.Compare(a.Name, b.Name) })
	return chosen
}

// fromSource: a private CA has agreed to RFCs, not to the rules of a forum that
// it is no member of.
func fromSource(s lint.LintSource, public bool) bool {
	if strings.HasPrefix(string(s), "RFC") {
		return true
	}
	return public && slices.Contains([]lint.LintSource{lint.CABFBaselineRequirements, lint.MozillaRootStorePolicy,
		lint.AppleRootStorePolicy, lint.ChromeRootStorePolicy, lint.Community}, s)
}

// leftOut are lints that say of sound certificates what nobody should act on.
func leftOut() []string {
	return []string{
		"w_ext_subject_key_identifier_missing_sub_cert", // Baseline Requirements §7.1.2.7.6 advise against it in leaves
		"w_subject_common_name_included",                // allowed by §7.1.4.3, and in nearly every certificate
		"w_ct_sct_policy_count_unsatisfied",             // certificate/has-enough-scts judges it
	}
}

// forIssuers are the lints that speak of a CA certificate's form. What of an
// intermediate its owner cannot change and no client looks at is left out.
func forIssuers() []string {
	return []string{
		"e_basic_constraints_not_critical", "e_ca_key_cert_sign_not_set", "e_ca_key_usage_missing", "e_ca_subject_field_empty",
		"e_ext_subject_key_identifier_missing_ca", "e_ext_duplicate_extension", "e_ext_key_usage_without_bits",
		"e_ext_san_no_entries", "e_incorrect_ku_encoding", "e_invalid_certificate_version", "e_issuer_field_empty",
		"e_name_constraint_empty", "e_path_len_constraint_improperly_included", "e_path_len_constraint_zero_or_less",
		"e_rsa_mod_less_than_2048_bits", "e_rsa_public_exponent_not_odd", "e_rsa_public_exponent_too_small",
		"e_serial_number_longer_than_20_octets", "e_serial_number_not_positive", "e_signature_algorithm_not_supported",
		"e_sub_ca_certificate_policies_missing", "e_validity_time_not_positive", "e_wrong_time_format_pre2050",
		"w_rsa_mod_factors_smaller_than_752", "w_sub_ca_eku_critical",
	}
}
