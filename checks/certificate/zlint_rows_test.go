//go:build corpora

package certificate

// property is a property that one of our rows and some lints of zlint both
// judge.
type property struct {
	row      string
	says     string // pattern of the row's finding about it
	lints    []string
	stricter string // why a file that passes these lints may fail the row; then only their findings are compared
}

func sameProperty() []property {
	return []property{
		{row: "names-are-well-formed", says: "has an underscore", lints: []string{
			"e_dnsname_underscore_in_sld", "w_dnsname_underscore_in_trd", "e_rfc_dnsname_underscore_in_sld", "w_rfc_dnsname_underscore_in_trd",
			"e_underscore_not_permissible_in_dnsname", "e_underscore_present_with_too_long_validity", "e_no_underscores_before_1_6_2",
			"e_underscore_permissible_in_dnsname_if_valid_when_replaced"}},
		{row: "names-are-well-formed", says: "an empty label", lints: []string{
			"e_dnsname_empty_label", "e_rfc_dnsname_empty_label", "e_san_dns_name_starts_with_period"}},
		{row: "names-are-well-formed", says: "more than 63", lints: []string{"e_dnsname_label_too_long", "e_rfc_dnsname_label_too_long"}},
		{row: "names-are-well-formed", says: "more than 253", lints: []string{"e_ext_san_dns_name_too_long"}},
		{row: "names-are-well-formed", says: "characters other than|has an underscore|has an asterisk", lints: []string{
			"e_dnsname_bad_character_in_label", "e_san_dns_name_includes_null_char", "e_ext_san_space_dns_name", "n_contains_redacted_dnsname"}},
		{row: "names-are-well-formed", says: "with a hyphen", lints: []string{"e_dnsname_hyphen_in_sld", "e_rfc_dnsname_hyphen_in_sld"}},
		{row: "names-are-well-formed", says: "has an asterisk", lints: []string{
			"e_dnsname_left_label_wildcard_correct", "e_dnsname_wildcard_only_in_left_label", "e_san_wildcard_not_first", "e_san_bare_wildcard"}},
		{row: "names-are-well-formed", says: "internal name", lints: []string{"e_dnsname_not_valid_tld"}},
		{row: "names-are-well-formed", says: "xn--", lints: []string{"e_international_dns_name_not_nfc", "e_international_dns_name_not_unicode"}},
		{row: "names-are-well-formed", says: "the common name", lints: []string{"e_subject_common_name_not_from_san", "e_subject_common_name_not_exactly_from_san"}},
		{row: "covers-domain", says: "wildcard over the public suffix", lints: []string{"n_dnsname_wildcard_left_of_public_suffix"}},
		{row: "covers-domain", says: "no DNS name in its subjectAltName", lints: []string{"e_ext_san_missing", "e_ext_san_no_entries"}},

		{row: "leaf-is-a-server-certificate", says: "is a CA certificate", lints: []string{"e_sub_cert_not_is_ca"}},
		{row: "leaf-is-a-server-certificate", says: "keyCertSign", lints: []string{"e_sub_cert_key_usage_cert_sign_bit_set", "e_ext_key_usage_cert_sign_without_ca"}},
		{row: "leaf-is-a-server-certificate", says: "path length", lints: []string{"e_path_len_constraint_improperly_included"}},
		{row: "leaf-is-a-server-certificate", says: "has .*extKeyUsage|more than TLS servers", lints: []string{
			"e_sub_cert_eku_missing", "e_sub_cert_eku_server_auth_client_auth_missing", "e_sub_cert_eku_check"}},
		{row: "leaf-is-a-server-certificate", says: "clientAuth", lints: []string{"e_client_auth_not_allowed"}},
		{row: "leaf-is-a-server-certificate", says: "version", lints: []string{"e_invalid_certificate_version"}},
		{row: "leaf-is-a-server-certificate", says: "version", lints: []string{"e_cert_extensions_version_not_3"},
			stricter: "a server's certificate without extensions is none"},

		{row: "lifetime-is-allowed", says: "was issued for", lints: []string{"e_tls_server_cert_valid_time_longer_than_398_days",
			"e_server_cert_valid_time_longer_than_200_days", "e_server_cert_valid_time_longer_than_100_days", "e_server_cert_valid_time_longer_than_47_days"}},
		{row: "lifetime-is-allowed", says: "was issued for", lints: []string{"e_sub_cert_valid_time_longer_than_39_months", "e_sub_cert_valid_time_longer_than_825_days"},
			stricter: "398 days apply at any date"},

		{row: "key-is-strong", says: "want at least 2048", lints: []string{"e_rsa_mod_less_than_2048_bits", "e_mp_modulus_must_be_2048_bits_or_more",
			"e_old_root_ca_rsa_mod_less_than_2048_bits"}},
		{row: "key-is-strong", says: "want at least 2048", lints: []string{"e_old_sub_cert_rsa_mod_less_than_1024_bits", "e_old_sub_ca_rsa_mod_less_than_1024_bits"},
			stricter: "2048 bits apply at any date"},
		{row: "key-is-strong", says: "multiple of 8", lints: []string{"e_mp_modulus_must_be_divisible_by_8"}},
		{row: "key-is-strong", says: "no private exponent", lints: []string{"e_mp_exponent_cannot_be_one", "e_rsa_public_exponent_too_small",
			"e_rsa_public_exponent_not_odd", "e_rsa_exp_negative"}},
		{row: "key-is-strong", says: "want 65537", lints: []string{"w_rsa_public_exponent_not_in_range"}},
		{row: "key-is-strong", says: "small prime factor", lints: []string{"w_rsa_mod_factors_smaller_than_752", "w_rsa_mod_not_odd"}},
		{row: "key-is-strong", says: "close together|square", lints: []string{"e_rsa_fermat_factorization"}},
		{row: "key-is-strong", says: "on the curve .*, want", lints: []string{"e_ec_improper_curves"}},
		{row: "key-is-strong", says: "do not accept in certificates", lints: []string{"e_public_key_type_not_allowed", "e_prohibit_dsa_usage", "e_br_prohibit_dsa_usage"}},
		{row: "has-enough-scts", says: "SCTs", lints: []string{"w_ct_sct_policy_count_unsatisfied"}},
		{row: "has-enough-scts", says: "SCTs", lints: []string{"e_empty_sct_list"}, stricter: "no list is not enough either"},
	}
}

// disagreements returns the differences between a row and a lint, each with the
// reason.
func disagreements() map[string]string {
	const (
		undated   = "stricter: since 2019-04-01 no name may have an underscore, and no certificate of before is valid"
		roots     = "left to lints-clean, whose table of top-level domains is dated: a row that knows no dates would refuse new ones"
		spelling  = "left to lints-clean: the rule is the CA's, and no client compares the spelling of a common name"
		otherUses = "left to lints-clean: a use that is only advised against"
		scts      = "the lint holds the policy of before 2022-04-15, which counted by months; both certificates would be too long now"
		inOrder   = "refused for what is worse: sizes come first, and an exponent without a private one before an unusual one"
	)
	return map[string]string{
		"e_underscore_permissible_in_dnsname_if_valid_when_replaced dNSNameUnderscoreValidWhenReplaced.pem": undated,

		"e_dnsname_not_valid_tld dnsNameNotValidTLD.pem":      roots,
		"e_dnsname_not_valid_tld dnsNameNotYetValidTLD.pem":   roots,
		"e_dnsname_not_valid_tld dnsNameNoLongerValidTLD.pem": roots,

		"e_international_dns_name_not_nfc dnsNamesNFC.pem": "stricter: the label decodes to the capital U+01E6, so it is NFC and still no A-label (RFC 5891 §4.2.2, RFC 5892 §2.2)",

		"e_subject_common_name_not_exactly_from_san SANCaseNotMatchingCNSeptember2021.pem": spelling,
		"e_subject_common_name_not_exactly_from_san CNPresentButEmpty.pem":                 spelling,

		"e_sub_cert_eku_check subExtKeyUsageServerAuthAndUnknown.pem": otherUses,

		"w_ct_sct_policy_count_unsatisfied ct38mo3SCTs.pem":  scts,
		"w_ct_sct_policy_count_unsatisfied ct666mo4SCTs.pem": scts,

		"w_rsa_public_exponent_not_in_range badRsaExp.pem":                 inOrder,
		"w_rsa_mod_factors_smaller_than_752 evenRsaMod.pem":                inOrder,
		"w_rsa_mod_not_odd evenRsaMod.pem":                                 inOrder,
		"e_rsa_fermat_factorization rsaFermatFactorizationSusceptible.pem": inOrder,
	}
}

// refusal is a reason why crypto/x509 does not parse a certificate.
type refusal struct{ reason, why string }

// refusals returns the reasons in zlint's test data. No client accepts all of
// them: Go's ends the handshake for each, and OpenSSL's too where stated.
func refusals() []refusal {
	return []refusal{
		{"contains a certificate revocation list", "no certificate"},
		{"IP constraint contained invalid mask", "a CA's constraint that no address can be compared with (RFC 5280 §4.2.1.10)"},
		{"authority info access incorrectly marked critical", "RFC 5280 §4.2.2.1; OpenSSL: unhandled critical extension"},
		{"subject key identifier incorrectly marked critical", "RFC 5280 §4.2.1.2; OpenSSL: unhandled critical extension"},
		{"authority key identifier incorrectly marked critical", "RFC 5280 §4.2.1.1; OpenSSL: unhandled critical extension"},
		{"SAN dNSName is malformed", "no IA5String (RFC 5280 §4.2.1.6)"},
		{"SAN uniformResourceIdentifier is malformed", "no IA5String (RFC 5280 §4.2.1.6)"},
		{"invalid certificate policies", "a policy twice (RFC 5280 §4.2.1.4)"},
		{"invalid inhibit any policy extension", "RFC 5280 §4.2.1.14"},
		{"inner and outer signature algorithm identifiers don't match", "RFC 5280 §4.1.1.2"},
		{"malformed GeneralizedTime", "RFC 5280 §4.1.2.5.2"},
		{"invalid RDNSequence: invalid attribute value: unsupported string type: 28", "UniversalString, which RFC 5280 §4.1.2.4 keeps for subjects of old"},
		{"RSA key missing NULL parameters", "RFC 3279 §2.3.1"},
		{"negative serial number", "RFC 5280 §4.1.2.2"},
		{"invalid version", "RFC 5280 §4.1.2.1"},
		{"invalid basic constraints", "a negative path length (RFC 5280 §4.2.1.9)"},
		{"empty name constraints extension", "RFC 5280 §4.2.1.10"},
		{"certificate contains duplicate extension with OID", "RFC 5280 §4.2"},
		{"invalid CRL distribution points", "RFC 5280 §4.2.1.13"},
	}
}
