#!/usr/bin/env bash
# import.sh CUSTOMERS — the time, processor time and bytes on disk of importing the peers' events (20 a
# customer; 1,000,000 by default), beside DuckDB's load of the same file where python has it.
cd "$(dirname "$0")/.." || exit 2
peers=../shared/peerbench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -O2 -o "$work/gen" $peers/gen.c -lm && "$work/gen" "$work" "${1:-1000000}" || exit 1
rows=$(($(wc -l <"$work/events.csv") - 1))
TIMEFORMAT='%R s, processor %U + %S s'
echo "beckon, $rows events:"
time build/release/beckon import "$work/events.csv" --kind events --data "$work/data" || exit 1
bytes=$(find "$work/data" -name 'seal-*' -printf '%s\n' | sort -n | tail -1) # the one that is left; merged ones go later
all=$(du -sb "$work/data" | cut -f1)
echo "on disk: $((all / rows)) bytes an event with the log, $((bytes / rows)) in sealed files"
if python3 -c 'import duckdb' 2>/dev/null; then
    echo "DuckDB:"
    time python3 -c "import duckdb; c = duckdb.connect('$work/duck'); c.execute(\"CREATE TABLE e AS SELECT * FROM read_csv('$work/events.csv')\")"
else
    echo "DuckDB is not here: pip install duckdb"
fi
