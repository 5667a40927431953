#!/usr/bin/env bash
# start.sh — from the start of the process until /readyz answers 200, over a directory of months.
#
#   bench/start.sh [CUSTOMERS] [EVENTS] [LOG_MB]     1,000,000, 20,000,000 and 64 unless said
#
# bench-fill makes the directory (minutes; 3.5 GiB under $TMPDIR; KEEP=DIR keeps it, and takes it if
# it is there). Each start is ended by kill -9, so that every one finds the same. "cold": the page
# cache is emptied first, where that is allowed.
set -eu
cd "$(dirname "$0")/.."
customers=${1:-1000000} events=${2:-20000000} log_mb=${3:-64}
out=${OUT:-build/release}
make -s -j"$(nproc)" OUT="$out" "$out/beckon" "$out/bench-fill"
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
data=${KEEP:-$work/data}
[ -e "$data/manifest" ] || "$out/bench-fill" "$data" "$customers" "$events" "$log_mb"
sync

# Prints the seconds from here until the server is ready; 2 ms between the asking.
cat >"$work/until.py" <<'P'
import http.client, os, subprocess, sys, time
binary, data, log = sys.argv[1:]
began = time.monotonic()
server = subprocess.Popen([binary, "serve", "--data", data, "--listen", "127.0.0.1:18099"],
                          stdout=subprocess.DEVNULL, stderr=open(log, "w"))
while time.monotonic() - began < 300:
    try:
        c = http.client.HTTPConnection("127.0.0.1", 18099, timeout=5)
        c.request("GET", "/readyz")
        if c.getresponse().status == 200:
            break
    except OSError:
        pass
    if server.poll() is not None:
        sys.exit("the server ended")
    time.sleep(0.002)
print(server.pid, f"{time.monotonic() - began:.2f}")
P

one_start() { # $1: cold or warm
    if [ "$1" = cold ]; then
        sync
        (echo 3 >/proc/sys/vm/drop_caches) 2>/dev/null || { echo "cold: not allowed here"; return; }
    fi
    read -r server seconds < <(python3 "$work/until.py" "$out/beckon" "$data" "$work/log")
    kb() { awk -v what="$1:" '$1 == what {print int($2 / 1024)}' "/proc/$server/status"; }
    echo "$1: ready after $seconds s; $(kb RssAnon) MiB anonymous, $(kb RssFile) MiB of files resident;" \
        "$(sed -n 's/.* ready //p' "$work/log")"
    kill -9 "$server"
    while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
    server=
}
one_start warm
one_start warm
one_start cold
one_start cold
