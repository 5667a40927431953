// gateways.mjs — short messages, receipts, replies and webhooks over real HTTP.
//
//   node test/gateways.mjs [path of the binary]
//
// A server here plays Aliyun, Tencent, Twilio, a gateway of nobody's and a listener of webhooks: it answers each row of
// the vendors' tables, slowly, or not at all, checks the signatures by its own means, and calls back with receipts
// (twice) and replies. Journeys run from an event to the opt-out.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binary = process.argv[2] ?? new URL('../build/release/beckon', import.meta.url).pathname
let passed = 0, failed = 0
const check = (what, ok, seen) => { if (ok) passed++; else { failed++; console.log('FAILED ' + what, seen === undefined ? '' : JSON.stringify(seen)?.slice(0, 800)) } }
const sleep = ms => new Promise(done => setTimeout(done, ms))
const until = async (test, ms = 15000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(25)) { const found = await test(); if (found) return found }
  return false
}
const freePort = () => new Promise(done => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
const sha256 = s => createHash('sha256').update(s).digest('hex')
const hmac = (key, s, how) => createHmac('sha256', key).update(s).digest(how)

// ---- the vendors ----

const got = { aliyun: [], tencent: [], twilio: [], plain: [], webhook: [] }
let answer = {} // what a vendor answers to a number; by default it accepts
const rfc3986 = s => encodeURIComponent(s).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase())

function aliyun(req, url, body) {
  const q = [...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1))
  const names = Object.keys(req.headers).filter(h => h === 'host' || h.startsWith('x-acs-')).sort()
  const canonical = ['POST', '/', q.map(([k, v]) => rfc3986(k) + '=' + rfc3986(v)).join('&'), ...names.map(n => n + ':' + req.headers[n]), '', names.join(';'), sha256(body)].join('\n')
  const wanted = `ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=${names.join(';')},Signature=${hmac('AKS', 'ACS3-HMAC-SHA256\n' + sha256(canonical), 'hex')}`
  const sent = { ...Object.fromEntries(q), signed: req.headers.authorization === wanted, action: req.headers['x-acs-action'] }
  got.aliyun.push(sent)
  if (answer[sent.PhoneNumbers] === 'drop') return 'drop'
  return [200, answer[sent.PhoneNumbers] ?? { Code: 'OK', Message: 'OK', BizId: 'biz' + got.aliyun.length, RequestId: 'r' }]
}

function tencent(req, url, body) {
  const ts = req.headers['x-tc-timestamp'], date = new Date(ts * 1000).toISOString().slice(0, 10)
  const canonical = `POST\n/\n\ncontent-type:application/json\nhost:${req.headers.host}\n\ncontent-type;host\n${sha256(body)}`
  const text = `TC3-HMAC-SHA256\n${ts}\n${date}/sms/tc3_request\n${sha256(canonical)}`
  const key = hmac(hmac(hmac('TC3SKEY', date), 'sms'), 'tc3_request')
  const wanted = `TC3-HMAC-SHA256 Credential=SID/${date}/sms/tc3_request, SignedHeaders=content-type;host, Signature=${hmac(key, text, 'hex')}`
  const sent = { ...JSON.parse(body), signed: req.headers.authorization === wanted, version: req.headers['x-tc-version'] }
  got.tencent.push(sent)
  const special = answer[sent.PhoneNumberSet[0]]
  sent.serial = '2019:' + got.tencent.length
  if (special?.Error) return [200, { Response: { ...special, RequestId: 'r' } }]
  return [200, { Response: { SendStatusSet: [{ SerialNo: '2019:' + got.tencent.length, PhoneNumber: sent.PhoneNumberSet[0], Fee: 1, Code: 'Ok', Message: 'send success', ...special }], RequestId: 'r' } }]
}

function twilio(req, url, body) {
  const sent = { ...Object.fromEntries(new URLSearchParams(body)), path: url.pathname, auth: Buffer.from((req.headers.authorization ?? '').slice(6), 'base64').toString() }
  got.twilio.push(sent)
  return Array.isArray(answer[sent.To]) ? answer[sent.To] : [201, { sid: 'SM' + got.twilio.length, status: 'queued', error_code: null, num_segments: '1' }]
}

function plain(req, url, body) {
  got.plain.push({ body: body && JSON.parse(body), url: req.url, headers: req.headers })
  const special = body && answer[JSON.parse(body).mobile]
  return Array.isArray(special) ? special : [200, { result: 0, data: [{ id: 'p' + got.plain.length }] }]
}

let webhookAnswer = () => [204, '']
const vendor = createServer((req, res) => {
  const chunks = []
  req.on('data', c => chunks.push(c))
  req.on('end', async () => {
    const body = Buffer.concat(chunks).toString(), url = new URL(req.url, 'http://x')
    let said
    if (req.headers['webhook-id']) {
      const sent = { path: url.pathname, body, id: req.headers['webhook-id'], at: req.headers['webhook-timestamp'], signature: req.headers['webhook-signature'] }
      got.webhook.push(sent)
      said = webhookAnswer(sent)
    } else if (req.headers['x-acs-action']) said = aliyun(req, url, body)
    else if (req.headers['x-tc-action']) said = tencent(req, url, body)
    else if (url.pathname.startsWith('/2010-04-01/')) said = twilio(req, url, body)
    else said = plain(req, url, body)
    if (said === 'drop') return req.socket.destroy()
    const [status, json, headers] = said
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    res.end(typeof json === 'string' ? json : JSON.stringify(json))
  })
})
await new Promise(done => vendor.listen(0, '127.0.0.1', done))
const endpoint = `http://127.0.0.1:${vendor.address().port}`

// ---- the program ----

const folder = mkdtempSync(join(tmpdir(), 'beckon-gateways-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const { key } = JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json']))
const start = (...more) => spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`, ...more], { stdio: ['ignore', 'ignore', 'inherit'] })
const isReady = () => until(() => fetch(url + '/readyz').then(r => r.status === 200, () => false))
let server = start()
const call = async (method, path, body, loud = true) => {
  const r = await fetch(url + path, { method, headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  const text = await r.text()
  if (loud && r.status >= 300) console.log(method, path, r.status, text)
  return { status: r.status, body: text ? JSON.parse(text) : null }
}
const stop = async () => { const gone = new Promise(done => server.on('exit', done)); server.kill('SIGTERM'); return gone }
check('the server becomes ready', await isReady())

const inside = { id: 'in', url: endpoint + '/hook', events: ['Message Sent'] }
check('a webhook to an inside address is refused', (await call('POST', '/api/v1/webhooks', inside, false)).status === 422)
const alisms = { id: 'sms', channel: 'sms', provider: 'aliyun', settings: { access_key_id: 'AK', access_key_secret: 'AKS', sign: '小店', endpoint } }
const made = await call('POST', '/api/v1/channels', alisms)
check('a channel has an address for receipts, and shows no secret', made.body.hook_url?.startsWith(url + '/hooks/sms/') && !JSON.stringify(made.body).includes('AKS'), made.body)
const unnamed = await call('POST', '/api/v1/channels', { ...alisms, id: 'other', settings: { access_key_id: 'AK' } }, false)
check('settings that are missing are named', unnamed.status === 422 && unnamed.body.errors[0].path === '/settings/access_key_secret', unnamed)

await call('POST', '/api/v1/templates', { id: 'cart', channel: 'sms', text: '{{ customer.name }}，购物车还在', provider_template: { code: 'SMS_1', params: { name: '{{ customer.name }}', item: '{{ event.item }}' } } })
for (const [id, category] of [['promo', 'promotion'], ['service', 'service']]) {
  await call('POST', '/api/v1/journeys', { id, trigger: { event: id }, entry: { again: 'always' }, policy: { category, dedupe: '0s' }, steps: [{ id: 'm', send: { channel: 'sms', template: 'cart' } }] })
  await call('POST', `/api/v1/journeys/${id}/publish`, {})
}
await call('PUT', '/api/v1/policies', { caps: [], quiet: [] })
const writeKey = (await call('POST', '/api/v1/sources', { name: 'shop', kind: 'server' })).body.write_key
const post = async batch => {
  const r = await fetch(url + '/v1/batch', { method: 'POST', headers: { authorization: 'Basic ' + Buffer.from(writeKey + ':').toString('base64'), 'content-type': 'application/json' }, body: JSON.stringify({ batch }) })
  if (r.status !== 200) console.log('batch', r.status, await r.text())
}
const person = (userId, phone, more) => post([{ type: 'identify', userId, traits: { phone, name: userId, consent: { sms: true }, ...more } }])
const event = (userId, name, properties = { item: '茶 & "杯"' }) => post([{ type: 'track', userId, event: name, properties }])
const message = async (user, i = 0) => (await call('GET', `/api/v1/messages?customer=user_id:${user}`)).body?.items?.[i]
const consent = async user => (await call('GET', `/api/v1/customers/user_id:${user}`)).body.consent?.sms
const timeline = async user => (await call('GET', `/api/v1/customers/user_id:${user}/timeline`)).body.items
const reads = (user, status) => until(async () => (await message(user))?.status === status)

// ---- the connector refuses what is inside, and says so ----

await person('u0', '+8613900000000')
await event('u0', 'promo')
check('without leave nothing goes to an inside address', await reads('u0', 'rejected'), await message('u0'))
const health = (await call('GET', '/api/v1/channels')).body.items[0].health
check('the channel is paused with an alert', health.status === 'paused' && health.class === 'CONFIG' && /not public/.test(health.alert), health)
check('nothing arrived', got.aliyun.length === 0)
check('it ends cleanly', (await stop()) === 0)
server = start('--allow-outbound', '127.0.0.1')
check('it comes back', await isReady())

// ---- Aliyun, from the event to the opt-out ----

await person('u1', '13900001111')
await event('u1', 'promo')
const first = await until(() => got.aliyun.find(m => m.PhoneNumbers === '13900001111'))
check('a message goes out, signed', first?.signed && first.action === 'SendSms', first)
check('it has sign, template and values', first?.SignName === '小店' && first.TemplateCode === 'SMS_1' && JSON.parse(first.TemplateParam).item === '茶 & "杯"' && JSON.parse(first.TemplateParam).name === 'u1', first)
check('it is sent', await reads('u1', 'sent'), await message('u1'))
const hook = (await call('GET', '/api/v1/channels/sms')).body.hook_url
const tell = async (where, body, headers = { 'content-type': 'application/json' }) => {
  const r = await fetch(where, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
  return { status: r.status, text: await r.text() }
}
check('a wrong secret is nothing', (await tell(hook.slice(0, -1) + (hook.endsWith('0') ? '1' : '0'), [])).status === 404)
check('what is no receipt is refused', (await tell(hook, '{{{')).status === 400)
const receipt = [{ phone_number: '13900001111', send_time: '', report_time: '', success: true, err_code: 'DELIVERED', err_msg: '', sms_size: '1', biz_id: 'biz1', out_id: first?.OutId }]
const said = await tell(hook, receipt)
check('a receipt is answered as they want it', said.status === 200 && JSON.parse(said.text).code === 0, said)
await tell(hook, receipt)
// An engine that does not know receipts yet leaves them unread; all that hangs on them is then skipped, and said so.
const receipts = await until(async () => (await message('u1'))?.status === 'delivered', 5000)
let skipped = 0
const checkReceipt = async (what, user) => { if (receipts) check(what, await reads(user, 'delivered'), await message(user)); else { skipped++; console.log('skipped ' + what + ': this engine applies no receipts') } }
await checkReceipt('the receipt is applied', 'u1')
await tell(hook, [{ phone_number: '13900001111', content: '什么时候到货？', sequence_id: '77', dest_code: '1', sign_name: '小店' }])
await tell(hook, [{ phone_number: '13900001111', content: '什么时候到货？', sequence_id: '77', dest_code: '1', sign_name: '小店' }])
const heard = await until(async () => (await timeline('u1')).filter(e => e.event === 'Message Received'))
check('a reply is an event, once', heard.length === 1 && heard[0].properties.text === '什么时候到货？' && heard[0].properties.channel === 'sms', heard)
check('a reply is no opt-out', (await consent('u1')) === true)
const before = Date.now()
await tell(hook, [{ phone_number: '13900001111', content: ' r ', sequence_id: '78' }])
check('R is an opt-out', await until(async () => (await consent('u1')) === false, 1000), await consent('u1'))
check('within a second', Date.now() - before < 1000)
check('it is written down', (await timeline('u1')).some(e => e.event === 'Consent Changed' && e.properties.new === false))
await event('u1', 'promo')
const refused = await until(async () => { const m = await message('u1'); return m?.status === 'refused' && m })
check('the next one is refused for want of consent', refused?.reason === 'consent', refused)
await person('u1', '13900001111', { consent: { sms: true } })
check('consent given anew holds', await until(async () => (await consent('u1')) === true))
await event('u1', 'promo')
check('and it goes again', await reads('u1', 'sent'), await message('u1'))

// ---- each row of their table ----

const CHINA_DAY = 24 * 3600e3 - (Date.now() + 8 * 3600e3) % (24 * 3600e3)
const rows = async (vendorName, number, list, set) => {
  let n = 0
  for (const [code, wanted, extra] of list) {
    const user = `${vendorName}-${n}`, phone = number(n++)
    set(phone, code, extra)
    await person(user, phone)
    await event(user, 'service')
    const m = await until(async () => { const x = await message(user); return x && !['planned', 'claimed'].includes(x.status) && x }, 8000)
    check(`${vendorName} ${code} is ${wanted}`, m?.status === wanted, [m?.status, m?.reason, m?.history?.at(-1)])
    if (extra?.consent) check(`${code} is an opt-out`, await until(async () => (await consent(user)) === false, 2000))
  }
}
const aliRow = (phone, code, extra) => { answer[phone.slice(3)] = { Code: code, Message: extra?.message ?? 'words', RequestId: 'r' } }
await rows('aliyun', n => '+861391111' + String(1000 + n), [
  ['isp.SYSTEM_ERROR', 'deferred'], ['isp.GATEWAY_ERROR', 'deferred'], ['isp.UNKNOWN', 'deferred'],
  ['isv.BUSINESS_LIMIT_CONTROL', 'deferred', { message: '触发分钟级流控Permits:1' }], ['isv.BUSINESS_LIMIT_CONTROL', 'deferred', { message: '触发天级流控Permits:10' }],
  ['isv.MOBILE_NUMBER_ILLEGAL', 'bounced'], ['isv.DOMESTIC_NUMBER_NOT_SUPPORTED', 'bounced'],
  ['isv.BLACK_KEY_CONTROL_LIMIT', 'rejected'], ['isv.SMS_CONTENT_ILLEGAL', 'rejected'], ['isv.TEMPLATE_MISSING_PARAMETERS', 'rejected'],
  ['isv.INVALID_JSON_PARAM', 'rejected'], ['isv.PARAM_LENGTH_LIMIT', 'rejected'], ['isv.PARAM_NOT_SUPPORT_URL', 'rejected'], ['isv.TEMPLATE_PARAMS_ILLEGAL', 'rejected'],
], aliRow)
const due = (await message('aliyun-4')).history.at(-1)
check('a daily limit waits for the next day', due !== undefined)
const again = async () => { await call('PUT', '/api/v1/channels/sms', alisms); }
for (const code of ['isv.SMS_TEMPLATE_ILLEGAL', 'isv.SMS_SIGNATURE_ILLEGAL', 'isp.RAM_PERMISSION_DENY', 'SignatureDoesNotMatch', 'InvalidAccessKeyId.NotFound', 'isv.AMOUNT_NOT_ENOUGH', 'isv.OUT_OF_SERVICE']) {
  const user = 'config-' + code, phone = '+8613922' + String(100000 + Math.floor(Math.random() * 899999))
  aliRow(phone, code)
  await person(user, phone)
  await event(user, 'service')
  check(`aliyun ${code} is rejected`, await reads(user, 'rejected'), await message(user))
  const h = (await call('GET', '/api/v1/channels/sms')).body.health
  check(`aliyun ${code} pauses the channel`, h.status === 'paused' && h.alert.includes(code) && h.class === (/AMOUNT|SERVICE/.test(code) ? 'BILLING' : 'CONFIG'), h)
  await again()
}
aliRow('+8613933330000', 'isv.DAY_LIMIT_CONTROL')
await person('rate', '+8613933330000')
await event('rate', 'service')
check('a limit of the account puts it off', await reads('rate', 'deferred'), await message('rate'))
check('and rests the channel', (await call('GET', '/api/v1/channels/sms')).body.health.class === 'RATE')
await again()
answer['13944440000'] = 'drop' // an answer that never comes: the server closes after it read the request
await person('lost', '+8613944440000')
await event('lost', 'service')
check('a connection lost after the request is unknown', await reads('lost', 'unknown'), await message('lost'))
check('and it went once', got.aliyun.filter(m => m.PhoneNumbers === '13944440000').length === 1)

// ---- Tencent ----

await call('PUT', '/api/v1/channels/sms', { channel: 'sms', provider: 'tencent', settings: { secret_id: 'SID', secret_key: 'SKEY', sdk_app_id: '1400000000', sign: '小店', endpoint } })
await person('t1', '+8613955550001')
await event('t1', 'service')
const ten = await until(() => got.tencent.find(m => m.PhoneNumberSet[0] === '+8613955550001'))
check('Tencent gets it signed', ten?.signed && ten.version === '2021-01-11', ten)
check('with number, app, template and values in order', ten?.PhoneNumberSet[0] === '+8613955550001' && ten.SmsSdkAppId === '1400000000' && ten.TemplateId === 'SMS_1' && ten.TemplateParamSet[0] === 't1' && ten.TemplateParamSet[1] === '茶 & "杯"', ten)
check('Tencent accepts', await reads('t1', 'sent'), await message('t1'))
const tsaid = await tell(hook, [{ user_receive_time: '2026-01-01 00:00:00', nationcode: '86', mobile: '13955550001', report_status: 'SUCCESS', errmsg: 'DELIVRD', description: 'ok', sid: ten?.serial }])
check('Tencent\'s receipt is answered', JSON.parse(tsaid.text).result === 0, tsaid)
await checkReceipt('it is found by its serial number', 't1')
await rows('tencent', n => '+861396666' + String(1000 + n), [
  ['InternalError.Timeout', 'deferred'], ['LimitExceeded.PhoneNumberThirtySecondLimit', 'deferred'], ['LimitExceeded.PhoneNumberDailyLimit', 'deferred'],
  ['InvalidParameterValue.IncorrectPhoneNumber', 'bounced'], ['FailedOperation.PhoneNumberInBlacklist', 'rejected', { consent: true }],
  ['FailedOperation.ContainSensitiveWord', 'rejected'], ['InvalidParameterValue.ContentLengthLimit', 'rejected'], ['InvalidParameterValue.TemplateParameterFormatError', 'rejected'],
], (phone, code) => { answer[phone] = { Code: code, Message: 'words' } })
await rows('tencent-config', n => '+861397777' + String(1000 + n), [['AuthFailure.SignatureFailure', 'rejected']], (phone, code) => { answer[phone] = { Error: { Code: code, Message: 'words' } } })
check('Tencent\'s refusal of the key pauses', (await call('GET', '/api/v1/channels/sms')).body.health.class === 'CONFIG')
await tell(hook, { extend: '1', mobile: '13955550001', nationcode: '86', sign: '小店', text: '退订', time: 1 })
check('退订 is an opt-out', await until(async () => (await consent('t1')) === false, 1000))

// ---- Twilio ----

await call('PUT', '/api/v1/channels/sms', { channel: 'sms', provider: 'twilio', settings: { account_sid: 'AC1', auth_token: 'token', from: '+15005550006', endpoint } })
await call('POST', '/api/v1/templates', { id: 'plain', channel: 'sms', text: 'Hi {{ customer.name }}' })
for (const id of ['tw', 'twpromo']) {
  await call('POST', '/api/v1/journeys', { id, trigger: { event: id }, entry: { again: 'always' }, policy: { category: id === 'tw' ? 'service' : 'promotion', dedupe: '0s' }, steps: [{ id: 'm', send: { channel: 'sms', template: 'plain' } }] })
  await call('POST', `/api/v1/journeys/${id}/publish`, {})
}
await person('w1', '+15005550007')
await event('w1', 'tw')
const tw = await until(() => got.twilio.find(m => m.To === '+15005550007'))
check('Twilio gets a form with Basic', tw?.auth === 'AC1:token' && tw.To === '+15005550007' && tw.From === '+15005550006' && tw.Body === 'Hi w1' && tw.path.endsWith('/Accounts/AC1/Messages.json'), tw)
check('Twilio accepts', await reads('w1', 'sent'), await message('w1'))
const twilioSign = (where, form) => createHmac('sha1', 'token').update(where + Object.keys(form).sort().map(k => k + form[k]).join('')).digest('base64')
const form = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+15005550007', From: '+15005550006' }
const twTell = (where, f, signature = twilioSign(where, f)) => tell(where, new URLSearchParams(f).toString(), { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature })
check('an unsigned callback is refused', (await twTell(tw.StatusCallback, form, 'x')).status === 401)
const twSaid = await twTell(tw.StatusCallback, form)
check('a signed one is taken', twSaid.status === 200 && twSaid.text.includes('<Response>'), twSaid)
await checkReceipt('Twilio\'s is applied', 'w1')
await rows('twilio', n => '+1500555' + String(1000 + n), [
  ['20429', 'deferred'], ['21211', 'bounced'], ['21612', 'bounced'], ['21614', 'bounced'], ['21610', 'rejected', { consent: true }], ['30003', 'deferred'], ['30007', 'rejected'], ['21617', 'rejected'],
], (phone, code) => { answer[phone] = [code === '20429' ? 429 : 400, { code: Number(code), message: 'words', status: 400 }, code === '20429' ? { 'retry-after': '1' } : {}] })
await twTell(hook, { MessageSid: 'SM9', Body: 'STOP', From: '+15005550007', To: '+15005550006' })
check('STOP is an opt-out', await until(async () => (await consent('w1')) === false, 1000))

// ---- a gateway described in configuration ----

await call('PUT', '/api/v1/channels/sms', {
  channel: 'sms', provider: 'http',
  settings: {
    url: endpoint + '/send/{{ to }}', headers: { 'X-Key': '{{ settings.api_key }}' }, api_key: 'k-1', sign: '小店',
    body: { mobile: '{{ to }}', content: '{{ text }}', ref: '{{ token }}', n: 1 }, id_path: 'data[0].id',
    outcome: [{ path: 'result', equals: '0', class: 'OK' }, { path: 'result', matches: '^4[0-9]$', class: 'BAD_ADDR' }, { status: '5xx', class: 'RETRY' }, { path: 'result', equals: '9', class: 'CONTENT' }],
    receipts: { items: 'reports', message_path: 'ref', status_path: 'state', statuses: { DELIVRD: 'delivered', UNDELIV: 'rejected' } },
    inbound: { from_path: 'from', text_path: 'msg' },
    signature: { header: 'X-Sig' }, signature_secret: 'sig-secret', price: 0.045, currency: 'CNY',
  },
})
await person('p1', '+8613988880001', { name: 'A "quote" \\ 店' })
await event('p1', 'twpromo')
const pl = await until(() => got.plain.find(m => m.body?.mobile === '+8613988880001'))
check('the described request goes out', pl?.body.content === '【小店】Hi A "quote" \\ 店，拒收请回复R' && pl.body.n === 1 && pl.url === '/send/%2B8613988880001' && pl.headers['x-key'] === 'k-1', pl)
check('it is accepted', await reads('p1', 'sent'), await message('p1'))
const report = JSON.stringify({ reports: [{ ref: pl?.body.ref, state: 'DELIVRD' }] })
check('an unsigned receipt is refused', (await tell(hook, report)).status === 401)
check('a signed one is taken', (await tell(hook, report, { 'content-type': 'application/json', 'x-sig': hmac('sig-secret', report, 'hex') })).status === 200)
await checkReceipt('that of the gateway is applied', 'p1')
for (const [n, result, wanted] of [[2, 44, 'bounced'], [3, 9, 'rejected'], [4, 'x', 'sent']]) {
  answer['+861398888000' + n] = [200, { result }]
  await person('p' + n, '+861398888000' + n)
  await event('p' + n, 'tw')
  check(`result ${result} is ${wanted}`, await reads('p' + n, wanted), await message('p' + n))
}
answer['+8613988880005'] = [503, 'busy', { 'retry-after': '1' }]
await person('p5', '+8613988880005')
await event('p5', 'tw')
check('503 puts it off', await reads('p5', 'deferred'), await message('p5'))
delete answer['+8613988880005']
check('and it goes after Retry-After', await reads('p5', 'sent'), await message('p5'))
const stopText = JSON.stringify({ from: '+8613988880001', msg: 'TD' })
await tell(hook, stopText, { 'content-type': 'application/json', 'x-sig': hmac('sig-secret', stopText, 'hex') })
check('TD is an opt-out', await until(async () => (await consent('p1')) === false, 1000))
const n = (await call('POST', '/api/v1/templates/sms-count', { text: 'a'.repeat(161), country: 'US' })).body
check('a length is told', n?.length === 161 && n.parts === 2 && n.encoding === 'gsm7', n)
const zh = (await call('POST', '/api/v1/templates/sms-count', { text: '店'.repeat(71) })).body
check('with the price of the channel', zh?.parts === 2 && zh.encoding === 'ucs2' && zh.price === 0.09, zh)

// ---- webhooks ----

const hookMade = await call('POST', '/api/v1/webhooks', { id: 'crm', url: endpoint + '/crm', events: ['Message Sent', 'Product Viewed'] })
const secret = hookMade.body.secret
check('a webhook has a secret, shown once', hookMade.status === 201 && secret?.startsWith('whsec_') && !(await call('GET', '/api/v1/webhooks/crm')).body.secret, hookMade)
const isSigned = w => w.signature === 'v1,' + createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${w.id}.${w.at}.${w.body}`).digest('base64')
let times = 0
webhookAnswer = w => (JSON.parse(w.body).type === 'product.viewed' && times++ === 0 ? [500, 'no'] : [204, ''])
const tested = await call('POST', '/api/v1/webhooks/crm/test', {})
check('a test is accepted', tested.status === 202, tested)
check('and arrives, signed', await until(() => got.webhook.find(w => JSON.parse(w.body).type === 'webhook.test' && isSigned(w))), got.webhook)
await event('p5', 'Product Viewed', { product_id: 'x1' })
await event('p5', 'Not Wanted', {})
const tries = await until(() => { const all = got.webhook.filter(w => JSON.parse(w.body).type === 'product.viewed'); return all.length >= 2 && all })
check('what failed is tried again, under the same id', tries && tries[0].id === tries[1].id && tries.every(isSigned) && tries[1].at - tries[0].at >= 5, tries)
check('with its properties', tries && JSON.parse(tries[1].body).data.properties.product_id === 'x1')
check('nothing else is told', !got.webhook.some(w => JSON.parse(w.body).data.event === 'Not Wanted'))
const deliveries = (await call('GET', '/api/v1/webhooks/crm/deliveries?status=delivered')).body.items
const viewed = deliveries.find(d => d.event === 'Product Viewed')
check('deliveries are listed', viewed?.attempts === 2 && viewed.response_status === 204, deliveries)
const seen = got.webhook.length
await call('POST', `/api/v1/webhooks/crm/deliveries/${viewed?.id}/replay`, {})
check('one can be sent again', await until(() => got.webhook.length > seen && got.webhook.at(-1).id === viewed?.webhook_id))
webhookAnswer = () => 'drop'
await event('p5', 'Product Viewed', { product_id: 'x2' })
await until(() => got.webhook.some(w => w.body.includes('"x2"')))
const killed = new Promise(done => server.on('exit', done))
server.kill('SIGKILL')
await killed
webhookAnswer = () => [204, '']
const had = got.webhook.length
server = start('--allow-outbound', '127.0.0.1')
check('it comes back after a kill', await isReady())
check('what was not told is told after it', await until(() => got.webhook.slice(had).some(w => w.body.includes('"x2"') && isSigned(w)), 20000), got.webhook.slice(had))
check('what was told is not told again', !got.webhook.slice(had).some(w => w.body.includes('"x1"')))
check('a customer is erased', (await call('POST', '/api/v1/customers/user_id:p5/erase', {})).status === 200)
check('and what was told of her is gone', await until(async () => !(await call('GET', '/api/v1/webhooks/crm/deliveries')).body.items.some(d => JSON.stringify(d.body).includes('"x2"'))))
webhookAnswer = () => [410, '']
await call('POST', '/api/v1/webhooks/crm/test', {})
check('410 disables it', await until(async () => (await call('GET', '/api/v1/webhooks/crm')).body.state.enabled === false))
check('it goes away', (await call('DELETE', '/api/v1/webhooks/crm')).status === 204 && (await call('GET', '/api/v1/webhooks/crm', undefined, false)).status === 404)

check('it ends cleanly', (await stop()) === 0)
vendor.close()
vendor.closeAllConnections()
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed ? 1 : 0)
