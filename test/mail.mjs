// mail.mjs: one mail to a real server, and everything that is in it: parts, signature, links, pixel, unsubscribe,
// preferences; then forms, topics, suppressions and the proof of consents.
//
//   node test/mail.mjs [path of the binary]
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
const { dkimVerify } = require('mailauth/lib/dkim/verify')

const binary = process.argv[2] ?? join(root, 'build/release/beckon')
const folder = mkdtempSync(join(tmpdir(), 'beckon-mail-'))
let passed = 0, failed = 0
const check = (what, ok, more) => {
  if (ok) passed++
  else { failed++; console.log('not so: ' + what, more ?? '') }
}
const sleep = ms => new Promise(done => setTimeout(done, ms))
const until = async (test, ms = 15000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(30)) {
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
  authOptional: true, allowInsecureAuth: true, disabledCommands: ['STARTTLS'],
  onAuth: (auth, session, done) => done(auth.password === 'p' ? null : new Error('no'), { user: 'u' }),
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
const server = spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'inherit'] })
process.on('exit', () => server.kill('SIGKILL'))
process.on('SIGTERM', () => process.exit(1))
const ask = async (method, path, body) => {
  const r = await fetch(url + path, { method, headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' }, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10000) })
  const text = await r.text()
  return { status: r.status, body: text ? JSON.parse(text) : null }
}
const call = async (method, path, body) => {
  const r = await ask(method, path, body)
  if (r.status >= 300) console.log(method, path, r.status, JSON.stringify(r.body))
  return r
}
const browser = {
  'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-language': 'en-US,en;q=0.9',
}
const get = (address, headers = browser, method = 'GET') => fetch(address, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(10000) })
const post = (address, body, headers = browser) => fetch(address, { method: 'POST', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body, redirect: 'manual', signal: AbortSignal.timeout(10000) })
const consent = async user => (await call('GET', `/api/v1/customers/user_id:${user}`)).body.consent
const proofs = async user => (await call('GET', `/api/v1/customers/user_id:${user}/consents`)).body.items

check('the server becomes ready', await until(() => fetch(url + '/readyz').then(r => r.status === 200, () => false)))
const settings = { host: '127.0.0.1', port: smtp.server.address().port, security: 'none', from: 'Shop 店 <shop@shop.test>', reply_to: 'help@shop.test', username: 'u', password: 'p' }
await call('POST', '/api/v1/channels', { id: 'email', channel: 'email', provider: 'smtp', settings })
const dkim = {}
const key1 = await call('POST', '/api/v1/channels/email/dkim', { selector: 'r1' })
check('a pair is made, and its record told', key1.status === 201 && key1.body.record.name === 'r1._domainkey.shop.test' && /^v=DKIM1; k=rsa; p=MII/.test(key1.body.record.value), key1.body)
dkim[key1.body.record.name] = key1.body.record.value
check('the private half is never shown', !JSON.stringify((await call('GET', '/api/v1/channels/email')).body).includes('PRIVATE'))
check('an unknown algorithm is refused', (await ask('POST', '/api/v1/channels/email/dkim', { algorithm: 'dsa' })).status === 422)

await call('POST', '/api/v1/topics', { id: 'arrivals', name: { zh: '新品上架', en: 'New arrivals' }, channels: ['email'] })
check('a topic needs a name', (await ask('POST', '/api/v1/topics', { id: 'x' })).status === 422)
const target = 'https://shop.example/sale?a=1&b=2&q=%E8%8C%B6#top'
await call('POST', '/api/v1/templates', {
  id: 'sale', channel: 'email', subject: '{{ customer.first_name | default: "朋友" }}，新品到了，今天全场八折，还有更多惊喜等着你，快来看看吧',
  html: `<html><head><title>x</title></head><body><p>Hi {{ customer.first_name }}</p><p><a href="${target.replace(/&/g, '&amp;')}">Look</a>
<a class=b href='https://shop.example/p/{{ event.product_id }}'>Yours</a> <a href="mailto:a@b.c">write</a> <a href="tel:+86138">call</a> <a href="#top">up</a>
<a href="{{ unsubscribe_url }}">Unsubscribe</a> <a href="{{ preferences_url }}">Choose</a></p></body></html>`,
})
await call('POST', '/api/v1/journeys', {
  id: 'sale', trigger: { event: 'Looked' }, entry: { again: 'always', running: 'parallel' }, policy: { quiet: 'ignore', category: 'service', dedupe: '0s' },
  steps: [{ id: 'm', send: { channel: 'email', template: 'sale', topic: 'arrivals' } }, { id: 'w', wait: { for: '30d' } }],
})
check('the journey is published', (await call('POST', '/api/v1/journeys/sale/publish', {})).status < 300)
const source = (await call('POST', '/api/v1/sources', { name: 'shop', kind: 'server' })).body
const basic = { authorization: 'Basic ' + Buffer.from(source.write_key + ':').toString('base64'), 'content-type': 'application/json' }
const batch = items => fetch(url + '/v1/batch', { method: 'POST', headers: basic, body: JSON.stringify({ batch: items }) })
const person = (userId, email) => ({ type: 'identify', userId, traits: { email, first_name: '李雷', consent: { email: true, 'email/arrivals': true } } })
const looked = userId => ({ type: 'track', userId, event: 'Looked', properties: { product_id: 'p 7' } })
const mailTo = (address, n = 1) => until(() => mails.filter(m => m.to === address)[n - 1])

// ---- the mail ----
await batch([person('u1', 'ada@example.com'), looked('u1')])
const m = await mailTo('ada@example.com')
check('the mail arrives', m)
const html = m.mail.html, text = m.mail.text
check('it has a subject in Chinese over several lines', m.mail.subject === '李雷，新品到了，今天全场八折，还有更多惊喜等着你，快来看看吧')
check('no line is too long', m.raw.toString('latin1').split('\r\n').every(l => l.length <= 998 && !/[\r\n]/.test(l)))
check('no header line is longer than 78', m.raw.toString('latin1').split('\r\n\r\n')[0].split('\r\n').every(l => l.length <= 78 || /^(List-Unsubscribe|Message-ID):|^ ?<http/i.test(l)), m.raw.toString('latin1').split('\r\n\r\n')[0])
check('it is multipart with both parts', /multipart\/alternative/.test(m.mail.headers.get('content-type').value) && html && text)
check('answers go where the channel says', m.mail.replyTo?.text === 'help@shop.test')
const list = m.mail.headers.get('list')
check('it can be left by one click', list?.unsubscribe?.url?.startsWith(url + '/u/') && list['unsubscribe-post']?.name === 'List-Unsubscribe=One-Click', list)
check('its text names where links lead', text.includes(target))
const verify = async raw => (await dkimVerify(raw, { resolver: async name => { if (dkim[name]) return [[dkim[name]]]; throw Object.assign(new Error('none'), { code: 'ENOTFOUND' }) } })).results
const signed = await verify(m.raw)
check('its signature holds', signed.length === 1 && signed[0].status.result === 'pass' && signed[0].algo === 'rsa-sha256', signed)
check('the signature covers how to leave', /h=[^;]*list-unsubscribe:[^;]*list-unsubscribe-post/i.test(m.raw.toString().replace(/\r\n\s+/g, '')), m.raw.toString().slice(0, 800))
const broken = Buffer.from(m.raw.toString('latin1').replace('Reply-To: help', 'Reply-To: evil'), 'latin1')
check('and holds nothing else', (await verify(broken))[0].status.result === 'fail')
const added = Buffer.from(m.raw.toString('latin1').replace('\r\nTo: ', '\r\nFrom: evil@evil.test\r\nTo: '), 'latin1')
check('a second sender breaks it', (await verify(added))[0].status.result === 'fail')

// ---- its links ----
const hrefs = [...html.matchAll(/href=["']([^"']*)["']/g)].map(x => x[1].replace(/&amp;/g, '&'))
const links = hrefs.filter(h => h.startsWith(url + '/l/'))
check('its web links are led over ours', links.length === 2, hrefs)
check('others are left alone', ['mailto:a@b.c', 'tel:+86138', '#top'].every(h => hrefs.includes(h)) && hrefs.some(h => h.startsWith(url + '/u/')) && hrefs.some(h => h.startsWith(url + '/p/')))
const pixel = html.match(/<img src="([^"]*\/o\/[^"]*\.gif)"/)?.[1]
check('there is a pixel', pixel)
const first = await get(links[0])
check('a link leads to its target', first.status === 302 && first.headers.get('location') === target, [first.status, first.headers.get('location')])
check('and is not kept', first.headers.get('cache-control') === 'no-store')
await sleep(2500)
check('a personal one too', (await get(links[1])).headers.get('location') === 'https://shop.example/p/p%207')
const gif = await get(pixel)
check('the pixel is a picture', gif.status === 200 && gif.headers.get('content-type') === 'image/gif' && Buffer.from(await gif.arrayBuffer()).subarray(0, 6).toString() === 'GIF89a')
let forged = 0, tries = 0
for (const good of [links[0], pixel, list.unsubscribe.url]) {
  const from = good.lastIndexOf('/') + 1, to = good.endsWith('.gif') ? good.length - 4 : good.length
  for (let i = from; i < to; i++) {
    const bad = good.slice(0, i) + (good[i] === 'A' ? 'B' : 'A') + good.slice(i + 1)
    tries++
    if ((await get(bad)).status !== 404) forged++
  }
}
check(`none of ${tries} forged links is taken`, forged === 0 && tries > 200, forged)
const token = links[0].split('/l/')[1]
check('a token for one purpose is none for another', (await get(`${url}/u/${token}`)).status === 404 && (await post(`${url}/u/${token}`, '')).status === 404 && (await get(`${url}/o/${token}.gif`)).status === 404)
check('HEAD answers as GET does', (await get(links[0], browser, 'HEAD')).status === 302)

// ---- leaving ----
const leave = list.unsubscribe.url
const page = await get(leave)
check('GET shows a page with a button', page.status === 200 && /<form method="post">/.test(await page.text()))
check('its policy is strict', /default-src 'none'/.test(page.headers.get('content-security-policy')) && !/unsafe/.test(page.headers.get('content-security-policy')))
await get(leave, browser, 'HEAD')
check('and changes nothing', (await consent('u1'))['email/arrivals'] === true)
check('the page speaks Chinese', (await (await get(leave, { ...browser, 'accept-language': 'zh-CN,zh;q=0.9' })).text()).includes('退订'))
const left = await post(leave, 'List-Unsubscribe=One-Click', { 'user-agent': 'Google' })
check('POST leaves at once', left.status === 200 && (await consent('u1'))['email/arrivals'] === false)
check('the channel itself stays', (await consent('u1')).email === true)
check('again is no error', (await post(leave, 'List-Unsubscribe=One-Click')).status === 200)
const proof = (await proofs('u1')).find(p => p.topic === 'arrivals')
check('the proof says how', proof?.value === false && proof.reason === 'one-click' && proof.by === 'customer', proof)
await batch([looked('u1')])
const refused = await until(async () => (await call('GET', '/api/v1/messages?customer=user_id:u1')).body.items.find(x => x.status === 'refused'))
check('no more is sent', refused?.reason === 'consent')

// ---- preferences ----
const prefer = hrefs.find(h => h.startsWith(url + '/p/'))
const shown = await (await get(prefer)).text()
check('topics are shown by their names', shown.includes('New arrivals') && shown.includes('value="email/arrivals"') && shown.includes('name="was" value="email"'))
check('in Chinese too', (await (await get(prefer, { ...browser, 'accept-language': 'zh' })).text()).includes('新品上架'))
check('GET changes nothing', (await consent('u1'))['email/arrivals'] === false)
const saved = await post(prefer, 'shown=email&was=email&shown=email%2Farrivals&on=email&on=email%2Farrivals&do=save')
check('POST saves', saved.status === 200 && (await saved.text()).includes('Saved') && (await consent('u1'))['email/arrivals'] === true)
const agreed = (await proofs('u1')).find(p => p.topic === 'arrivals')
check('with the words that were shown', agreed.reason === 'preference page' && agreed.text === 'E-mail: New arrivals', agreed)
await post(prefer, 'shown=email&was=email&shown=email%2Farrivals&was=email%2Farrivals&do=nothing')
check('everything can be stopped', Object.values(await consent('u1')).every(x => x === false))

// ---- Ed25519, and secrets that stay ----
const key2 = (await call('POST', '/api/v1/channels/email/dkim', { selector: 'e1', algorithm: 'ed25519', domain: 'shop.test' })).body
dkim[key2.record.name] = key2.record.value
await batch([person('u2', 'bob@example.com'), looked('u2')])
const m2 = await mailTo('bob@example.com')
const signed2 = await verify(m2.raw)
check('Ed25519 holds too', signed2[0]?.status.result === 'pass' && signed2[0].algo === 'ed25519-sha256', signed2)
const kept = (await call('GET', '/api/v1/channels/email')).body.settings
check('an edit without secrets keeps the key', (await call('PUT', '/api/v1/channels/email', { channel: 'email', provider: 'smtp', settings: { ...kept, track_clicks: false, track_opens: false } })).status === 200)
await batch([person('u3', 'cy@example.com'), looked('u3')])
const m3 = await mailTo('cy@example.com')
check('and mails are signed as before', (await verify(m3.raw))[0]?.status.result === 'pass')
check('tracking can be turned off', !m3.mail.html.includes('/l/') && !m3.mail.html.includes('/o/') && m3.mail.html.includes('https://shop.example/sale'))

// ---- consent with proof by API; suppressions ----
await call('PATCH', '/api/v1/customers/user_id:u3', { consent: { sms: { value: true, text: 'I agree to texts', source: 'till 4' }, push: false } })
const byApi = await proofs('u3')
check('the API takes the proof', byApi.find(p => p.channel === 'sms')?.text === 'I agree to texts' && byApi.find(p => p.channel === 'sms')?.source === 'till 4' && byApi.find(p => p.channel === 'push')?.reason === 'api', byApi)
check('an SDK\'s consent says so', byApi.find(p => p.channel === 'email')?.reason === 'sdk')
check('half a proof is refused', (await ask('PATCH', '/api/v1/customers/user_id:u3', { consent: { sms: { text: 'x' } } })).status === 422)
check('an address is suppressed', (await call('POST', '/api/v1/suppressions', { channel: 'email', address: 'Cy@Example.com ', reason: 'complaint' })).status === 201)
const found = (await call('GET', '/api/v1/suppressions?channel=email&address=cy@example.com')).body.items
check('and found again', found.length === 1 && found[0].reason === 'complaint' && found[0].since, found)
await batch([looked('u3')])
check('nothing is sent to it', (await until(async () => (await call('GET', '/api/v1/messages?customer=user_id:u3')).body.items.find(x => x.status === 'refused')))?.reason === 'suppressed')
await batch([person('u4', 'nobody@example.com'), looked('u4')])
check('a dead mailbox is suppressed', await until(async () => (await call('GET', '/api/v1/suppressions?channel=email&address=nobody@example.com')).body.items[0]?.reason === 'bounce'))
check('the list has both', (await call('GET', '/api/v1/suppressions')).body.items.length === 2)
check('it may be used again', (await call('DELETE', '/api/v1/suppressions?channel=email&address=cy@example.com')).status === 204)
check('once', (await ask('DELETE', '/api/v1/suppressions?channel=email&address=cy@example.com')).status === 404)

// ---- forms ----
const form = {
  id: 'news', name: { zh: '订阅新品', en: 'Get our news' }, origins: ['https://shop.example'],
  fields: [{ name: 'mail', type: 'email', label: { zh: '邮箱', en: 'E-mail' }, required: true, target: 'email' },
    { name: 'first_name', label: { zh: '名字', en: 'First name' } }, { name: 'size', type: 'select', options: ['S', 'M', { value: 'L', label: { zh: '大', en: 'Large' } }], target: 'attribute:size' }],
  consent: { channel: 'email', topic: 'arrivals', text: { zh: '我同意接收新品邮件', en: 'I agree to mails about new arrivals' } }, thanks: { zh: '谢谢！', en: 'Welcome!' },
}
check('a form is made', (await call('POST', '/api/v1/forms', form)).body.url === url + '/f/news')
check('one by which nobody is known is refused', (await ask('POST', '/api/v1/forms', { id: 'x', fields: [{ name: 'a' }] })).status === 422)
check('one may not say who somebody is', (await ask('POST', '/api/v1/forms', { id: 'x', fields: [{ name: 'user_id' }] })).status === 422)
const formPage = await (await get(url + '/f/news')).text()
check('it has a page', formPage.includes('Get our news') && formPage.includes('name="mail"') && formPage.includes('I agree to mails'))
const time = formPage.match(/name="bk_t" value="([^"]*)"/)[1]
const fill = (more = '') => `mail=Eve%40Example.com&first_name=Eve&size=L&bk_agree=true&bk_t=${time}${more}`
const quick = await post(url + '/f/news', fill())
check('a robot is quicker than a person', quick.status === 422 && (await quick.text()).includes('value="Eve@Example.com"'))
await sleep(2100)
check('what nobody sees is filled in by nobody', (await (await post(url + '/f/news', fill('&bk_url=x'))).text()).includes('Welcome!') && (await ask('GET', '/api/v1/customers/email:eve@example.com')).status === 404)
check('a foreign page may not send it', (await post(url + '/f/news', fill(), { ...browser, origin: 'https://evil.example' })).status === 403)
const empty = await post(url + '/f/news', `mail=&bk_t=${time}`)
check('what is needed is asked for', empty.status === 422 && (await empty.text()).includes('“E-mail” is needed.'))
const filled = await post(url + '/f/news', fill(), { ...browser, origin: 'https://shop.example', accept: 'application/json' })
check('a form is taken', filled.status === 200 && filled.headers.get('access-control-allow-origin') === 'https://shop.example' && (await filled.json()).message === 'Welcome!')
const eve = (await call('GET', '/api/v1/customers/email:eve@example.com')).body
check('it makes a customer', eve.attributes?.first_name === 'Eve' && eve.attributes.size === 'L' && eve.consent['email/arrivals'] === true && eve.consent.email === true, eve)
const timeline = (await call('GET', `/api/v1/customers/${eve.id}/timeline`)).body.items
const submitted = timeline.find(e => e.event === 'Form Submitted')
check('and an event with its values', submitted?.properties.form === 'news' && submitted.properties.mail === 'Eve@Example.com' && submitted.properties.size === 'L', submitted)
const formProof = (await call('GET', `/api/v1/customers/${eve.id}/consents`)).body.items[0]
check('and a proof', formProof.reason === 'form' && formProof.text === 'I agree to mails about new arrivals' && /^form news, .*127\.0\.0\.0$/.test(formProof.source), formProof)
const script = await get(url + '/f/news.js')
check('it can be put into a page', script.headers.get('content-type').startsWith('text/javascript') && (await script.text()).includes('"action":"' + url + '/f/news"'))
await call('PUT', '/api/v1/forms/news', { ...form, consent: { ...form.consent, double_opt_in: true } })
const twice = await (await post(url + '/f/news', `mail=finn%40example.com&bk_agree=true&bk_t=${time}`, { ...browser, accept: 'application/json' })).json()
const finn = (await call('GET', '/api/v1/customers/email:finn@example.com')).body
check('a yes to be confirmed is none yet', twice.confirm === true && finn.id && Object.keys(finn.consent).length === 0, finn.consent)
let busy = 0
for (let i = 0; i < 12; i++) busy += (await post(url + '/f/news', 'mail=')).status === 429
check('an address may post so often and no more', busy > 0)

const gone = new Promise(done => server.on('exit', done))
server.kill('SIGTERM')
check('it ends cleanly', (await gone) === 0)
const doctor = JSON.parse(execFileSync(binary, ['doctor', '--data', folder, '--json']))
check('and its log replays to the same state', doctor.ok && doctor.state_hash === doctor.replay_hash, doctor)
smtp.close()
if (!process.env.BECKON_KEEP) rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
