#!/bin/sh
# lint.sh — the house rules that a machine can check: layers, lengths, banned calls, symbols of the
# engine, headers that compile alone, kill points, format. Each fault is one line; any fault fails.
set -u
cd "$(dirname "$0")/.." || exit 2
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT
say() { printf '%s\n' "$*" >>"$faults"; }

# Layers: a file may include its own folder and lines of src/LAYERS above its own.
awk '
    FILENAME == "src/LAYERS" { for (i = 1; i <= NF; i++) level[$i] = FNR; next }
    /^#include "/ {
        split(FILENAME, at, "/"); mine = at[2]
        file = $2; gsub(/"/, "", file)
        n = split(file, to, "/")
        if (n == 1) { print FILENAME ":" FNR ": include by folder: \"" file "\""; next }
        other = to[1]
        if (other == mine) next
        if (!(other in level)) { print FILENAME ":" FNR ": folder not in src/LAYERS: " other; next }
        if (level[other] >= level[mine] && !(FILENAME ~ /_test\.c$/ && level[other] <= level[mine]))
            print FILENAME ":" FNR ": " mine " may not include " other
    }' src/LAYERS src/*/*.c src/*/*.h src/*/*.cc >>"$faults"

# Lengths: sources 1000 lines, functions 70 (from the line of the brace in column 1 to its end).
wc -l src/*/*.c src/*/*.h src/*/*.cc test/*.c fuzz/*.c bench/*.c 2>/dev/null |
    awk '$2 != "total" && $1 > 1000 { print $2 ": " $1 " lines, 1000 are the limit" }' >>"$faults"
awk 'FNR == 1 { open = 0 } /^\{/ { open = FNR } /^\}/ { if (open && FNR - open > 71) print FILENAME ":" open ": a function of " FNR - open - 1 " lines, 70 are the limit"; open = 0 }' \
    src/*/*.c fuzz/*.c bench/*.c 2>/dev/null >>"$faults"

# Calls that are never right here.
grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|rand|srand|system|popen)\(' \
    src/*/*.c src/*/*.cc src/*/*.h | grep -v '_test\.c:' | sed 's/$/  (banned call)/' >>"$faults"
grep -nE '\b(TODO|FIXME|XXX|HACK)\b' src/*/*.[ch] src/*/*.cc test/* 2>/dev/null >>"$faults"

# Kill points: used ones are listed, listed ones are used.
grep -ohE 'KILL_POINT\([^,]+, *"[^"]+"' src/*/*.c | sed 's/.*"\(.*\)"/\1/' | sort -u >/tmp/lint-used.$$
grep -oE 'X\("[^"]+"' src/env/kill_points.h | sed 's/.*"\(.*\)"/\1/' | sort -u >/tmp/lint-listed.$$
comm -23 /tmp/lint-used.$$ /tmp/lint-listed.$$ | sed 's/^/kill point not in kill_points.h: /' >>"$faults"
comm -13 /tmp/lint-used.$$ /tmp/lint-listed.$$ | sed 's/^/kill point that no code has: /' >>"$faults"
rm -f /tmp/lint-used.$$ /tmp/lint-listed.$$

# Threads are started in server and main only (providers work on the loop they are given).
grep -nE '\b(pthread_create|uv_thread_create|thrd_create|fork)\(' src/*/*.c src/*/*.cc |
    grep -vE '^src/(server|main)/|_test\.c:' | sed 's/$/  (threads start in server)/' >>"$faults"

# Headers compile alone.
for h in src/*/*.h; do
    echo "#include \"${h#src/}\"" | gcc -std=gnu17 -D_GNU_SOURCE -Isrc -Wall -Wextra -Werror -fsyntax-only -x c - 2>/dev/null ||
        say "$h: does not compile alone"
done

# The engine's archive (base to engine, without env's real half and the JSON reader, which only compile
# configuration) may need nothing from outside but what is listed.
make -s MODE=debug engine-symbols 2>/dev/null | sort -u >/tmp/lint-symbols.$$
if [ -s /tmp/lint-symbols.$$ ]; then
    sort -u tools/engine-symbols.txt | comm -23 /tmp/lint-symbols.$$ - |
        sed 's/^/the engine may not call: /' >>"$faults"
else
    say "the engine's symbols could not be read"
fi
rm -f /tmp/lint-symbols.$$

# Format.
clang-format --dry-run -Werror src/*/*.c src/*/*.h src/*/*.cc fuzz/*.c bench/*.c 2>&1 |
    grep -E 'error:' | cut -d: -f1 | sort -u | sed 's/$/: not formatted (make format)/' >>"$faults"

if [ -s "$faults" ]; then
    cat "$faults"
    echo "lint: $(wc -l <"$faults") faults"
    exit 1
fi
echo "lint: clean"
