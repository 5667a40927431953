// browser.mjs: a shop's pages in Chromium → Beckon: our beckon.js, and Segment's analytics.js as it is published.
import { spawn, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import http from 'node:http'
import net from 'node:net'
import zlib from 'node:zlib'

const root = new URL('..', import.meta.url).pathname
const require = createRequire(join(root, 'build/npm/'))
const { chromium } = require('playwright-core')
const binary = process.argv[2] ?? join(root, 'build/release/beckon')
const folder = mkdtempSync(join(tmpdir(), 'beckon-browser-'))
let passed = 0, failed = 0
const check = (what, ok) => { if (ok) passed++; else { failed++; console.log('not so: ' + what) } }
const sleep = ms => new Promise(done => setTimeout(done, ms))
const until = async (test, ms = 10000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const found = await test()
    if (found) return found
  }
  return false
}
const freePort = () => new Promise(done => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) })
})

const port = await freePort(), shopPort = await freePort()
const url = `http://127.0.0.1:${port}`
const start = () => spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`, '--public-url', url], { stdio: 'ignore' })
let server = start()
await until(async () => (await fetch(url + '/readyz').catch(() => ({}))).ok)
const { key } = JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json']))
const api = async (method, path, body) => {
  const r = await fetch(`${url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${key}` }, body: body && JSON.stringify(body) }).catch(() => null)
  if (!r) return { status: 0, body: null }
  return { status: r.status, body: await r.json().catch(() => null) }
}
const writeKey = (await api('POST', '/sources', { name: 'shop', kind: 'browser' })).body.write_key
const timeline = async ref => ((await api('GET', `/customers/${encodeURIComponent(ref)}/timeline?limit=200`)).body?.items ?? []).reverse()
const events = async ref => (await timeline(ref)).map(i => i.event)

// The shop: another origin than Beckon.
const umd = join(root, 'build/npm/node_modules/@segment/analytics-next/dist/umd')
const page = (head, body = '') => `<!doctype html><title>Shop</title><meta charset=utf-8>${head}<body>${body}`
const ours = (more = '') => `<script>window.beckon=window.beckon||[];beckon.push(['track','Early',{n:1}])</script><script async src="${url}/beckon.js" data-key="${writeKey}" ${more}></script>`
const pages = {
  '/': page(ours(), `<button id=b data-track="Cart Button" data-track-product-id="p1">add</button><a id=l class=offer>offer</a>
    <form id=f onsubmit="return false"><input name=email type=email><input name=password type=password><input name=size value=L><button>go</button></form>`),
  '/asks': page(ours('data-consent="required"')),
  '/segment': page(`<script src="/umd/index.js"></script><script>
    window.a = AnalyticsNext.AnalyticsBrowser.load({ writeKey: '${writeKey}', cdnURL: '${url}' })
    a.page(); a.identify('seg-1', { email: 'seg@x.test', plan: 'gold' }); a.track('Product Viewed', { product_id: 'p9', price: 12.5 })</script>`),
}
const shop = http.createServer((req, res) => {
  const path = req.url.split('?')[0]
  if (path.startsWith('/umd/')) {
    const file = join(umd, path.slice(5))
    res.writeHead(existsSync(file) ? 200 : 404, { 'content-type': 'text/javascript' })
    return res.end(existsSync(file) ? readFileSync(file) : '')
  }
  res.writeHead(pages[path] ? 200 : 404, { 'content-type': 'text/html' })
  res.end(pages[path] ?? pages['/'])
}).listen(shopPort, '127.0.0.1')
const shopUrl = `http://localhost:${shopPort}`

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
try {
  // ours: page views, clicks, forms, who she is
  const size = zlib.gzipSync(readFileSync(join(root, 'src/server/page/beckon.js')), { level: 9 }).length
  check(`beckon.js is at most 6 KB packed (${size})`, size <= 6144)
  const one = await browser.newContext({ locale: 'de-CH', timezoneId: 'Europe/Zurich' })
  const tab = await one.newPage()
  const errors = []
  tab.on('pageerror', e => errors.push(String(e)))
  await tab.goto(shopUrl + '/?utm_source=wechat&utm_medium=social&utm_campaign=618')
  await until(() => tab.evaluate(() => !!window.beckon.track))
  const anonymous = await tab.evaluate(() => beckon.anonymousId())
  await tab.evaluate(() => { beckon.click('.offer', 'Offer Clicked', { place: 'top' }); beckon.form('#f', 'Newsletter') })
  await tab.click('#b')
  await tab.click('#l')
  const ref = 'anonymous_id:' + anonymous
  check('what was asked for before it had loaded is sent', await until(async () => (await events(ref)).includes('Early')))
  check('a page is a view, a click an event', await until(async () => {
    const e = await events(ref)
    return e.includes('Page Viewed') && e.includes('Cart Button') && e.includes('Offer Clicked')
  }))
  const all = await timeline(ref)
  const cart = all.find(i => i.event === 'Cart Button'), view = all.find(i => i.event === 'Page Viewed')
  check('attributes of the element are properties', cart?.properties.product_id === 'p1')
  check('the campaign stands in the context', view?.context?.campaign?.name === '618' && view?.context?.campaign?.source === 'wechat')
  check('the visit has a name', !!view?.context?.sessionId && view.context.sessionId === cart?.context?.sessionId)
  await tab.fill('#f input[name=email]', 'Mei@X.test')
  await tab.fill('#f input[name=password]', 'secret-7')
  await tab.click('#f button')
  check('a form names who it is', await until(async () => (await api('GET', '/customers/' + encodeURIComponent('email:mei@x.test'))).status === 200))
  check('a form is an event with its fields, without its password', await until(async () => {
    const f = (await timeline('email:mei@x.test')).find(i => i.event === 'Newsletter')
    return f && f.properties.size === 'L' && !JSON.stringify(f).includes('secret-7')
  }))
  const mei = (await api('GET', '/customers/' + encodeURIComponent('email:mei@x.test'))).body
  check('her zone is known', mei.attributes.timezone === 'Europe/Zurich')
  await tab.evaluate(() => history.pushState({}, '', '/shoes'))
  check('a change of the address is a view', await until(async () =>
    (await timeline('email:mei@x.test')).some(i => i.event === 'Page Viewed' && i.properties.path === '/shoes')))
  await tab.evaluate(() => beckon.identify('u-77', { city: 'Bern' }))
  check('identify joins', await until(async () => (await api('GET', '/customers/user_id:u-77')).body?.attributes?.city === 'Bern'))

  // the server is away: nothing is lost, nothing doubled
  server.kill('SIGKILL')
  await new Promise(done => server.once('exit', done))
  await tab.evaluate(() => { beckon.track('While Away', { n: 1 }); beckon.track('While Away', { n: 2 }) })
  await sleep(1500)
  server = start()
  check('what happened meanwhile comes later, once', await until(async () => {
    const n = (await events('user_id:u-77')).filter(e => e === 'While Away').length
    return n === 2
  }, 30000))
  await tab.evaluate(() => { beckon.track('Leaving') })
  await tab.goto('about:blank')
  check('what is done on the way out arrives', await until(async () => (await events('user_id:u-77')).includes('Leaving')))
  await tab.goto(shopUrl + '/shoes')
  await until(() => tab.evaluate(() => !!window.beckon.track))
  await tab.evaluate(() => { beckon.reset(); beckon.track('Somebody Else') })
  await sleep(1000)
  check('after reset it is somebody else', !(await events('user_id:u-77')).includes('Somebody Else'))
  check('no error on the page: ' + errors.join(' '), errors.length === 0)

  // consent
  const asks = await browser.newContext()
  const quiet = await asks.newPage()
  let calls = 0
  quiet.on('request', r => { if (r.url().includes('/v1/')) calls++ })
  await quiet.goto(shopUrl + '/asks')
  await until(() => quiet.evaluate(() => !!window.beckon.track))
  await quiet.evaluate(() => beckon.track('Before'))
  await sleep(800)
  const cookies = await asks.cookies()
  check('without consent nothing is sent and nothing kept',
    calls === 0 && cookies.length === 0 && (await quiet.evaluate(() => localStorage.length)) === 0)
  await quiet.evaluate(() => beckon.consent(true))
  const id = await until(() => quiet.evaluate(() => localStorage.getItem('bk_id')))
  check('with consent what waited goes out', await until(async () => (await events('anonymous_id:' + id)).includes('Before')))
  await quiet.evaluate(() => beckon.consent(false))
  check('consent taken back: nothing is left', (await quiet.evaluate(() => localStorage.length)) === 0)

  // Segment's own
  const segment = await browser.newContext()
  const theirs = await segment.newPage()
  const complaints = []
  theirs.on('console', m => { if (m.type() === 'error') complaints.push(m.text()) })
  await theirs.goto(shopUrl + '/segment')
  check('analytics.js, unchanged, identifies and tracks', await until(async () => {
    const c = (await api('GET', '/customers/user_id:seg-1')).body
    const e = await events('user_id:seg-1')
    return c?.attributes?.plan === 'gold' && e.includes('Product Viewed') && e.includes('Page Viewed')
  }))
  const viewed = (await timeline('user_id:seg-1')).find(i => i.event === 'Product Viewed')
  check('with its properties', viewed?.properties.price === 12.5)
  check('and has nothing to complain of: ' + complaints.join(' '), complaints.length === 0)
} finally {
  await browser.close()
  shop.close()
  server.kill('SIGTERM')
  await new Promise(done => server.once('exit', done))
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
