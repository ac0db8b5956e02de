package weakkey

import (
	"crypto/sha256"
	"encoding/hex"
)

// Published says where the private half of a public key can be read by anyone;
// "" for a key that is not in the list. spki is its SubjectPublicKeyInfo, DER.
// The list is small: keys that stand in documentation and test data which
// people copy from. Its absence proves nothing.
func Published(spki []byte) string {
	sum := sha256.Sum256(spki)
	return published()[hex.EncodeToString(sum[:])]
}

// published maps the SHA-256 of a SubjectPublicKeyInfo to where its key stands.
func published() map[string]string {
	const (
		goTLS   = "the examples of Go's crypto/tls"
		goTests = "the tests of Go's crypto/tls and crypto/x509"
		grpc    = "the test data of gRPC"
		zcrypto = "the test data of zcrypto"
	)
	return map[string]string{
		"226acd9b52f5731987d46521bbe02fa88045f9eb0c4a262690022d23cbb5eef2": goTLS,
		"ce3aa306f6b578932664a6ef81bead27247efec825737b4b4cf1c5676c099e8f": goTests,
		"e156fa5bb9673db29989c7bfd2faedda7df13f221df0a203b5701862a2b85757": goTests,
		"fc7575b99276181ddc2ceded6d0c4a423b025ae39a0a1f94363dd2545f0331a4": goTests,
		"e7c98a2e73e33d7de4216988d748b814cded1b9b9b73b7ea83eadfc99a8d827d": goTests,
		"9a9e5b0f404f4e2d4386e38b04ac91e535946dc2a7f8d84a31404b476e5c35e1": goTests,
		"540101906e8daff636d6cd4b16d3607921383c2aa511eebc4d49f3e58521f320": zcrypto,
		"0629b0c233dad4dd1adbad69ce64a533e8efac6701d59411115458984479f448": zcrypto,
		"80f9f3d524d60d78bd24e2466b71cafb38fba66d3b6f61008e650224738ad59c": grpc,
		"bf316d88c4133650ca6e3e209ed5357dde07a025679033aab3746a8f7e929a81": grpc,
		"d8e5c1148c31ab04e443449490e2e0915ae7d49abf9e2337ca60b0f08d96e5a8": grpc,
		"ba83b53b1fe7ad187af1961aa074260d1110bcf1d274586893388314afcb9f1a": grpc,
		"813b7772a21dcd5985d96b54e5f0e8ef9b374eececd9d887ab2825a699055b0f": grpc,
		"a0cf6f00c4f38149812fb1cec81c3e658414c1a0fcf5b344eb37324ced340886": grpc,
		"c36f2b4f37a5bfabca50ab8f9dc943b6c1635bfbedf0d52c992a8db8577473de": grpc,
		"1364d34d402def45b91e17a826d5182ef405d806bfccac3a5a2a9cb29370dfbe": grpc,
		"7989522d0b0789d02b0d500e89cc8f8e9fdf430616f5aa16fbb3c98a8fe23c4f": grpc,
		"024a7872c00bdb89d365b89bc6967cab25194c57669861e8359c5de54f474cac": grpc,
	}
}
