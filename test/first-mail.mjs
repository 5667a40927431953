// first-mail.mjs: Segment's and RudderStack's own server SDKs → Beckon → a real mail server (npm smtp-server).
// What a newcomer does, from an empty directory; then the mail server misbehaves.
import { spawn, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import net from 'node:net'

const root = new URL('..', import.meta.url).pathname
const require = createRequire(join(root, 'build/npm/'))
const { SMTPServer } = require('smtp-server')
const { simpleParser } = require('mailparser')
const { Analytics } = require('@segment/analytics-node')
const Rudder = require('@rudderstack/rudder-sdk-node')

const binary = process.argv[2] ?? join(root, 'build/release/beckon')
const folder = mkdtempSync(join(tmpdir(), 'beckon-mail-'))
let passed = 0, failed = 0
const check = (what, ok) => {
  if (ok) passed++
  else { failed++; console.log('not so: ' + what) }
}
const sleep = ms => new Promise(done => setTimeout(done, ms))
const until = async (test, ms = 15000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) {
    const found = await test()
    if (found) return found
  }
  return false
}
const freePort = () => new Promise(done => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) })
})

// The mail server: what it answers depends on the recipient.
const mails = []
let connections = 0
const smtp = new SMTPServer({
  authOptional: true, disabledCommands: ['STARTTLS'],
  onConnect: (session, done) => { connections++; done() },
  onRcptTo(address, session, done) {
    if (address.address.startsWith('nobody')) return done(Object.assign(new Error('5.1.1 no such user'), { responseCode: 550 }))
    done()
  },
  onData(stream, session, done) {
    const to = session.envelope.rcptTo[0].address
    if (to.startsWith('drop')) { // takes the mail, and is gone before it answers
      stream.resume()
      stream.on('end', () => { for (const s of sockets) if (s.remotePort === session.remotePort) s.destroy() })
      return
    }
    simpleParser(stream).then(mail => {
      if (to.startsWith('spam')) return done(Object.assign(new Error('5.7.1 not wanted'), { responseCode: 554 }))
      mails.push({ to, mail })
      done()
    })
  },
})
const sockets = new Set()
smtp.server.on('connection', s => { sockets.add(s); s.on('close', () => sockets.delete(s)) })
await new Promise(done => smtp.listen(0, '127.0.0.1', done))
smtp.on('error', () => {})
const smtpPort = smtp.server.address().port

const port = await freePort()
const url = `http://127.0.0.1:${port}`
const { key } = JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json']))
const server = spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'inherit'] })
const call = async (method, path, body) => {
  const r = await fetch(url + path, { method, headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  const text = await r.text()
  if (r.status >= 300) console.log(method, path, r.status, text)
  return { status: r.status, body: text ? JSON.parse(text) : null }
}
check('the server becomes ready', await until(() => fetch(url + '/readyz').then(r => r.status === 200, () => false)))

await call('PUT', '/api/v1/policies', { caps: [], quiet: [] }) // whatever the hour
await call('POST', '/api/v1/channels', { id: 'email', channel: 'email', provider: 'smtp', settings: { host: '127.0.0.1', port: smtpPort, security: 'none', from: 'Shop 店 <shop@shop.test>' } })
await call('POST', '/api/v1/templates', { id: 'cart-1', channel: 'email', subject: '{{ customer.first_name | default: "friend" }}，购物车还在', html: '<p>Hi {{ customer.first_name | default: "friend" }}, <b>{{ event.product_name }}</b> waits.</p>' })
await call('POST', '/api/v1/journeys', {
  id: 'abandoned-cart', trigger: { event: 'Product Added', key: 'cart_id' }, entry: { if: { consent: 'email' }, again: 'per_key' },
  exit: [{ did: 'Order Completed', match: 'cart_id' }],
  steps: [{ id: 'w1', wait: { for: '1s' } }, { id: 'm1', send: { channel: 'email', template: 'cart-1' } }],
})
check('the journey is published', (await call('POST', '/api/v1/journeys/abandoned-cart/publish', {})).status < 300)
const source = (await call('POST', '/api/v1/sources', { name: 'shop', kind: 'server' })).body
check('a source has a write key', source.write_key?.startsWith('bk_src_'))

const segment = new Analytics({ writeKey: source.write_key, host: url, path: '/v1/batch', flushInterval: 50 })
const errors = []
segment.on('error', e => errors.push(e))
const person = (userId, email, extra = {}) => segment.identify({ userId, traits: { email, consent: { email: true }, ...extra } })
person('u1', 'Li.Lei@Example.com', { first_name: '李雷' })
person('u2', 'no-name@example.com')
person('u3', 'nobody@example.com')
person('u4', 'bought@example.com')
person('u5', 'drop@example.com')
person('u6', 'spam@example.com')
segment.identify({ userId: 'u7', traits: { email: 'quiet@example.com' } })
await segment.flush()
const began = Date.now()
for (const u of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7'])
  segment.track({ userId: u, event: 'Product Added', properties: { cart_id: 'c-' + u, product_name: 'Tea <&> 茶', price: 12.5 } })
segment.track({ userId: 'u4', event: 'Order Completed', properties: { cart_id: 'c-u4', order_id: 'o1', total: 12.5 } })
await segment.flush()
check('the SDK reports no error', errors.length === 0)

const rudder = new Rudder(source.write_key, { dataPlaneUrl: url, flushAt: 1 })
rudder.track({ userId: 'r1', event: 'Page Read', properties: { a: 1 } })
const first = await until(() => mails.find(m => m.to === 'li.lei@example.com'))
check('the mail arrives', first)
check('it does not come before the wait is over', first && Date.now() - began >= 1000)
check('its subject is rendered', first?.mail.subject === '李雷，购物车还在')
check('its values are escaped in HTML', first?.mail.html?.includes('Tea &lt;&amp;&gt; 茶'))
check('it has a text part', first?.mail.text?.includes('Tea <&> 茶'))
check('its sender is the shop', first?.mail.from.text.includes('shop@shop.test'))
const plain = await until(() => mails.find(m => m.to === 'no-name@example.com'))
check('a missing name uses its default', plain?.mail.subject === 'friend，购物车还在')

const status = async user => (await call('GET', `/api/v1/messages?customer=user_id:${user}`)).body.items[0]
check('a refused recipient is bounced', await until(async () => (await status('u3'))?.status === 'bounced'))
check('a refused content is rejected', await until(async () => (await status('u6'))?.status === 'rejected'))
check('a connection lost after the data is unknown', await until(async () => (await status('u5'))?.status === 'unknown'))
check('who bought has left', !(await status('u4')))
check('without consent nobody enters', !(await status('u7')))
check('RudderStack\'s gzip arrives', await until(async () => {
  const r = await fetch(url + '/api/v1/customers/user_id:r1/timeline', { headers: { authorization: 'Bearer ' + key } })
  return r.status === 200 && (await r.json()).items.some(e => e.event === 'Page Read' && e.properties.a === 1)
}))
await sleep(1500)
check('nobody gets it twice', mails.length === 2)
check('connections are used again', connections < 12)
const timeline = (await call('GET', '/api/v1/customers/user_id:u1/timeline')).body.items.map(e => e.event)
check('the timeline tells the story', ['Message Sent', 'Message Claimed', 'Message Planned', 'Journey Entered', 'Product Added'].every(e => timeline.includes(e)))
await segment.closeAndFlush()

const gone = new Promise(done => server.on('exit', done))
server.kill('SIGTERM')
check('it ends cleanly', (await gone) === 0)
smtp.close()
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
