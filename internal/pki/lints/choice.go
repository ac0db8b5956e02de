package lints

import (
	"slices"
	"strings"
	"time"

	"github.com/zmap/zlint/v3/lint"
)

// choose returns the lints of a profile for leaves or for intermediates, by
// name.
func choose(public, issuer bool) []*lint.CertificateLint {
	var chosen []*lint.CertificateLint
	for _, l := range lint.GlobalRegistry().CertificateLints().Lints() {
		if !fromSource(l.Source, public) || slices.Contains(skipped(), l.Name) || issuer && !slices.Contains(forIssuers(), l.Name) {
			continue
		}
		chosen = append(chosen, undated(l))
	}
	slices.SortFunc(chosen, func(a, b *lint.CertificateLint) int { return strings.Compare(a.Name, b.Name) })
	return chosen
}

// undated removes the effective date from a lint of an RFC: the issuer chooses
// notBefore, and clients apply current rules. Rules of the CA/Browser Forum
// bind a CA from a date on, and keep it.
func undated(l *lint.CertificateLint) *lint.CertificateLint {
	if !fromRFC(l.Source) {
		return l
	}
	clone := *l
	clone.EffectiveDate = time.Time{}
	return &clone
}

func fromRFC(s lint.LintSource) bool { return strings.HasPrefix(string(s), "RFC") }

// tolerated returns lints of RFCs that valid private CAs violate by default
// (cert-manager with ECDSA keys, Vault, OpenSSL's v3_req): all clients accept
// such key usages and criticality, so they are warnings in profile private.
func tolerated() []string {
	return []string{
		"e_basic_constraints_not_critical", "e_ecdsa_allowed_ku", "e_ext_authority_key_identifier_critical",
		"e_ext_aia_marked_critical", "e_ext_freshest_crl_marked_critical", "e_ext_name_constraints_not_critical",
		"e_ext_policy_constraints_not_critical", "e_ext_san_not_critical_without_subject", "e_ext_subject_directory_attr_critical",
		"e_ext_subject_key_identifier_critical", "e_inhibit_any_policy_not_critical",
		"e_key_usage_and_extended_key_usage_inconsistent", "e_rsa_allowed_ku_ca", "e_rsa_allowed_ku_ee",
		"e_rsa_allowed_ku_no_encipherment_ca", "e_subject_info_access_marked_critical",
	}
}

// fromSource selects sources: RFCs bind a private CA, the rules of a forum that
// it is no member of do not.
func fromSource(s lint.LintSource, public bool) bool {
	if fromRFC(s) {
		return true
	}
	return public && slices.Contains([]lint.LintSource{lint.CABFBaselineRequirements, lint.CABFEVGuidelines, lint.MozillaRootStorePolicy,
		lint.AppleRootStorePolicy, lint.ChromeRootStorePolicy, lint.Community}, s)
}

// skipped returns lints whose findings need no action.
func skipped() []string {
	return []string{
		"w_ext_subject_key_identifier_missing_sub_cert", // Baseline Requirements §7.1.2.7.6 advise against it in leaves
		"w_subject_common_name_included",                // allowed by §7.1.4.3, and in nearly every certificate
		"w_ct_sct_policy_count_unsatisfied",             // certificate/has-enough-scts judges it
	}
}

// forIssuers returns the lints that concern the form of a CA certificate. It
// omits what the owner of an intermediate cannot change and no client checks.
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
