// playbooks.mjs: the six playbooks on the real binary, in Chinese and in English: installed by the API, events by
// Segment's SDK, mail to a real mail server, short messages to a gateway that speaks as Alibaba Cloud does.
//
//   node test/playbooks.mjs [path of the binary]
//
// Waits are seconds: by the answers where a question asks for them, else by an edit of the draft, as a marketer makes.
import { createRequire } from 'node:module'
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const require = createRequire(join(root, 'build/npm/'))
const { SMTPServer } = require('smtp-server')
const { simpleParser } = require('mailparser')
const { Analytics } = require('@segment/analytics-node')
const binary = process.argv[2] ?? join(root, 'build/release/beckon')
let passed = 0, failed = 0
const check = (what, ok, seen) => { if (ok) passed++; else { failed++; console.log('not so: ' + what, seen === undefined ? '' : JSON.stringify(seen)?.slice(0, 700)) } }
const sleep = ms => new Promise(done => setTimeout(done, ms))
const until = async (test, ms = 25000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(60)) { const found = await test(); if (found) return found }
  return false
}
const freePort = () => new Promise(done => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })

const mails = [], texts = []
const smtp = new SMTPServer({
  authOptional: true, disabledCommands: ['STARTTLS'],
  onData(stream, session, done) { simpleParser(stream).then(mail => { mails.push({ to: session.envelope.rcptTo[0].address, mail }); done() }) },
})
smtp.on('error', () => {})
await new Promise(done => smtp.listen(0, '127.0.0.1', done))
const gateway = createServer((req, res) => {
  req.resume().on('end', () => {
    const q = Object.fromEntries(new URL(req.url, 'http://x').searchParams)
    texts.push({ to: q.PhoneNumbers, code: q.TemplateCode, params: JSON.parse(q.TemplateParam ?? '{}') })
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ Code: 'OK', Message: 'OK', BizId: 'b' + texts.length, RequestId: 'r' }))
  })
})
await new Promise(done => gateway.listen(0, '127.0.0.1', done))

async function run(language, first) {
  const zh = language === 'zh', say = what => `${language}: ${what}`
  const folder = mkdtempSync(join(tmpdir(), 'beckon-playbooks-'))
  const port = await freePort(), url = `http://127.0.0.1:${port}`
  const { key } = JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json']))
  const server = spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`, '--allow-outbound', '127.0.0.1'], { stdio: 'ignore' })
  process.on('exit', () => server.kill('SIGKILL'))
  const call = async (method, path, body, loud = true) => {
    const r = await fetch(url + '/api/v1' + path, { method, headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' }, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20000) })
    const text = await r.text()
    if (loud && r.status >= 300) console.log(language, method, path, r.status, text)
    return { status: r.status, body: text ? JSON.parse(text) : null }
  }
  check(say('the server becomes ready'), await until(() => fetch(url + '/readyz').then(r => r.status === 200, () => false)))
  await call('PATCH', '/settings', { name: zh ? '清茶小铺' : 'Clear Tea', zone: 'UTC', currency: 'CNY', url: 'https://shop.example/' })
  await call('PUT', '/policies', { caps: [], quiet: [] })
  await call('POST', '/channels', { id: 'email', channel: 'email', provider: 'smtp', settings: { host: '127.0.0.1', port: smtp.server.address().port, security: 'none', from: 'Shop <shop@shop.test>' } })
  await call('POST', '/channels', { id: 'sms', channel: 'sms', provider: 'aliyun', settings: { access_key_id: 'AK', access_key_secret: 'AKS', sign: '小店', endpoint: `http://127.0.0.1:${gateway.address().port}` } })
  const { write_key } = (await call('POST', '/sources', { name: 'shop', kind: 'server' })).body
  const segment = new Analytics({ writeKey: write_key, host: url, path: '/v1/batch', flushInterval: 30 })
  const mail = user => `${user}-${language}@example.com`
  const phone = n => '+86139' + (zh ? '1' : '2') + String(1000000 + n)
  const person = async (userId, n, more = {}) => { segment.identify({ userId, traits: { name: userId, email: mail(userId), phone: phone(n), consent: { email: true, sms: true }, ...more } }); await segment.flush() }
  const track = async (userId, event, properties = {}) => { segment.track({ userId, event, properties }); await segment.flush() }
  const mailTo = (user, n = 1) => until(() => mails.filter(m => m.to === mail(user))[n - 1])
  const textTo = (n, nth = 1) => until(() => texts.filter(t => '+86' + t.to.replace(/^\+?86/, '') === phone(n))[nth - 1])
  const why = async (user, journey) => (await call('GET', `/customers/user_id:${user}/why?journey=${journey}`)).body
  const events = async user => (await call('GET', `/customers/user_id:${user}/timeline?limit=100`)).body.items.map(e => e.event)

  // Alibaba Cloud sends templates of its own: each short message needs its code there.
  const install = async (id, answers, change) => {
    const made = await call('POST', `/playbooks/${id}/install`, { answers: { ...answers, language } })
    const { status, version, changed, entered, refused, waiting, done, ...draft } = made.body
    check(say(`${id} is installed as a draft`), made.status === 201 && status === 'draft', made.body)
    for (const t of (await call('GET', `/playbooks/${id}`)).body.bundle.templates) {
      if (t.channel !== 'sms') continue
      const source = (await call('GET', `/templates/${t.id}`)).body
      const params = { name: '{{ customer.name }}', ...(JSON.stringify(source).includes('coupon.') && { code: '{{ coupon.code }}' }) }
      await call('PUT', `/templates/${t.id}`, { ...source, provider_template: { code: 'SMS_' + t.id, params } })
    }
    if (change) { change(draft); await call('PUT', `/journeys/${id}`, draft) }
    check(say(`${id} is published`), (await call('POST', `/journeys/${id}/publish`, {})).status === 200)
  }
  const step = (draft, id) => { let found; JSON.stringify(draft.steps, (k, v) => { if (v?.id === id) found = v; return v }); return found }
  const clock = s => new Date(Date.now() + s * 1000).toISOString().slice(11, 19)
  const day = n => new Date(Date.now() + n * 86400e3).toISOString().slice(0, 10)

  await install('welcome', { amount: 12 }, d => { step(d, 'w1').wait.for = '1s'; step(d, 'w2').wait.for = '1s' })
  await install('abandoned-cart', { first_wait: '1s' }, d => { step(d, 'w2').wait.for = '1s'; step(d, 'w3').wait.for = '1s' })
  await install('order-confirmation', {})
  await install('win-back', { silent: '3s' }, d => { step(d, 'w1').wait.timeout = '2s' })

  // ---- welcome: a mail, a coupon if she does not log in, a text ----
  await person('wel', 1)
  await track('wel', 'Signed Up')
  const hello = await mailTo('wel')
  check(say('she is welcomed in her language'), hello?.mail.subject === (zh ? '欢迎来到 清茶小铺' : 'Welcome to Clear Tea'), hello?.mail.subject)
  const offer = await mailTo('wel', 2)
  check(say('the coupon has the answer\'s worth'), offer?.mail.subject.includes('12'), offer?.mail.subject)
  check(say('a text follows'), (await textTo(1))?.code === 'SMS_welcome-care', texts)
  // ---- abandoned cart: three reminders, and an order that stops them ----
  await person('cart', 2)
  await person('buys', 3)
  await person('deaf', 4, { consent: { email: false, sms: false } })
  for (const u of ['cart', 'buys', 'deaf']) await track(u, 'Product Added', { cart_id: 'c-' + u, name: '茶 <壶>', price: 128 })
  await track('buys', 'Order Completed', { order_id: 'o-buys', cart_id: 'c-buys', total: 128.5 })
  const cart = await mailTo('cart')
  check(say('what is in the cart is named'), cart?.mail.html.includes('茶 &lt;壶&gt;') && cart.mail.html.includes(zh ? '回到购物车' : 'Back to the cart'), cart?.mail.html?.slice(0, 400))
  check(say('the second has a coupon'), />\s*[A-Z0-9]{6,}\s*</.test((await mailTo('cart', 2))?.mail.html))
  check(say('and there is a last one'), (await mailTo('cart', 3))?.mail.subject === (zh ? '最后提醒：购物车即将清空' : 'A last reminder about your cart'))
  check(say('who bought gets none'), !mails.some(m => m.to === mail('buys')) && (await until(async () => (await why('buys', 'abandoned-cart')).outcome === 'exited')))
  const no = await until(async () => { const w = await why('deaf', 'abandoned-cart'); return w.outcome === 'refused' && w })
  check(say('who said no is told why, and what would change it'), no?.reason === 'consent' && no.zh && no.en && no.to_change.some(c => c.reason === 'consent'), no)
  // ---- an order is confirmed at once ----
  check(say('an order is confirmed'), (await textTo(3))?.code === 'SMS_order-sms', texts)
  // ---- clicks, and leaving ----
  const browser = { 'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', accept: 'text/html', 'accept-language': language }
  const hrefs = [...(cart?.mail.html.matchAll(/href="([^"]*)"/g) ?? [])].map(x => x[1].replace(/&amp;/g, '&'))
  const link = hrefs.find(h => h.startsWith(url + '/l/')), leave = hrefs.find(h => h.startsWith(url + '/u/'))
  await sleep(2500) // what follows a link within two seconds is a machine that looks at mails
  const led = link && await fetch(link, { headers: browser, redirect: 'manual' })
  check(say('the button leads to the shop'), led?.status === 302 && led.headers.get('location') === 'https://shop.example/', hrefs)
  check(say('and the click is known'), await until(async () => (await events('cart')).includes('Message Clicked'), 8000))
  check(say('it counts in the report'), await until(async () => (await call('GET', '/journeys/abandoned-cart/report')).body.messages.clicked === 1, 8000), (await call('GET', '/journeys/abandoned-cart/report')).body.messages)
  check(say('the page to leave shows first'), (await (await fetch(leave, { headers: browser })).text()).includes(zh ? '退订' : 'Unsubscribe'))
  await fetch(leave, { method: 'POST', headers: { ...browser, 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' })
  check(say('then it is no'), (await call('GET', '/customers/user_id:cart')).body.consent.email === false)
  await track('cart', 'Product Added', { cart_id: 'c-again', name: 'x' })
  check(say('and the next cart says so'), await until(async () => (await why('cart', 'abandoned-cart')).reason === 'consent'))
  // ---- win back: silent for three seconds since the order ----
  const back = await textTo(3, 2)
  check(say('the silent get a coupon'), back?.code === 'SMS_return-1' && back.params.code?.length > 4, texts)
  check(say('a better one if it is not used'), (await textTo(3, 3))?.code === 'SMS_return-2', texts)
  // ---- by dates: today's birthday, and memberships that end ----
  await person('born', 5, { birthday: '1990' + day(0).slice(4) })
  await person('ends', 6, { expires_on: day(3), owner: 'li' })
  await person('last', 7, { expires_on: day(1), owner: 'wang' })
  await install('birthday', { at: clock(6) })
  await install('renewal', { amount: 31 }, d => { d.trigger.at = clock(6); step(d, 'w1').wait.until_time = clock(9) })
  const gift = await mailTo('born')
  check(say('a birthday mail comes on the day'), gift?.mail.subject === (zh ? '生日快乐，born' : 'Happy birthday, born'), gift?.mail.subject)
  const tagged = (await call('GET', '/customers/user_id:born')).body.tags
  check(say('with a tag'), JSON.stringify(tagged).includes('Birthday/This week'), tagged)
  check(say('who is about to expire gets a text with a coupon'), (await textTo(6))?.code === 'SMS_renewal-sms', texts.slice(-3))
  const tasks = (await call('GET', '/tasks')).body.items
  check(say('on the last day it is a call'), tasks.some(t => t.kind === 'call' && t.owner === 'wang'), tasks)
  // ---- reports, with reasons ----
  const report = (await call('GET', '/journeys/abandoned-cart/report')).body
  check(say('the report has who entered and why it ended'), report.entered === 4 && report.ended_by.exit === 1 && report.messages.refused >= 2, report)
  await segment.closeAndFlush()
  const gone = new Promise(done => server.on('exit', done))
  server.kill('SIGTERM')
  check(say('it ends cleanly'), (await gone) === 0)
  const doctor = JSON.parse(execFileSync(binary, ['doctor', '--data', folder, '--json']))
  check(say('and replays to the same state'), doctor.ok && doctor.state_hash === doctor.replay_hash, doctor)
  rmSync(folder, { recursive: true, force: true })
}

await Promise.all([run('zh'), run('en')])
smtp.close()
gateway.close()
gateway.closeAllConnections()
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
