package pki

// what is a kind of file in words: a predicate, and the ways on for someone who
// meant it as a certificate and for someone who meant it as a private key.
type what struct{ message, asCertificate, asKey string }

const (
	giveCertificate = "give the certificate that the CA issued, leaf first, then its intermediates"
	giveKey         = "give the private key that the certificate was requested with, in PEM"
)

// describe is the one table of what people hand in by mistake.
func describe(kind string) what {
	switch kind {
	case kindEmpty:
		return what{"is empty", giveCertificate, giveKey}
	case kindUTF16:
		return what{"is UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > FILE.pem", "iconv -f UTF-16 -t UTF-8 FILE > FILE.pem"}
	case kindDER:
		return what{"holds a certificate in DER form", "openssl x509 -inform DER -in FILE -out FILE.pem", giveKey}
	case kindCertificate:
		return what{"holds a certificate", giveCertificate, giveKey + "; are certificate.body and certificate.privateKey swapped?"}
	case kindTrusted:
		return what{"holds OpenSSL's TRUSTED CERTIFICATE form", "openssl x509 -in FILE -out FILE.pem", giveKey}
	case kindPKCS7:
		return what{"holds PKCS#7 (.p7b)", "openssl pkcs7 -in FILE -print_certs -out FILE.pem (with -inform DER where it is binary), then put the leaf first",
			"PKCS#7 cannot hold a private key; " + giveKey}
	case kindPKCS12:
		// As a whole file it is read; this one stands inside a PEM block.
		return what{"holds PKCS#12 in PEM", "take the PEM lines off: openssl base64 -d", "take the PEM lines off: openssl base64 -d"}
	case kindJKS:
		const convert = "keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12, and name FILE.p12 as certificate.body"
		return what{"holds a Java key store (JKS)", convert, convert}
	case kindCSR:
		return what{"holds a certificate signing request", "send the request to the CA and give the certificate that comes back", giveKey}
	case kindPrivateKey:
		return what{"holds a private key", giveCertificate + "; are certificate.body and certificate.privateKey swapped?",
			"openssl pkey -inform DER -in FILE -out FILE.pem"}
	case kindSSHKey:
		return what{"holds a key in OpenSSH's own form", giveCertificate, "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY"}
	case kindPublicKey:
		return what{"holds a public key", giveCertificate, giveKey}
	case kindCRL:
		return what{"holds a certificate revocation list", giveCertificate, giveKey}
	case kindParameters:
		return what{"holds key parameters", giveCertificate, giveKey}
	case kindText:
		return what{"holds text without any PEM block", giveCertificate, giveKey}
	case kindBinary:
		return what{"holds binary data of no known form", giveCertificate, giveKey}
	}
	return what{"holds something else", giveCertificate, giveKey}
}

// notCertificate is the Problem of a file of this kind where a certificate was wanted.
func notCertificate(kind string) *Problem {
	w := describe(kind)
	return &Problem{Kind: kind, Message: w.message + ", want certificates in PEM or PKCS#12", Fix: w.asCertificate}
}

// notKey is the Problem of a file of this kind where a private key was wanted.
func notKey(kind string) *Problem {
	w := describe(kind)
	message := w.message
	if kind == kindPrivateKey {
		message = "holds a private key in DER form"
	}
	return &Problem{Kind: kind, Message: message + ", want a private key in PEM", Fix: w.asKey}
}
