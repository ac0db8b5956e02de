package weakkey

import (
	"crypto/sha256"
	"encoding/hex"
)

// Published returns where the private key of a public key is published, "" if
// the key is not in the list. spki is its SubjectPublicKeyInfo, DER. The list
// is small: keys printed in RFCs, and keys in documentation and test data that
// people copy and whose size and kind would otherwise pass. Absence proves
// nothing.
func Published(spki []byte) string {
	sum := sha256.Sum256(spki)
	return published(hex.EncodeToString(sum[:]))
}

// published finds keys by the SHA-256 of their SubjectPublicKeyInfo. A switch
// needs no initialisation; a map would be built for each key.
func published(digest string) string {
	switch digest {
	case "8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878",
		"96465ea5dc9bb2da7b351d808a7196e5761f2412a5040131c68d719aaba28fb9",
		"b2b04340cfaee616ec9c2c62d261b208e54bb197498df52e8cadede23ac0ba5e",
		"c4c10105a0be0ed4dd3354428dc38a9bfee64da141ce16e75c94eda272f9dd3a",
		"acb1b8327fef995e2458fdf5e3c33b2dc0749feabd6a894cb9bda9d70ac06c24":
		return "RFC 9500 (keys for tests)"
	case "4cebf02cf648a32441326ee9556100a8949cc9715c83c90a32da145d72157c42",
		"7b7dad101d0192ed185473150dfd5ea8bf251773a28f15d65b55823ff9e4673a":
		return "RFC 6605 (examples of DNSSEC)"
	case "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4",
		"2f95601fa82060b909bfc6b979dbd303d34d34e0afb27ea496beac362f242a4b",
		"2fb6d46385242ea4ad431f7175e7014eb74a5fc60f65b50ca54cc23c5b08de38":
		return "RFC 6979 (test vectors)"
	case "2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827",
		"9146ce73d6abeda5e0ab6926e7bd9b563f2f2258b488d520534a0b84ba5871df":
		return "RFC 7515 (examples of JWS)"
	case "ad32320cf6c596d884b05381ba573aba8ddd5749b4de8f4a23a79f9a89ddaeb2",
		"51b944cdfa544d4c3273aa6bf350625a7dd53bbb6a71723274f538b19a207760":
		return "RFC 7517 (examples of JWK)"
	case "1b50d9a1d7f6619f0362fe9382506259cb44afdd1dc3083c927cab36f2ebf79b",
		"c6479a15a50ac4cd9b6414e27c69bf37345dc1046dc648875c4898fbd35cc74b",
		"627771f25da426d1f9ae315e42106d700b1529850eee1592acf39603959d795d",
		"c8579d8d878fb8eab2a6f1e714c92118b9960e1478ed906496255ed405db1636":
		return "RFC 7520 (examples of JOSE)"
	case "85d88f0cf324e225ac82e0b52904867fbc9ce43c74f248865ca69d3c27c2f297":
		return "RFC 8696 (an example of CMS)"
	case "cd543d56f646059af4890457776dfdce49314088cd092b1274f62b5d4a595736":
		return "RFC 8946 (an example of PASSporT)"
	case "49a768630145afd3bbf9b23c26cff109b31790c1523ddfc1a2a08055c0b537a7":
		return "RFC 9216 (sample certificates of S/MIME)"
	case "d9eba436fe2c372caedf0d3093edc5057346cde613fa246af5ea0e3635438868":
		return "RFC 9635 (an example of GNAP)"
	case "ceffacba831d3d02fd27294196734bed4e382671b7eba9ec6f235880493cb68f":
		return "the test data of badkeys (its modulus shares a prime with another one)"
	case "027ccdcaff80154b7bb55057357d59990e4dc401938a4065c3195508391531c5":
		return "the npm package browser-sync (certs/server.key)"
	case "a0eb5a3d1414086256cfd994b4afe2c759376087269d7cede24af0dd95c30ab6",
		"c3e2fc4b8742a19c114912a4fcdd9d0c58e3481c6eb4ce447b778bb7edfdde83",
		"8064304dc78d97bb96dcf71c5edeb7abe8412efeab98972a9749df0ab065ad37",
		"0a8b54336a8f109dbf0f1cf6f8ba46f9e31aeaf0c07af3fa56868f0487d895da",
		"990c02b92948ebe7dd937acf1ee7bda652aee927ae71dcaa027a28d8df0a23fe":
		return "the tests of Python's ssl module"
	case "226acd9b52f5731987d46521bbe02fa88045f9eb0c4a262690022d23cbb5eef2":
		return "the examples of Go's crypto/tls"
	case "ce3aa306f6b578932664a6ef81bead27247efec825737b4b4cf1c5676c099e8f",
		"e156fa5bb9673db29989c7bfd2faedda7df13f221df0a203b5701862a2b85757",
		"fc7575b99276181ddc2ceded6d0c4a423b025ae39a0a1f94363dd2545f0331a4",
		"e7c98a2e73e33d7de4216988d748b814cded1b9b9b73b7ea83eadfc99a8d827d",
		"9a9e5b0f404f4e2d4386e38b04ac91e535946dc2a7f8d84a31404b476e5c35e1",
		"6c6f211b38eb2e24d0e1f042e8da8245fccf15fa415afcf62284bea8f5cca4f3":
		return "the tests of Go's crypto packages"
	case "80d16dd09f339647146545d08c110d12ba3252d2dff395fea3fca20bff211c26",
		"b1a7f4c236dc1e0d3ba2e0cde7f2a5238aa533a1e3becb4e5461ea03b49477b3",
		"d3212c4f046f47a2b1c63a58f396a2d1fafa0d716c928f4a534982a2498ae78b",
		"d9aaacdecccfdf1aa1e7dac87c67e799bf72b1ce4f8940be58225f0fa34d6e40",
		"f7fa6aa81a73361c7084cf677dd1b96c56911578a239d19816bd661fe503d269",
		"7aad97fe2cbf390177718819a2d617766cea3aa394053e574ebe2354fefef0a2",
		"2e984af2cc8e11a04fdf8683f8486868b5113f26edcacc2f569e43825cb65be1",
		"020a47c329ecdda36aa11e5d01b4cf1264e81a301213a7d6fb4fb473113ec692",
		"2ee7ac2500ad97e8addb5e1965cd4b7fb6ab60555ce34391328d2e7b613cc9fa":
		return "the tests of golang.org/x/crypto"
	case "80f9f3d524d60d78bd24e2466b71cafb38fba66d3b6f61008e650224738ad59c",
		"bf316d88c4133650ca6e3e209ed5357dde07a025679033aab3746a8f7e929a81",
		"d8e5c1148c31ab04e443449490e2e0915ae7d49abf9e2337ca60b0f08d96e5a8",
		"ba83b53b1fe7ad187af1961aa074260d1110bcf1d274586893388314afcb9f1a",
		"813b7772a21dcd5985d96b54e5f0e8ef9b374eececd9d887ab2825a699055b0f",
		"a0cf6f00c4f38149812fb1cec81c3e658414c1a0fcf5b344eb37324ced340886",
		"c36f2b4f37a5bfabca50ab8f9dc943b6c1635bfbedf0d52c992a8db8577473de",
		"1364d34d402def45b91e17a826d5182ef405d806bfccac3a5a2a9cb29370dfbe",
		"7989522d0b0789d02b0d500e89cc8f8e9fdf430616f5aa16fbb3c98a8fe23c4f",
		"024a7872c00bdb89d365b89bc6967cab25194c57669861e8359c5de54f474cac",
		"97814711f3e00266aaba86066a7ff26592284fa3a2eb1a6ea71eeb4bac24b030":
		return "the test data of gRPC"
	case "43f08ddf8292af7450658230fdaaabfc634722fd11a130eec4c3a23e5243d31f",
		"eb8f9a47ca94a2dbeb69cdfe276ce062a634fcd8230130c3cfafdec3511dc5d6",
		"31bd352426e4b5f451a505f985085b5628e7dbaf18464506a3b025edf490e6e3",
		"801758e82d48765916f9b6057337269ba3c5a06aaa786dc0091bf1893b28be04",
		"d235a0da33a1442d4e5991ec8d58ee64ddda63112c4925c06f2697c07799c37d":
		return "the test data of s2a-go"
	case "58a28e63c4d16607f1454a4d6756b3ce99ee197a11eb8c6b66204d583f7be4e3",
		"e8be14a272944df526a9cc3537277cb31671002199c00c01b7cdf6622c3373b3",
		"51eca1633e625ec9fb652b71c66fa7730421d56971e022cac7f4a85516cfd04c",
		"8ecfe20f0588ade0367708e566f045a40a5251ff1aa28001ccad80018dc65a26",
		"b360ec79d601eef4ea16f170d4fb099362ea1adf671f63ab543e72dcd88830f3",
		"3033a8341762b161fe3ebeed24b3dab279c1aeddbeba7d4acac6de9e042d826e",
		"2687242d0962c819a3de674700949bb24a5da72e7cd95dc65975ca9d11469089",
		"8a8992f496beff7755974186ce1ff7b3f46bdb8f10c08819219e5ce3d6dc4a8a",
		"1476a760b5d7b19eb93bdf15f10fb6fdd89e2d222129cce4bed4502261ba77bd",
		"645e58982e661d79ec0b3746d516ff27385e289698ab83799a97344ca64a67b6",
		"ec3b62783864c4ef6ce1b728ea2b38df0fb88ddc9f053d2a8df223b978596254":
		return "the tests of Open Policy Agent"
	case "b00983b618fc4e79818c247b2ccf06b99bd2a38d386999f32f0cc0bd537bfdad",
		"c44a039fdb96f9d159847e2774bea622dde5f7997b31e29fb606fb13a3dab7eb",
		"83b1c5257dda20adb430f5310f888d10c6e76f8782a104ecd7db45f11b306cab",
		"6a304d2485620c8bc97364367253002f2eb0a1f1e2f972c7f83eb3ac5fade81e":
		return "the tests of go-spiffe"
	case "540101906e8daff636d6cd4b16d3607921383c2aa511eebc4d49f3e58521f320",
		"0629b0c233dad4dd1adbad69ce64a533e8efac6701d59411115458984479f448":
		return "the test data of zcrypto"
	case "d84934f4720a211a23d7b3161dd0c89cfc9b91ec570e7f5b87c8aedbf1719c70",
		"333f334ff3f069edc27df006c9bf83d4236643f029bd5f56ab644d0d93c5252f":
		return "the tests of OpenTelemetry for Go"
	case "b2d806c46bff919443ffa1e4f4a5777fdc63db6a76edceffafa4ffc73d1c5957":
		return "the test data of prometheus/common"
	case "513a73588186347547200352ec1345a1b0dacb64ae9b329f93e0391929492898":
		return "the test certificates of lib/pq"
	case "37cb43bb6cfcef89b0fae66f8a9f2f794e1764c3483dd0e3da03ffded5b9244f":
		return "the test server of gmsm"
	case "284ed085178654eee3937773da6bb3779927dc31675a9fadc76ee0467a03e66e":
		return "the tests of miekg/dns"
	}
	return ""
}
