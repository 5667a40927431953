// ui-errors.mjs: what a person sees when something is wrong: the server is gone, fails, is slow, or refuses; what she looks
// for was deleted; two people change one thing; the stream of live numbers breaks off. Each is told in a plain sentence
// with what to do, and nothing that was typed is lost.
import { api, check, faults, person, picture, server, signedIn, sleep, until } from './ui-lib.mjs'

const PLACES = [
  '/playbooks', '/playbooks/abandoned-cart', '/journeys', '/journeys/cart', '/journeys/cart/edit', '/journeys/cart/launch', '/journeys/cart/simulate', '/customers', '/customers/CUSTOMER',
  '/customers/segments', '/customers/segments/mine', '/content', '/content/templates/hello', '/content/coupons', '/content/forms', '/content/pictures', '/messages', '/tasks', '/insights', '/insights/questions', '/insights/boards',
  '/data', '/data/imports', '/data/live', '/data/rejected', '/settings', '/settings/channels', '/settings/rules', '/settings/developers', '/settings/team', '/settings/account', '/',
]
const GONE = ['/journeys/none', '/journeys/none/edit', '/journeys/none/launch', '/journeys/none/simulate', '/customers/00000000000000000000000000000000', '/customers/segments/none', '/content/templates/none', '/playbooks/none', '/messages/none', '/insights/none', '/nowhere/at/all', '/settings/none', '/content/none']
const SAY = {
  offline: /cannot be reached/, failed: /could not do this/, forbidden: /role does not allow/, clash: /Somebody else changed this/,
}
/** Goes there without loading the page anew, as a click does. */
const walk = (page, path) => page.evaluate((to) => { history.pushState(null, '', to) }, path)
const isApi = (url) => url.pathname.startsWith('/api/') && url.pathname !== '/api/v1/live'
const text = (page) => page.evaluate(() => document.querySelector('main')?.innerText ?? document.body.innerText)

async function everywhere(p, what, places, route, looks) {
  await p.page.route(isApi, route)
  for (const path of places) {
    await walk(p.page, path)
    const seen = await until(async () => looks.test(await text(p.page)), 12000)
    check(`${what} ${path}: says so`, seen, (await text(p.page)).slice(0, 300))
    const raw = await text(p.page)
    check(`${what} ${path}: in plain words`, !/undefined|\[object|TypeError|Failed to fetch|about:blank|urn:|5\d\d /.test(raw), raw.slice(0, 300))
    check(`${what} ${path}: with what to do`, await p.page.getByRole('button', { name: 'Try again' }).first().isVisible().catch(() => false))
  }
  await p.page.unroute(isApi, route)
}

async function fixtures(call) {
  await call('POST', '/customers', { identifiers: [{ namespace: 'user_id', value: 'ada' }, { namespace: 'email', value: 'ada@shop.test' }], attributes: { name: 'Ada' }, consent: { email: true } })
  await call('POST', '/templates', { id: 'hello', name: 'Hello', channel: 'email', subject: 'Hello', blocks: [{ type: 'heading', text: 'Hello' }, { type: 'footer' }] })
  await call('POST', '/segments', { id: 'mine', name: 'Mine', if: { attribute: 'name', op: '=', value: 'Ada' } })
  await call('POST', '/journeys', { id: 'cart', name: 'Cart', trigger: { event: 'Product Added' }, steps: [{ id: 'm', send: { channel: 'email', template: 'hello' } }, { id: 'w', wait: { for: '1d' } }] })
  return (await call('GET', '/customers/user_id:ada')).body.id
}

async function broken(browser, s, places) {
  const p = await signedIn(browser, s.url)
  await p.page.goto(s.url + '/nowhere')
  await p.page.locator('main').waitFor()
  const quick = places.filter((x) => !x.includes('edit'))
  await everywhere(p, 'the server is gone', quick, (route) => route.abort('connectionrefused'), SAY.offline)
  await picture(p.page, 'error-gone')
  await p.page.getByRole('button', { name: 'Try again' }).first().click()
  check('trying again brings the page back', await until(async () => !SAY.offline.test(await text(p.page)), 8000))
  await p.context.close()
  const q = await signedIn(browser, s.url)
  await q.page.goto(s.url + '/nowhere')
  await q.page.locator('main').waitFor()
  await everywhere(q, 'the server fails', quick, (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"type":"about:blank","title":"Internal Server Error","status":500}' }), SAY.failed)
  check('no page breaks on the way', q.errors.length === 0, q.errors.slice(0, 3))
  // Slow: what is coming is shown as coming.
  const slow = async (route) => { await sleep(1500); await route.continue().catch(() => {}) }
  await q.page.goto(s.url + '/nowhere')
  await q.page.locator('main').waitFor()
  await q.page.route(isApi, slow)
  for (const path of ['/customers', '/journeys/cart', '/content', '/insights', '/tasks', '/messages']) {
    await walk(q.page, path)
    check(`slow ${path}: shows that it is coming`, await q.page.locator('[role=status][aria-label], .skeleton').first().waitFor({ timeout: 1200 }).then(() => true, () => false))
  }
  await q.page.unroute(isApi, slow)
  await q.context.close()
}

async function gone(browser, s) {
  const p = await signedIn(browser, s.url)
  for (const path of GONE) {
    await p.page.goto(s.url + path)
    const says = await until(async () => /not here|not there|no page|Nothing|No |not found|cannot be found/i.test(await text(p.page)), 8000)
    check(`deleted ${path}: says that it is not here`, says, (await text(p.page)).slice(0, 200))
    check(`deleted ${path}: leads on`, (await p.page.locator('main a, header.top a').count()) > 0)
  }
  check('deleted things break nothing', p.errors.length === 0, p.errors.slice(0, 3))
  await p.context.close()
}

/** A colleague of a role, signed in. */
async function colleague(browser, s, call, role) {
  const email = `${role}@lantern.test`, password = 'another long password'
  const made = await call('POST', '/users', { email, name: role, role, password })
  const p = await person(browser)
  const r = await p.context.request.post(s.url + '/api/v1/session', { data: { email, password }, headers: { origin: s.url } })
  check(`${role} comes in`, made.status === 201 && r.ok(), [made, await r.text()])
  return p
}

async function roles(browser, s, call, places) {
  const p = await colleague(browser, s, call, 'analyst')
  for (const path of places) {
    await p.page.goto(s.url + path)
    const seen = await until(async () => (await text(p.page)).trim().length > 10, 8000)
    await sleep(300)
    const said = await text(p.page)
    check(`an analyst sees ${path} or why not`, seen && !/undefined|TypeError|about:blank/.test(said), said.slice(0, 200))
  }
  check('an analyst breaks nothing', p.errors.length === 0, p.errors.slice(0, 3))
  // She may not save: she is told so, and what she typed stays.
  await p.page.goto(s.url + '/customers/segments/mine')
  await p.page.locator('.sg-rename').click()
  await p.page.locator('.sg-title input').fill('Hers')
  await p.page.getByRole('button', { name: /^Save/ }).click()
  check('what she may not do is refused in words', await until(async () => SAY.forbidden.test(await text(p.page)), 5000), (await text(p.page)).slice(0, 300))
  check('and what she typed stays', (await p.page.locator('.sg-title input').inputValue()) === 'Hers')
  await picture(p.page, 'error-role')
  await p.context.close()
}

/** Two people with one thing open: the second is asked, and nothing is lost. */
async function clash(browser, s, call) {
  const p = await signedIn(browser, s.url)
  const both = async (what, path, type, typed, save, elsewhere, kept) => {
    await p.page.goto(s.url + path)
    await type()
    await elsewhere()
    await save()
    check(`${what}: who saves second is told`, await until(async () => SAY.clash.test(await text(p.page)), 6000), (await text(p.page)).slice(0, 300))
    check(`${what}: what was typed is still there`, (await typed()) === true)
    await picture(p.page, `error-clash-${what}`)
    await p.page.getByRole('button', { name: 'Save mine over it' }).click()
    check(`${what}: hers can be saved over it`, await until(kept, 6000))
  }
  const name = () => p.page.locator('.sg-title input')
  await both('segment', '/customers/segments/mine',
    async () => { await p.page.locator('.sg-rename').click(); await name().fill('Second') }, async () => (await name().inputValue()) === 'Second',
    () => p.page.getByRole('button', { name: /^Save/ }).click(),
    () => call('PUT', '/segments/mine', { name: 'First', if: { attribute: 'name', op: '=', value: 'Bo' } }),
    async () => (await call('GET', '/segments/mine')).body.name === 'Second')
  const mail = () => p.page.locator('.message-name input')
  await both('message', '/content/templates/hello',
    async () => { await mail().waitFor(); await mail().fill('Second') }, async () => (await mail().inputValue()) === 'Second',
    () => p.page.getByRole('button', { name: /^Save/ }).click(),
    () => call('PUT', '/templates/hello', { name: 'First', channel: 'email', subject: 'First', blocks: [{ type: 'heading', text: 'First' }, { type: 'footer' }] }),
    async () => (await call('GET', '/templates/hello')).body.name === 'Second')
  const journey = () => p.page.locator('.ed-name input')
  await both('journey', '/journeys/cart/edit',
    async () => { await journey().waitFor() }, async () => (await journey().inputValue()) === 'Second',
    () => journey().fill('Second'),
    () => call('PUT', '/journeys/cart', { name: 'First', trigger: { event: 'Product Added' }, steps: [{ id: 'm', send: { channel: 'email', template: 'hello' } }] }),
    async () => (await call('GET', '/journeys/cart')).body.name === 'Second')
  // Theirs: what is shown is what the other one kept.
  await p.page.goto(s.url + '/customers/segments/mine')
  await p.page.locator('.sg-rename').click()
  await name().fill('Third')
  await call('PUT', '/segments/mine', { name: 'Theirs', if: { attribute: 'name', op: '=', value: 'Bo' } })
  await p.page.getByRole('button', { name: /^Save/ }).click()
  await p.page.getByRole('button', { name: 'Show the other version' }).click()
  check('the other version can be had', await until(async () => (await p.page.locator('.sg-rename').textContent().catch(() => '')) === 'Theirs', 5000))
  check('nothing breaks', p.errors.length === 0, p.errors.slice(0, 3))
  await p.context.close()
}

/** The server goes away and comes back: the badge says so, and what was typed meanwhile can be saved. */
async function away(browser, s, call) {
  const p = await signedIn(browser, s.url)
  await p.page.goto(s.url + '/content/templates/hello')
  await p.page.locator('.message-name input').waitFor()
  await p.page.goto(s.url + '/customers/segments/mine')
  await p.page.locator('.sg-rename').click()
  const badge = () => p.page.locator('.env').textContent()
  check('the stream is there', await until(async () => (await badge()) === 'Live', 8000), await badge())
  await s.pause()
  check('the badge says that the server is away', await until(async () => (await badge()) === 'Reconnecting', 15000), await badge())
  await p.page.locator('.sg-title input').fill('While away')
  await p.page.getByRole('button', { name: /^Save|^Keep/ }).click()
  check('saving says why it cannot be', await until(async () => SAY.offline.test(await text(p.page)), 6000), (await text(p.page)).slice(0, 300))
  await picture(p.page, 'error-away')
  await s.resume()
  check('the stream is found again', await until(async () => (await badge()) === 'Live', 30000), await badge())
  await p.page.getByRole('button', { name: 'Try again' }).first().click()
  check('and what was typed is saved', await until(async () => (await call('GET', '/segments/mine')).body?.name === 'While away', 8000))
  const found = await faults(p.page)
  check('axe finds nothing serious', found.length === 0, found)
  await p.context.close()
}

/** From screen to screen without loading anew: what one keeps of a list another must be able to read. */
async function around(browser, s, places) {
  const p = await signedIn(browser, s.url)
  await p.page.goto(s.url + '/')
  await p.page.locator('main h1').waitFor()
  for (const path of [...places, ...[...places].reverse()]) {
    await walk(p.page, path)
    await p.page.locator('main').first().waitFor()
    await until(async () => (await p.page.locator('main .skeleton').count()) === 0, 5000)
    const broken = await p.page.locator('.note.bad').allTextContents()
    check(`around ${path}: nothing is broken`, broken.length === 0, broken)
  }
  check('going around breaks nothing', p.errors.length === 0, p.errors.slice(0, 3))
  await p.context.close()
}

export async function errors(browser) {
  const s = await server('errors')
  const first = await signedIn(browser, s.url)
  await first.context.close()
  const call = api(s.url, s.key())
  const id = await fixtures(call)
  const places = PLACES.map((x) => x.replace('CUSTOMER', id))
  for (const part of [() => around(browser, s, places), () => broken(browser, s, places), () => gone(browser, s), () => roles(browser, s, call, places), () => clash(browser, s, call), () => away(browser, s, call)])
    await part().catch((e) => check('it goes through', false, String(e).slice(0, 700)))
  await s.stop()
}
