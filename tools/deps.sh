#!/bin/sh
# deps.sh PACKAGE… — installs the Debian packages that are not there yet (as root, or with sudo).
set -eu
missing=
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing" >&2
run=
[ "$(id -u)" = 0 ] || run=sudo
$run apt-get update -q >&2
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -q --no-install-recommends $missing >&2
