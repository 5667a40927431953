// boards.mjs: boards for eyes outside: links without sign-in, files, mails on a schedule; read by parsers others wrote.
//
//   node test/boards.mjs [path of the binary]
import { spawn, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import net from 'node:net'

const root = new URL('..', import.meta.url).pathname
const require = createRequire(join(root, 'build/npm/'))
const { SMTPServer } = require('smtp-server')
const { simpleParser } = require('mailparser')

const binary = process.argv[2] ?? join(root, 'build/release/beckon')
const folder = mkdtempSync(join(tmpdir(), 'beckon-boards-'))
let passed = 0, failed = 0
const check = (what, ok, more) => {
  if (ok) passed++
  else { failed++; console.log('not so: ' + what, more ?? '') }
}
const sleep = ms => new Promise(done => setTimeout(done, ms))
const until = async (test, ms = 20000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const found = await test()
    if (found) return found
  }
  return false
}
const freePort = () => new Promise(done => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) })
})

const mails = []
const smtp = new SMTPServer({
  authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'],
  onRcptTo(address, session, done) {
    if (address.address.startsWith('nobody')) return done(Object.assign(new Error('5.1.1 no such user'), { responseCode: 550 }))
    done()
  },
  onData(stream, session, done) {
    const chunks = []
    stream.on('data', c => chunks.push(c))
    stream.on('end', async () => {
      const raw = Buffer.concat(chunks)
      mails.push({ to: session.envelope.rcptTo[0].address, raw, mail: await simpleParser(raw) })
      done()
    })
  },
})
smtp.on('error', () => {})
await new Promise(done => smtp.listen(0, '127.0.0.1', done))

const port = await freePort()
const url = `http://127.0.0.1:${port}`
const { key } = JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json']))
const start = () => spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`, '--public-url', url], { stdio: ['ignore', 'ignore', 'inherit'] })
let server = start()
const ready = () => until(() => fetch(url + '/readyz').then(r => r.ok, () => false))
const call = async (method, path, body) => {
  const r = await fetch(url + path, { method, headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
  const text = await r.text()
  let json
  try { json = JSON.parse(text) } catch { json = null }
  return { status: r.status, json, text }
}

/** The sheets of a workbook by the system's own unzip: names, and cells of one. */
function sheets(bytes) {
  const file = join(folder, 'x.xlsx')
  writeFileSync(file, bytes)
  const read = name => execFileSync('python3', ['-c', 'import sys,zipfile;sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))', file, name]).toString()
  const names = [...read('xl/workbook.xml').matchAll(/<sheet name="([^"]*)"/g)].map(m => m[1])
  const texts = [...read('xl/sharedStrings.xml').matchAll(/<si><t[^>]*>([^<]*)<\/t><\/si>/g)].map(m => m[1])
  const cells = n => [...read(`xl/worksheets/sheet${n}.xml`).matchAll(/<c r="([A-Z]+\d+)"(?: s="(\d+)")?(?: t="(s)")?><v>([^<]*)<\/v>/g)]
    .map(([, at, style, text, v]) => ({ at, style: Number(style ?? 0), value: text ? texts[Number(v)] : Number(v), text: !!text }))
  return { names, cells }
}

try {
  check('the server is there', await ready())
  const source = (await call('POST', '/api/v1/sources', { id: 'shop', name: 'Shop' })).json
  const basic = 'Basic ' + Buffer.from(source.write_key + ':').toString('base64')
  const batch = []
  const now = Date.now()
  for (let i = 0; i < 40; i++) {
    const at = new Date(now - (1 + (i % 20)) * 86400e3).toISOString()
    batch.push({ type: 'identify', userId: 'u' + i, traits: { name: 'Secret Person ' + i, email: `p${i}@private.example`, city: i % 2 ? 'Shanghai' : 'Beijing' }, timestamp: at })
    batch.push({ type: 'track', userId: 'u' + i, event: 'Product Viewed', properties: { product_id: 'p1' }, timestamp: at })
    if (i % 2) batch.push({ type: 'track', userId: 'u' + i, event: 'Order Completed', properties: { order_id: 'o' + i, total: 100.5 }, timestamp: new Date(Date.parse(at) + 60e3).toISOString() })
  }
  const sent = await fetch(url + '/v1/batch', { method: 'POST', headers: { authorization: basic, 'content-type': 'application/json' }, body: JSON.stringify({ batch }) })
  check('events are taken', sent.status === 200, sent.status)
  const items = [
    { analysis: 'orders', request: { interval: 'day' }, chart: { ask: { days: 30 } }, title: { zh: '卖了多少', en: 'What we sell <b>' } },
    { analysis: 'funnel', request: { steps: [{ did: 'Product Viewed' }, { did: 'Order Completed' }], window: '7d' }, chart: { ask: { days: 30 } } },
    { analysis: 'trend', request: { event: 'Product Viewed', interval: 'day', by: { attribute: 'name' } }, chart: { ask: { days: 30 } } },
    { analysis: 'profile', request: {} },
  ]
  const bad = await call('POST', '/api/v1/dashboards', { id: 'b0', name: 'x', controls: { days: -1 } })
  check('controls are checked', bad.status === 422 && bad.json.errors[0].path === '/controls/days', bad.text)
  const made = await call('POST', '/api/v1/dashboards', { id: 'b', name: { zh: '每周看板', en: 'Weekly board' }, items })
  check('a board is kept', made.status === 201, made.text)

  // ---- links ----
  const share = (await call('POST', '/api/v1/dashboards/b/shares', { days: 7, name: 'for the boss' })).json
  check('a link is told once', share?.url?.startsWith(url + '/s/bk_board_') && !('hash' in share), share)
  const listed = (await call('GET', '/api/v1/dashboards/b/shares')).json.items
  check('a list of links tells neither link nor hash', listed.length === 1 && !JSON.stringify(listed).includes('bk_board_') && !('hash' in listed[0]), listed)
  const page = await fetch(share.url + '?lang=en'), html = await page.text()
  check('the page needs no sign-in', page.status === 200 && html.includes('Weekly board'))
  check('nobody indexes or frames it', page.headers.get('x-robots-tag')?.includes('noindex') && page.headers.get('content-security-policy')?.includes("frame-ancestors 'none'") && page.headers.get('cache-control') === 'no-store')
  check('figures are there, with those of before', html.includes('2,010.00') && html.includes('before'), html.slice(0, 4000))
  check('no customer is named', !html.includes('Secret') && !html.includes('private.example'))
  check('what may name somebody is left out', (html.match(/may tell who somebody is/g) ?? []).length === 2)
  check('titles are texts', html.includes('What we sell &lt;b&gt;'))
  const zh = await (await fetch(share.url, { headers: { 'accept-language': 'zh-CN' } })).text()
  check('it is Chinese for Chinese', zh.includes('每周看板') && zh.includes('下单金额'))
  check('a token that was changed is unknown', (await fetch(share.url.slice(0, -1) + (share.url.endsWith('A') ? 'B' : 'A'))).status === 404)
  const over = await call('POST', '/api/v1/dashboards/b/shares', { until: new Date(Date.now() + 900).toISOString() })
  check('a link has an end', over.status === 201 && (await fetch(over.json.url)).status === 200, over.text)
  await sleep(1000)
  check('after which it shows nothing', (await fetch(over.json.url)).status === 404)
  check('an end in the past is refused', (await call('POST', '/api/v1/dashboards/b/shares', { until: '2020-01-01' })).status === 422)
  check('another board’s link is not withdrawn', (await call('DELETE', `/api/v1/dashboards/c/shares/${share.id}`)).status === 404)
  check('a link is withdrawn', (await call('DELETE', `/api/v1/dashboards/b/shares/${share.id}`)).status === 204 && (await fetch(share.url)).status === 404)
  // ---- moves between groups of customers: since as many days ago as the question says, however long it was kept ----
  const kept = { analysis: 'rfm', request: { since: '2020-01-01T00:00:00Z' }, title: 'Moves' }
  const moves = async (id, chart) => {
    await call('POST', '/api/v1/dashboards', { id, name: 'Moves', items: [{ ...kept, ...(chart ? { chart } : {}) }] })
    const shown = await (await fetch((await call('POST', `/api/v1/dashboards/${id}/shares`, {})).json.url + '?lang=en')).text()
    return [...shown.matchAll(/<tr[^>]*>\s*<td[^>]*>([^<]*)</g)].map((m) => m[1])
  }
  const asWritten = await moves('m0'), asAsked = await moves('m1', { ask: { kind: 'rfm', moved: 10 } })
  check('in 2020 nobody had bought', asWritten.length > 0 && asWritten.every((from) => from === 'Had not bought'), asWritten)
  check('ten days ago some had', asAsked.includes('Had not bought') && asAsked.some((from) => from !== 'Had not bought'), asAsked)

  const many = (await call('POST', '/api/v1/dashboards/b/shares', {})).json
  let refused = 0
  for (let i = 0; i < 40 && !refused; i++) refused = (await fetch(many.url)).status === 429 ? i + 1 : 0
  check('an address looks so often a minute and no more', refused > 10, refused)

  // ---- files ----
  const file = async (path, body) => {
    const r = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
    return { status: r.status, name: r.headers.get('content-disposition'), type: r.headers.get('content-type'), bytes: Buffer.from(await r.arrayBuffer()) }
  }
  const book = await file('/api/v1/dashboards/b/export?format=xlsx&lang=en')
  check('a workbook comes as a file', book.status === 200 && /attachment.*\.xlsx/.test(book.name) && book.type.includes('spreadsheetml'), book.name)
  const x = sheets(book.bytes)
  check('a sheet a chart', x.names.length === 4 && x.names[1] === '2 Where do they drop out', x.names)
  const cells = x.cells(1)
  check('its definition in words', cells.some(c => c.text && c.value.startsWith('Net is what was ordered')))
  const serial = cells.filter(c => !c.text && c.value > 45000 && c.value < 60000 && Number.isInteger(c.value))
  check('dates are dates', serial.length >= 9 && serial.every(c => c.style > 0), serial)
  check('money is numbers', cells.filter(c => !c.text && c.value === 201).length > 2, cells.slice(0, 30))
  const csv = (await file('/api/v1/dashboards/b/export?format=csv&lang=zh')).bytes.toString()
  check('CSV has a mark and plain numbers', csv.startsWith('\ufeff') && csv.includes('下单金额') && /,201,0,201,100\.5/.test(csv), csv.slice(0, 400))
  const one = await file('/api/v1/analyses/funnel/export?format=xlsx&lang=zh', { steps: [{ did: 'Product Viewed' }, { did: 'Order Completed' }] })
  check('one question is a workbook of one sheet', one.status === 200 && sheets(one.bytes).names.length === 1)
  check('a question that is refused is refused', (await call('POST', '/api/v1/analyses/funnel/export', { steps: [] })).status === 422)
  check('another kind of file is refused', (await call('GET', '/api/v1/dashboards/b/export?format=doc')).status === 400)

  // ---- mails ----
  const to = ['boss@example.com', 'nobody@example.com']
  const refusal = await call('POST', '/api/v1/dashboards/b/mailings', { every: 'day', at: '9', to })
  check('a schedule is checked', refusal.status === 422 && refusal.json.errors[0].path === '/at', refusal.text)
  const mailing = await call('POST', '/api/v1/dashboards/b/mailings', { id: 'm', every: 'day', at: '09:00', to, language: 'en' })
  check('a schedule says when it is next', mailing.status === 201 && Date.parse(mailing.json.next) > Date.now(), mailing.text)
  const none = await call('POST', '/api/v1/dashboards/b/mailings/m/send')
  check('without a channel it says so', none.status === 200 && none.json.items.every(i => i.status === 'later' && i.detail), none.text)
  const channel = await call('POST', '/api/v1/channels', { id: 'mail', channel: 'email', provider: 'smtp', settings: { host: '127.0.0.1', port: smtp.server.address().port, from: 'Shop <shop@example.com>', security: 'none' } })
  check('a channel is connected', channel.status < 300, channel.text)
  const sentNow = await until(async () => { const r = await call('POST', '/api/v1/dashboards/b/mailings/m/send'); return r.json?.items?.[0]?.status === 'sent' && r.json }, 10000)
  check('it is sent to each', sentNow && sentNow.items[1].status === 'failed' && sentNow.items[1].detail.includes('no such user'), sentNow)
  const m = mails[0]
  check('the mail is there, once', mails.length === 1 && m.to === 'boss@example.com', mails.length)
  check('its subject names board and day', /^Weekly board, \d{4}-\d\d-\d\d$/.test(m.mail.subject), m.mail.subject)
  check('it has text, HTML and a workbook', m.mail.text.includes('What we sell') && m.mail.html.includes('<table') && m.mail.attachments.length === 1 && m.mail.attachments[0].filename.endsWith('.xlsx'), m.mail.attachments.map(a => a.filename))
  check('the workbook is whole', sheets(m.mail.attachments[0].content).names.length === 4)
  check('it links to the board and asks for nothing', m.mail.html.includes(`${url}/insights/boards?board=b`) && !/<img|<script|<link/.test(m.mail.html))

  // ---- what led to an order: real clicks in a tracked mail, before it and after it ----
  const track = (batch) => fetch(url + '/v1/batch', { method: 'POST', headers: { authorization: basic, 'content-type': 'application/json' }, body: JSON.stringify({ batch }) })
  check('a template is live', (await call('POST', '/api/v1/templates', { id: 'sale', channel: 'email', subject: 'Sale', html: '<p><a href="https://shop.example/sale">Sale</a></p>' })).status < 300)
  await track(['before', 'after', 'never'].map((u) => ({ type: 'identify', userId: u, traits: { email: `${u}@example.com`, consent: { email: true } } })))
  mails.length = 0
  for (const u of ['before', 'after', 'never']) check('a mail is asked for', (await call('POST', '/api/v1/messages', { customer: `user_id:${u}`, channel: 'email', template: 'sale' })).status === 201)
  check('three mails come', await until(() => mails.length === 3), mails.length)
  const click = async (u) => {
    const link = mails.find((x) => x.to === `${u}@example.com`).mail.html.match(/href="([^"]*\/l\/[^"]*)"/)[1].replaceAll('&amp;', '&')
    const r = await fetch(link, { redirect: 'manual', headers: { 'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'accept-language': 'en', 'accept-encoding': 'gzip, deflate, br', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' } })
    check('the link leads to the shop', r.status === 302 && r.headers.get('location') === 'https://shop.example/sale', r.status)
  }
  const clicks = async () => (await call('POST', '/api/v1/analyses/trend', { event: 'Message Clicked' })).json.total.events
  await click('before')
  check('a click is an event', await until(async () => (await clicks()) === 1), await clicks())
  await sleep(20)
  await track(['before', 'after', 'never'].map((u) => ({ type: 'track', userId: u, event: 'Order Completed', properties: { order_id: 'a-' + u, total: 50 }, timestamp: new Date().toISOString() })))
  await sleep(20)
  await click('after')
  check('so is one after the order', await until(async () => (await clicks()) === 2), await clicks())
  const led = (touches, more) => call('POST', '/api/v1/analyses/attribution', { goal: { did: 'Order Completed', where: { property: 'total', op: '=', value: 50 } }, touches, model: 'last', window: '1h', ...more })
  const a1 = (await led([{ did: 'Message Clicked' }])).json
  check('only the click before an order led to it', a1.rows[0].conversions === 1 && a1.rows[0].amount === 50 && a1.rows[1].touch === null && a1.rows[1].conversions === 2 && a1.total.conversions === 3, JSON.stringify(a1))
  check('and one customer stands behind it', (await led([{ did: 'Message Clicked' }], { drill: { touch: 'Message Clicked' } })).json.count === 1)
  const a2 = (await led([{ did: 'Message Clicked' }, { did: 'Message Sent' }], { model: 'linear' })).json
  check('what was sent has the rest', a2.rows[0].credit === 0.5 && a2.rows[1].credit === 2.5 && a2.rows[2].conversions === 0, JSON.stringify(a2.rows))
  const a3 = (await led([{ did: 'Message Clicked', where: { property: 'template', op: '=', value: 'other' } }])).json
  check('another mail’s click led to nothing', a3.rows[0].conversions === 0, JSON.stringify(a3.rows))

  // ---- by the clock: at the next whole minute; the process is away when it comes, and is there after it ----
  const zone = (await call('GET', '/api/v1/settings')).json?.zone ?? 'Asia/Shanghai'
  const soon = new Date(Math.ceil((Date.now() + 4000) / 60e3) * 60e3)
  const hm = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(soon)
  mails.length = 0
  check('the schedule is changed', (await call('PUT', '/api/v1/dashboards/b/mailings/m', { every: 'day', at: hm, to: ['boss@example.com', 'second@example.com'], language: 'zh' })).status === 200)
  server.kill('SIGKILL')
  await new Promise(done => server.on('exit', done))
  await sleep(Math.max(0, soon - Date.now()) + 1500)
  server = start()
  check('the server is there again', await ready())
  check('what was missed goes out, to each', await until(() => mails.length >= 2), mails.length)
  await sleep(7000)
  check('once', mails.length === 2 && new Set(mails.map(x => x.to)).size === 2, mails.map(x => x.to))
  check('in Chinese', mails[0].mail.subject.startsWith('每周看板，') && mails[0].mail.html.includes('打开看板'), mails[0]?.mail.subject)
  const last = (await call('GET', '/api/v1/dashboards/b/mailings')).json.items[0]
  check('and says how it went', last.last?.done === true && last.last.sent === 2 && Date.parse(last.last.at) === +soon, last)
  check('with the board goes what hangs on it', (await call('DELETE', '/api/v1/dashboards/b')).status === 204 && (await fetch(many.url)).status >= 400)
} catch (e) {
  failed++
  console.log(e)
}
server.kill('SIGTERM')
await until(() => server.exitCode !== null || server.signalCode !== null, 15000)
smtp.close(() => {})
rmSync(folder, { recursive: true, force: true })
console.log(`boards: ${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
