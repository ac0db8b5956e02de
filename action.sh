#!/usr/bin/env bash
# Downloads a release of bindgate for the machine of the job, and unpacks it into FOLDER if its
# checksum is the one that the workflow names. action.yml runs it.
#
#   VERSION=v0.1.0 SHA256=… MIRROR=https://… action.sh FOLDER
set -euo pipefail
folder=${1:?usage: action.sh FOLDER}
fail() { echo "::error::installing bindgate: $1" >&2; exit 1; }
[[ $VERSION =~ ^v[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$ ]] || fail "got the version $VERSION; want one such as v0.1.0"
[[ $SHA256 =~ ^[0-9a-f]{64}$ ]] || fail "sha256 is not 64 lower-case hexadecimal digits; copy it from the release's checksums file"
case $(uname -s) in
Linux) os=linux kind=tar.gz ;;
Darwin) os=darwin kind=tar.gz ;;
MINGW* | MSYS* | CYGWIN*) os=windows kind=zip ;;
*) fail "there is no release for $(uname -s)" ;;
esac
case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) fail "there is no release for $(uname -m)" ;;
esac
archive=bindgate_${VERSION#v}_${os}_$arch.$kind
mkdir -p "$folder"
curl -fsSL --retry 3 --max-filesize 100000000 -o "$folder/$archive" "$MIRROR/$VERSION/$archive" || fail "downloading $MIRROR/$VERSION/$archive failed"
if command -v sha256sum >/dev/null; then sum=$(sha256sum "$folder/$archive"); else sum=$(shasum -a 256 "$folder/$archive"); fi
if [ "${sum%% *}" != "$SHA256" ]; then
	rm -f "$folder/$archive"
	fail "$archive has the SHA-256 ${sum%% *}, want $SHA256; nothing was unpacked"
fi
case $kind in
zip) unzip -q -o "$folder/$archive" bindgate.exe -d "$folder" ;;
*) tar -xzf "$folder/$archive" -C "$folder" bindgate ;;
esac
rm -f "$folder/$archive"
