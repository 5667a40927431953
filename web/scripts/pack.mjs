// pack.mjs: dist/ made ready for the binary: a brotli and a gzip file beside each one that shrinks, and the budgets of
// docs/web.md kept. Ends with 1 when one is broken.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const KIB = 1024
const BUDGET = { firstScripts: 200 * KIB, style: 45 * KIB, chunk: 230 * KIB, all: 900 * KIB }
const dist = new URL('../dist/', import.meta.url).pathname

const files = []
const walk = (dir, path) => {
  for (const name of readdirSync(dir)) {
    const file = join(dir, name)
    if (statSync(file).isDirectory()) walk(file, `${path}${name}/`)
    else if (!/\.(br|gz)$/.test(name)) files.push({ file, path: path + name })
  }
}
walk(dist, '')

let all = 0
for (const f of files) {
  const bytes = readFileSync(f.file)
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  const gz = gzipSync(bytes, { level: 9 })
  f.gz = gz.length
  f.br = Math.min(br.length, bytes.length)
  all += f.br
  if (br.length < bytes.length) {
    writeFileSync(`${f.file}.br`, br)
    writeFileSync(`${f.file}.gz`, gz)
  }
}

// What the first page loads: the entry and everything it imports without asking.
const index = readFileSync(join(dist, 'index.html'), 'utf8')
const first = new Set([...index.matchAll(/(?:src|href)="\/(ui\/[^"]+\.js)"/g)].map((m) => m[1]))
for (const path of first) {
  const text = readFileSync(join(dist, path), 'utf8')
  for (const m of text.matchAll(/(?:^|[;}\s])(?:import|export)[^;"'()]*?["']\.\/([^"']+\.js)["']/g)) first.add(`ui/${m[1]}`)
}
const size = (pick) => files.filter(pick).reduce((n, f) => n + f.gz, 0)
const found = {
  firstScripts: size((f) => first.has(f.path)),
  style: Math.max(0, ...files.filter((f) => f.path.endsWith('.css')).map((f) => f.gz)),
  chunk: Math.max(0, ...files.filter((f) => f.path.endsWith('.js') && !first.has(f.path)).map((f) => f.gz)),
  all,
}
let broken = false
for (const [what, limit] of Object.entries(BUDGET)) {
  const over = found[what] > limit
  broken ||= over
  console.log(`${over ? 'OVER' : 'ok  '} ${what}: ${(found[what] / KIB).toFixed(1)} of ${limit / KIB} KiB ${what === 'all' ? 'brotli' : 'gzip'}`)
}
process.exit(broken ? 1 : 0)
