package pki

import (
	"fmt"
	"strings"
)

// what describes a kind of file: a predicate, and the next steps if it was
// given as a certificate and as a private key. DER is a placeholder for the
// option that OpenSSL needs for a file without PEM lines.
type what struct{ message, asCertificate, asKey string }

const (
	giveCertificate = "give the certificate that the CA issued, leaf first, then its intermediates"
	giveKey         = "give the private key that the certificate was requested with, in PEM"
	swapped         = " (certificate.body and certificate.privateKey, or --certificate and --private-key, may be swapped)"
	// The public key shows which of many files belongs to this one.
	byPublicKey = "; it is the one for which `openssl x509 -in CERTIFICATE -noout -pubkey` prints what this prints: "
	keyByPublic = "; it is the one for which `openssl pkey -in KEY -pubout` prints what this prints: "
)

// describe is the table of files given by mistake, and of how to fix them.
func describe(f found) what {
	switch f.kind {
	case kindDER:
		return what{"contains a certificate in DER form", "openssl x509 -inform DER -in FILE -out FILE.pem",
			giveKey + swapped + keyByPublic + "`openssl x509 -inform DER -in FILE -noout -pubkey`"}
	case kindCertificate:
		return what{"contains a certificate", `fix the labels: sed -E 's/(BEGIN|END) [A-Z0-9 ]+/\1 CERTIFICATE/' FILE > FILE.pem`, giveKey + swapped + keyByPublic + "`openssl x509 -in FILE -noout -pubkey`"}
	case kindTrusted:
		return what{"contains OpenSSL's TRUSTED CERTIFICATE form", "openssl x509 -in FILE -out FILE.pem, and append the intermediates",
			giveKey + keyByPublic + "`openssl x509 -in FILE -noout -pubkey`"}
	case kindPKCS7:
		return what{"contains PKCS#7 (.p7b)", "openssl pkcs7 DER-in FILE -print_certs -out FILE.pem, then put the leaf first: bindgate lint --certificate FILE.pem --domain NAME --write-chain CHAIN.pem",
			"PKCS#7 cannot contain a private key; " + giveKey}
	case kindCSR:
		return what{"contains a certificate signing request", "send the request to the CA and give the certificate that comes back" + byPublicKey + "`openssl req DER-in FILE -noout -pubkey`",
			giveKey + keyByPublic + "`openssl req DER-in FILE -noout -pubkey`"}
	case kindPublicKey:
		const print = "`openssl pkey -pubin DER-in FILE`"
		return what{"contains a public key", giveCertificate + byPublicKey + print, giveKey + keyByPublic + print}
	case kindCRL:
		return what{"contains a certificate revocation list", giveCertificate + "; the list goes to --crl: bindgate lint --certificate CERTIFICATE --domain NAME --crl FILE", giveKey}
	case kindParameters:
		return what{"contains key parameters without a key", giveCertificate, giveKey}
	case kindUnknown:
		return what{fmt.Sprintf("contains a block labelled %q", clip(f.label)), giveCertificate + ", each between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----", giveKey}
	}
	if w, ok := describeKey(f); ok {
		return w
	}
	if w, ok := describeSealed(f); ok {
		return w
	}
	return describeFile(f)
}

// describeKey covers private keys and key stores.
func describeKey(f found) (what, bool) {
	const otherKey = giveCertificate + swapped + byPublicKey + "`openssl pkey DER-in FILE -pubout`"
	switch f.kind {
	case kindPrivateKey:
		return what{"contains a private key", otherKey, "openssl pkey DER-in FILE -out FILE.pem"}, true
	case kindEncryptedKey:
		return what{"contains an encrypted private key", otherKey, "openssl pkey DER-in FILE -aes256 -out FILE.pem"}, true
	case kindSSHKey:
		return what{"contains a private key in OpenSSH format", giveCertificate, "convert a copy: cp FILE FILE.pem && ssh-keygen -p -m PKCS8 -f FILE.pem"}, true
	case kindSSHPublic:
		return what{"contains an SSH public key", giveCertificate, giveKey + "; the SSH private key usually has the same name without .pub: ssh-keygen -p -m PKCS8 -f COPY converts a copy of it"}, true
	case kindPuTTYKey:
		return what{"contains a PuTTY private key (.ppk)", giveCertificate, "puttygen FILE -O private-openssh -o FILE.pem"}, true
	case kindPGP:
		return what{"contains an OpenPGP block", giveCertificate + "; OpenPGP keys are of another kind: gpg --show-keys FILE", giveKey + "; OpenPGP keys are of another kind: gpg --show-keys FILE"}, true
	case kindPGPMessage:
		const decrypt = "decrypt it first: gpg --decrypt --output FILE.pem FILE"
		return what{"contains an OpenPGP message", decrypt, decrypt}, true
	case kindPKCS12:
		// A whole file of PKCS#12 is supported; this one is inside a PEM block.
		const bare = "remove the PEM lines: sed /-----/d FILE | base64 -d > FILE.p12"
		return what{"contains PKCS#12 in PEM", bare, bare}, true
	case kindJKS, kindJCEKS:
		convert := "keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12, and name FILE.p12 as certificate and as private key, with passphraseEnv"
		name := "JKS"
		if f.kind == kindJCEKS {
			convert, name = strings.Replace(convert, "FILE ", "FILE -srcstoretype JCEKS ", 1), "JCEKS"
		}
		return what{"contains a Java key store (" + name + ")", convert, convert}, true
	}
	return what{}, false
}

// describeSealed covers placeholders for the wanted file: pointers to it, and
// its encrypted forms from tools that keep secrets in Git.
func describeSealed(f found) (what, bool) {
	both := func(message, fix string) (what, bool) { return what{message, fix, fix}, true }
	const field = "extract its field: yq -r '.data.\"tls.%s\"' FILE | base64 -d > FILE.pem (of JSON: jq -r)"
	switch f.kind {
	case kindGitLFS:
		return both("is a pointer of Git LFS, not the file", "fetch the file: git lfs install && git lfs pull --include FILE; in CI check out with LFS (GitHub: lfs: true, GitLab: GIT_LFS_SKIP_SMUDGE: 0)")
	case kindGitAnnex:
		return both("is a pointer of git-annex, not the file", "fetch the file: git annex get FILE")
	case kindGitCrypt:
		return both("is encrypted by git-crypt", "unlock the working tree first: git-crypt unlock KEYFILE, or git-crypt unlock with the GPG key of a collaborator")
	case kindVault:
		return both("is encrypted by ansible-vault", "ansible-vault decrypt --output FILE.pem FILE, and keep FILE.pem out of Git")
	case kindSOPS:
		return both("is encrypted by SOPS", "sops --decrypt FILE > FILE.pem, with --extract '[\"FIELD\"]' where it is one field of several, and keep FILE.pem out of Git")
	case kindAge:
		return both("is encrypted by age", "age --decrypt -i IDENTITY -o FILE.pem FILE, and keep FILE.pem out of Git")
	case kindOpenSSLEnc:
		return both("is encrypted by openssl enc", "decrypt it with the cipher that encrypted it: openssl enc -d -aes-256-cbc -pbkdf2 -in FILE -out FILE.pem")
	case kindSecret:
		return what{"is the YAML or JSON of a Kubernetes Secret", fmt.Sprintf(field, "crt"), fmt.Sprintf(field, "key")}, true
	case kindSealed:
		return both("is a SealedSecret, which only the cluster can decrypt", "ask the cluster: kubectl get secret NAME -o jsonpath='{.data.tls\\.crt}' | base64 -d > FILE.pem (the key: tls\\.key)")
	case kindPath:
		return both("contains one path and no PEM: a symbolic link that Git checked out as text, or a path in place of the file",
			"name the file that the path points to; links come back with git config core.symlinks true && git checkout -- FILE")
	}
	return what{}, false
}

// describeFile covers whole files without PEM.
func describeFile(f found) what {
	both := func(message, fix string) what { return what{message, fix, fix} }
	switch f.kind {
	case kindEmpty:
		return what{"is empty", giveCertificate + "; the program that wrote it has failed: ls -l FILE", giveKey + "; the program that wrote it has failed: ls -l FILE"}
	case kindUTF16:
		return both("is UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE > FILE.pem")
	case kindUTF16LE:
		return both("is UTF-16 text", "iconv -f UTF-16LE -t UTF-8 FILE > FILE.pem")
	case kindUTF16BE:
		return both("is UTF-16 text", "iconv -f UTF-16BE -t UTF-8 FILE > FILE.pem")
	case kindGzip:
		return both("is compressed with gzip", "gunzip -c FILE > FILE.pem")
	case kindZIP:
		return both("is a ZIP archive", "unzip FILE, and name the .pem or .crt inside as the certificate and the .key as the private key")
	case kindHTML:
		return both("contains a web page", "fetch the file itself: curl -fL -o FILE.pem URL fails instead of saving a log-in or error page")
	case kindJSON:
		return both("contains PEM inside JSON", "extract the text of the field: jq -r .FIELD FILE > FILE.pem")
	case kindBase64:
		return both(base64Of(f.inner))
	case kindText:
		return what{"contains text without any PEM block", giveCertificate, giveKey}
	}
	return what{"contains binary data of unknown form", giveCertificate, giveKey}
}

// base64Of describes base64 text without BEGIN and END lines.
func base64Of(inner string) (message, fix string) {
	const decode = "base64 -d < FILE "
	switch inner {
	case ContainerPEM:
		return "contains PEM that is encoded in base64 again", decode + "> FILE.pem"
	case kindPKCS12:
		return "contains PKCS#12 that is encoded in base64", decode + "> FILE.p12"
	case kindCertificate:
		return "contains a certificate in base64 without BEGIN and END lines", decode + "| openssl x509 -inform DER -out FILE.pem"
	case kindPrivateKey, kindEncryptedKey:
		return "contains a private key in base64 without BEGIN and END lines", decode + "| openssl pkey -inform DER -out FILE.pem"
	case kindPKCS7:
		return "contains PKCS#7 in base64 without BEGIN and END lines", decode + "| openssl pkcs7 -inform DER -print_certs -out FILE.pem"
	}
	return "contains base64 text without BEGIN and END lines", decode + "| openssl asn1parse -inform DER shows its structure"
}

// notCertificate is the Problem of a file given as a certificate.
func notCertificate(f found) *Problem {
	w := describe(f)
	return &Problem{Kind: f.kind, Message: w.message + f.where() + ", want certificates in PEM or PKCS#12", Fix: f.form(w.asCertificate)}
}

// notKey is the Problem of a file given as a private key.
func notKey(f found) *Problem {
	w := describe(f)
	if f.place == "" && (f.kind == kindPrivateKey || f.kind == kindEncryptedKey) {
		w.message += " in DER form"
	}
	return &Problem{Kind: f.kind, Message: w.message + f.where() + ", want a private key in PEM or PKCS#12", Fix: f.form(w.asKey)}
}

// where names the block, and its label if that is wrong.
func (f found) where() string {
	switch {
	case f.place == "":
		return ""
	case f.kind == kindUnknown || kindOfLabel(f.label) == f.kind || kindOfLabel(f.label) == kindPrivateKey && f.kind == kindEncryptedKey:
		return " at " + f.place
	}
	return fmt.Sprintf(" at %s, which is labelled %s", f.place, clip(f.label))
}

// form inserts the option for DER.
func (f found) form(fix string) string {
	if f.place == "" {
		return strings.ReplaceAll(fix, "DER-in", "-inform DER -in")
	}
	return strings.ReplaceAll(fix, "DER-in", "-in")
}
