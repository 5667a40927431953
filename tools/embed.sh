#!/bin/sh
# embed.sh FOLDER OUT.c — the files of a folder as a table of bytes, for server/embed.h; the description
# of the API, turned into JSON; and the playbooks.
set -eu
folder=$1 out=$2
openapi=$out.openapi.json
book=''
python3 "$(dirname "$0")/openapi.py" api/openapi.yaml >"$openapi"

bytes() { # FILE NUMBER
    printf 'static const unsigned char file_%d[] = {\n' "$2"
    od -An -v -tu1 "$1" | sed 's/  */,/g; s/^,//; s/$/,/'
    printf '0};\n'
}

{
    echo '#include "server/embed.h"'
    n=0
    for f in $(cd "$folder" && find . -type f | LC_ALL=C sort); do
        bytes "$folder/${f#./}" "$n"
        n=$((n + 1))
    done
    bytes "$openapi" "$n"
    echo 'const struct embedded EMBEDDED[] = {'
    n=0
    for f in $(cd "$folder" && find . -type f | LC_ALL=C sort); do
        printf '    {"/%s", file_%d, sizeof file_%d - 1},\n' "${f#./}" "$n" "$n"
        n=$((n + 1))
    done
    printf '    {"/openapi.json", file_%d, sizeof file_%d - 1},\n' "$n" "$n"
    echo '    {0, 0, 0}};'
    for f in playbooks/*/playbook.json; do
        n=$((n + 1))
        bytes "$f" "$n"
        book="$book
    {\"$(basename "$(dirname "$f")")\", file_$n, sizeof file_$n - 1},"
    done
    echo "const struct embedded PLAYBOOKS[] = {$book {0, 0, 0}};"
} >"$out.tmp"
mv "$out.tmp" "$out"
