#!/bin/sh
# embed.sh FOLDER OUT.c — the files of a folder as a table of bytes, for server/embed.h.
set -eu
folder=$1 out=$2
{
    echo '#include "server/embed.h"'
    n=0
    for f in $(cd "$folder" && find . -type f | LC_ALL=C sort); do
        name=${f#./}
        printf 'static const unsigned char file_%d[] = {\n' "$n"
        od -An -v -tu1 "$folder/$name" | sed 's/  */,/g; s/^,//; s/$/,/'
        printf '0};\n'
        n=$((n + 1))
    done
    echo 'const struct embedded EMBEDDED[] = {'
    n=0
    for f in $(cd "$folder" && find . -type f | LC_ALL=C sort); do
        printf '    {"/%s", file_%d, sizeof file_%d - 1},\n' "${f#./}" "$n" "$n"
        n=$((n + 1))
    done
    echo '    {0, 0, 0}};'
} >"$out.tmp"
mv "$out.tmp" "$out"
