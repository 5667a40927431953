// ui-hostile.mjs: names that nobody should have (strings.mjs), in everything that has a name, on every screen: they are
// shown as text, no script of theirs runs, nothing is fetched by them, and nothing grows wider than the window.
import { api, check, faults, picture, server, signedIn, sleep, until } from './ui-lib.mjs'
import { OWN, strings } from './strings.mjs'

/** A name that a file may have: no path and no quotes. */
const FILE = '<img src=hit.png onerror=__hit(6)>{n, plural, one {#}}.csv'
// All of it in the gate; in the tests of every change the worst of it.
const WHOLE = process.env.WHOLE === '1'
const chunks = (list, n) => Array.from({ length: Math.ceil(list.length / n) }, (_, i) => list.slice(i * n, (i + 1) * n))

/** Each string as everything that it may be; what the server refuses is not there to be shown. */
async function fill(s, call, all) {
  const { write_key: key } = (await call('POST', '/sources', { name: OWN[0], kind: 'server' })).body
  const made = { customers: [], segments: [], templates: [], journeys: [], events: [] }
  const send = async (batch) => {
    const r = await fetch(s.url + '/v1/batch', { method: 'POST', headers: { authorization: 'Basic ' + Buffer.from(key + ':').toString('base64'), 'content-type': 'application/json' }, body: JSON.stringify({ batch }) })
    if (r.status !== 200) throw new Error('the events are refused: ' + r.status)
  }
  for (const [k, part] of chunks(all, 100).entries())
    await send(part.flatMap((text, i) => [
      { type: 'identify', userId: `h${k * 100 + i}`, timestamp: new Date(Date.now() - 60e3).toISOString(), traits: { name: text, city: text, [text]: text, tags: [text], email: `h${k * 100 + i}@shop.test`, consent: { email: true } } },
      { type: 'track', userId: `h${k * 100 + i}`, event: text, timestamp: new Date(Date.now() - 30e3).toISOString(), properties: { [text]: text, product_name: text, name: text, category: text } },
    ]))
  // One life full of them.
  await send(OWN.flatMap((text) => [
    { type: 'identify', userId: 'full', traits: { name: OWN[0], [text]: text, email: 'full@shop.test', phone: '+8613800138000', consent: { email: true, sms: true } } },
    { type: 'track', userId: 'full', event: text, properties: { [text]: text } },
    { type: 'track', userId: 'full', event: 'Product Viewed', properties: { product_name: text, name: text, price: 12 } },
    { type: 'track', userId: 'full', event: 'Order Completed', properties: { order_id: text, total: 12.5, products: [{ product_id: text, name: text, category: text, price: 12.5, quantity: 1 }] } },
    { type: 'track', userId: 'full', event: 'Page Viewed', properties: { name: text, url: text } },
  ]))
  await call('PATCH', '/customers/user_id:full', { tags: OWN })
  const keep = async (what, text, path, body) => { const r = await call('POST', path, body); if (r.status === 201) made[what].push({ text, id: r.body.id }); return r }
  for (const [i, text] of (WHOLE ? all : OWN).entries()) {
    await keep('segments', text, '/segments', { id: `s${i}`, name: text, if: { attribute: text, op: '=', value: text } })
    await keep('templates', text, '/templates', { id: `m${i}`, name: text, channel: 'email', subject: text.replace(/[{}%]/g, ''), blocks: [{ type: 'heading', text: text.replace(/[{}%]/g, '') }, { type: 'text', text: text.replace(/[{}%]/g, '') }, { type: 'footer' }] })
    await keep('journeys', text, '/journeys', { id: `j${i}`, name: text, trigger: { event: text }, steps: [{ id: 'm', send: { channel: 'email', template: `m${i}` } }, { id: 'k', task: { kind: text, owner: text, due: '1d', outcomes: [text, 'ok'] } }] })
  }
  await call('POST', '/channels', { id: 'email', channel: 'email', provider: 'outbox', settings: {} })
  await call('PUT', '/policies', { caps: [], quiet: [] })
  for (const [i, text] of OWN.entries()) {
    await call('POST', '/journeys', { id: `live${i}`, name: text, trigger: { event: 'Go' }, policy: { category: 'service' }, goal: { did: text, within: '7d', target: 0.1 }, steps: [{ id: 'm', send: { channel: 'email', template: `m${i}` } }, { id: 'k', task: { kind: text, owner: text, due: '0s', outcomes: [text, 'ok'] } }, { id: 't', tag: text }, { id: 'w', wait: { for: '3d' } }] })
    await call('POST', `/journeys/live${i}/publish`, {})
  }
  await send([{ type: 'track', userId: 'full', event: 'Go', properties: {} }])
  const file = (name, text) => { const f = new FormData(); f.set('kind', 'customers'); f.set('file', new Blob([text]), name); return fetch(s.url + '/api/v1/imports', { method: 'POST', headers: { authorization: 'Bearer ' + s.key() }, body: f }) }
  for (const text of [FILE, ...OWN.slice(0, 12)]) await file(text, `user_id,name,"${text.replace(/"/g, '""')}"\nfile-1,"${text.replace(/"/g, '""')}",1\n`)
  const board = await call('POST', '/dashboards', { name: OWN[0], items: [] })
  check('a board may be called so', board.status === 201, board)
  await call('POST', '/saved-analyses', { name: OWN[1], analysis: 'trend', request: { event: OWN[0], interval: 'day' } })
  await call('POST', '/coupons', { id: 'c0', name: OWN[0], value: { amount: 10 }, valid: '7d' })
  await call('POST', '/forms', { id: 'f0', name: OWN[0], fields: [{ name: 'email', type: 'email', required: true, label: OWN[0] }], button: OWN[1], thanks: OWN[2] })
  await call('POST', '/users', { email: 'li@shop.test', name: OWN[0], role: 'analyst' })
  await call('PATCH', '/settings', { name: OWN[0] })
  await send([{ type: 'track', event: OWN[0] }, { type: 'nonsense', userId: OWN[1], event: OWN[0] }])
  return made
}

/** Watches a page: what runs, what is fetched that is none of ours, what breaks. */
function watch(p, url) {
  const seen = { hits: [], fetched: [] }
  p.page.on('dialog', (d) => { seen.hits.push('dialog: ' + d.message()); void d.dismiss() })
  p.page.on('request', (r) => { const u = new URL(r.url()); if (u.protocol.startsWith('http') && (u.origin !== url || /hit|%3C|^\/x/.test(u.pathname)) && !u.pathname.startsWith('/api/')) seen.fetched.push(r.url()) })
  return seen
}

export async function hostile(browser) {
  const s = await server('hostile')
  const first = await signedIn(browser, s.url)
  await first.context.close()
  const call = api(s.url, s.key())
  const all = strings()
  const made = await fill(s, call, all)
  const full = (await call('GET', '/customers/user_id:full')).body
  check('there is a life full of them', full?.tags?.length > 20, full?.tags?.length)
  for (const [what, list] of Object.entries(made)) if (what !== 'customers' && what !== 'events') check(`${what} may be called nearly anything`, list.length > (WHOLE ? all : OWN).length * 0.9, list.length)
  await until(async () => (await call('GET', '/tasks')).body.items.length >= OWN.length / 2)
  const at = (what, text) => made[what].find((x) => x.text === text)?.id
  const listed = (await call('GET', '/customers?limit=20')).body.items.flatMap((c) => (typeof c.attributes?.name === 'string' ? [c.attributes.name] : []))
  check('customers may be called nearly anything', listed.length > 15, listed.length)
  // Where it stands, and which strings must be there as they are.
  const lists = [
    ['customers', '/customers', '.cu-table', listed],
    ['segments', '/customers/segments', 'main h1', made.segments.slice(0, 40).map((x) => x.text)],
    ['journeys', '/journeys', 'main h1', OWN.slice(0, 10)],
    ['content', '/content', 'main h1', made.templates.slice(0, 20).map((x) => x.text).filter((x) => !/[{}]/.test(x))],
    ['content/coupons', '/content/coupons', 'main h1', [OWN[0]]],
    ['content/forms', '/content/forms', 'main h1', [OWN[0]]],
    ['messages', '/messages', 'main h1', []],
    ['tasks', '/tasks', '.tk', OWN.slice(0, 5)],
    ['today', '/', 'main h1', []],
    ['data', '/data', '.snippet', [OWN[0]]],
    ['data/imports', '/data/imports', '.tbl', [FILE]],
    ['data/live', '/data/live', '.tail', []],
    ['data/rejected', '/data/rejected', 'main h1', []],
    ['settings', '/settings', 'main h1', []],
    ['settings/team', '/settings/team', 'main h1', [OWN[0]]],
    ['insights', '/insights', 'main h1', []],
    ['boards', '/insights/boards', 'main h1', [OWN[0]]],
    ['question', '/insights/questions', 'main h1', []],
    ['customer', `/customers/${full?.id}`, '.cs-hd', [...OWN.slice(0, 8)]],
    ['set-up', '/playbooks/welcome', '.su-say', []],
  ]
  const LONG = 'W'.repeat(200), PATH = 'a/b?c#d&e=f%2F%00'
  const worst = WHOLE ? [OWN[0], OWN[1], OWN[8], '__proto__', 'constructor', PATH, LONG, OWN.find((x) => x.startsWith('سلام'))] : [OWN[0], 'constructor', LONG]
  const ones = worst.flatMap((text) => [
    ['segment', `/customers/segments/${at('segments', text)}`, 'main h1', [text]],
    ['mail', `/content/templates/${at('templates', text)}`, '.mail-paper iframe', []],
    ['journey', `/journeys/live${OWN.indexOf(text)}`, 'main h1', [text]],
    ['journey editor', `/journeys/${at('journeys', text)}/edit`, 'header.top', [text]],
    ['launch', `/journeys/${at('journeys', text)}/launch`, '.la-go', []],
    ['simulate', `/journeys/${at('journeys', text)}/simulate`, '.si-people', []],
    ['by name', `/customers?filter=${encodeURIComponent(JSON.stringify({ all: [{ tag: text }, { did: text }, { attribute: text, op: '=', value: text }] }))}`, '.cu-filter', []],
    ['search', `/customers?q=${encodeURIComponent(text)}`, 'main h1', []],
  ])
  for (const [language, width, scheme] of [['en', 1440, 'light'], ['zh', 390, 'dark']]) {
    const p = await signedIn(browser, s.url, { language, width, height: width < 500 ? 844 : 900, scheme })
    await p.context.addInitScript(() => { window.__hits = []; window.__hit = (x) => window.__hits.push(x) })
    const seen = watch(p, s.url)
    for (const [name, path, ready, texts] of [...lists, ...ones]) {
      const what = `${name} ${language} ${width} ${path.slice(0, 60)}`
      const errors = p.errors.length
      await p.page.goto(s.url + path)
      const there = await p.page.locator(ready).first().waitFor({ timeout: 8000 }).then(() => true, () => false)
      await sleep(250)
      check(`hostile ${what} is there`, there)
      const page = await p.page.evaluate((texts) => {
        const shown = document.body.textContent + [...document.querySelectorAll('input, textarea')].map((x) => x.value).join(' ')
        return {
          missing: texts.filter((t) => !shown.replace(/\s+/g, ' ').includes(t.replace(/\s+/g, ' ').trim())), hits: window.__hits, over: document.documentElement.scrollWidth - innerWidth,
          broken: [...document.querySelectorAll('.note.bad')].map((x) => x.textContent.slice(0, 200)),
          out: [...document.querySelectorAll('main button, main a.btn, header button')].filter((b) => { const r = b.getBoundingClientRect(); return r.width > 0 && r.right > innerWidth + 1 && !b.closest('.table-scroll, .canvas, .react-flow, .tabs') }).map((b) => b.textContent.slice(0, 40)).slice(0, 5),
        }
      }, texts)
      check(`hostile ${what}: what must stand there stands there`, page.missing.length === 0, page.missing)
      check(`hostile ${what}: no script runs`, page.hits.length === 0, page.hits)
      check(`hostile ${what}: nothing is wider than the window`, page.over <= 0 && page.out.length === 0, [page.over, page.out])
      check(`hostile ${what}: nothing is broken`, page.broken.length === 0, page.broken)
      if (p.errors.length > errors) check(`hostile ${what}: the page has no errors`, false, p.errors.slice(errors, errors + 3))
      if (process.env.PICTURES || page.over > 0 || page.broken.length) await picture(p.page, `hostile-${name.replace(/\W/g, '-')}-${language}-${width}`).catch(() => {})
    }
    check(`hostile ${language}: nothing of theirs is shown or asked for`, seen.hits.length === 0 && seen.fetched.length === 0, [seen.hits.slice(0, 3), [...new Set(seen.fetched)].slice(0, 5)])
    await p.page.goto(s.url + '/')
    await p.page.keyboard.press('Control+k')
    for (const text of worst) { await p.page.locator('[role=dialog] input, .mantine-Modal-content input').first().fill(text).catch(() => {}); await sleep(200) }
    check(`hostile ${language}: search takes anything`, p.errors.length === 0, p.errors.slice(0, 3))
    await p.context.close()
  }
  await s.stop()
}
