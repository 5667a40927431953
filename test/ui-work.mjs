// ui-work.mjs: a day's work on the pages with real data: a message begun from the library, a task given by hand and done,
// late tasks on Today, two customers made one, parted and forgotten, a mail that is opened and clicked and what the
// journey's page says of it.
import { api, check, faults, mailServer, picture, server, signedIn, sleep, until } from './ui-lib.mjs'

const LOOKS = [['en', 1440, 'light'], ['zh', 390, 'dark']]
const text = (page) => page.evaluate(() => document.body.innerText)
const look = async (p, name, what) => {
  await sleep(350)
  await picture(p.page, name)
  const found = await faults(p.page)
  check(`${what}: axe finds nothing serious`, found.length === 0, found)
  const over = await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  check(`${what}: nothing is wider than the window`, over <= 0, over)
}
const WORDS = {
  en: { take: /^Begin with “/, save: 'Save', give: 'New task', giveIt: 'Give this task', task: 'Give a task …', merge: 'The same person as another …', mergeYes: 'Make them one', part: 'Part what was joined …', partHere: 'Part here', partYes: 'Part in two', erase: 'Forget this customer …', eraseYes: /^Forget Ben/, more: 'More about this customer', reached: 'Reached' },
  zh: { take: /^用「/, save: '保存', give: '新任务', giveIt: '派出任务', task: '派一个任务……', merge: '和另一位其实是同一个人……', mergeYes: '合成一位', part: '把合并的分开……', partHere: '从这里分开', partYes: '分成两位', erase: '删除这位客户……', eraseYes: /^删除 Ben/, more: '更多操作', reached: '联系上了' },
}

async function library(p, url, call, w, suffix) {
  for (const channel of ['email', 'sms']) {
    await p.page.goto(`${url}/content/new/${channel}`)
    await p.page.locator(channel === 'email' ? '.bg-shown iframe' : '.bg-shown .bub').waitFor({ timeout: 15000 })
    await look(p, `starts-${channel}-${suffix}`, `library ${channel} ${suffix}`)
  }
  await p.page.goto(`${url}/content/new/email`)
  await p.page.locator('[data-start=win-back]').click()
  await p.page.locator('.bg-shown iframe').waitFor()
  await p.page.getByRole('button', { name: w.take }).click()
  await p.page.locator('.mail-paper iframe').waitFor({ timeout: 15000 })
  await p.page.getByRole('button', { name: w.save, exact: true }).click()
  await p.page.waitForURL('**/content/templates/**', { timeout: 15000 })
  const id = decodeURIComponent(new URL(p.page.url()).pathname.split('/').at(-1))
  const kept = (await call('GET', `/templates/${encodeURIComponent(id)}`)).body
  check(`a message begun from the library is kept in both languages ${suffix}`, kept?.subject?.zh && kept?.subject?.en && kept.blocks?.length > 3, kept)
  await call('DELETE', `/templates/${encodeURIComponent(id)}`)
}

async function tasks(p, url, call, w, ids, suffix) {
  await p.page.goto(`${url}/tasks`)
  await p.page.getByRole('button', { name: w.give }).first().click()
  const dialog = p.page.getByRole('dialog')
  await dialog.locator('input').first().fill('Ada')
  await dialog.locator('.tk-found button').first().click({ timeout: 8000 })
  await dialog.locator('input').first().fill(suffix.startsWith('zh') ? '打电话' : 'Call')
  await dialog.locator('textarea').first().fill('Asked for a quote for 40 gift boxes')
  await look(p, `task-give-${suffix}`, `the form of a task ${suffix}`)
  await dialog.getByRole('button', { name: w.giveIt }).click()
  check(`a task given by hand is listed ${suffix}`, await until(async () => (await text(p.page)).includes('40 gift boxes'), 8000))
  const open = (await call('GET', '/tasks')).body.items
  check(`with outcomes of a call ${suffix}`, open.some((x) => x.note?.includes('gift boxes') && x.outcomes.includes('reached')), open)
  await call('POST', '/tasks', { customer: ids.ben, kind: 'visit', owner: 'Li', due: new Date(Date.now() - 5 * 3600e3).toISOString(), note: 'Late' })
  await call('POST', '/tasks', { customer: ids.ben, kind: 'check', due: '7d' })
  await p.page.goto(`${url}/tasks`)
  await p.page.locator('.tk').nth(2).waitFor({ timeout: 8000 })
  await look(p, `tasks-late-${suffix}`, `late tasks ${suffix}`)
  await p.page.goto(`${url}/`)
  await p.page.locator('.td-need').first().waitFor({ timeout: 8000 })
  check(`Today says that a task is due ${suffix}`, /tasks?|任务/i.test(await p.page.locator('.td-needs').innerText()))
  await look(p, `today-late-${suffix}`, `Today with late tasks ${suffix}`)
  await p.page.goto(`${url}/tasks`)
  await p.page.locator('.tk', { hasText: 'gift boxes' }).getByRole('button', { name: w.reached, exact: true }).click()
  check(`its outcome is kept ${suffix}`, await until(async () => (await call('GET', '/tasks?status=done')).body.items.some((x) => x.outcome === 'reached'), 8000))
  for (const x of (await call('GET', '/tasks')).body.items) await call('POST', `/tasks/${x.id}/outcome`, { outcome: 'done' })
}

async function identity(p, url, call, w, ids, suffix) {
  const open = async (id, what) => {
    await p.page.goto(`${url}/customers/${id}`)
    await p.page.getByRole('button', { name: w.more }).click()
    await p.page.getByRole('menuitem', { name: what }).click()
  }
  const dialog = () => p.page.getByRole('dialog')
  await open(ids.ada, w.merge)
  await dialog().locator('input').fill('Ada B')
  await dialog().locator('.ac-found button').first().waitFor({ timeout: 8000 })
  await look(p, `merge-find-${suffix}`, `who is the same ${suffix}`)
  await dialog().locator('.ac-found button').first().click()
  await look(p, `merge-ask-${suffix}`, `two become one ${suffix}`)
  await dialog().getByRole('button', { name: w.mergeYes }).click()
  check(`two are one ${suffix}`, await until(async () => (await call('GET', '/customers/user_id:ada2')).body?.identifiers?.some((x) => x.value === 'ada'), 8000))
  await sleep(600)
  await picture(p.page, `merged-${suffix}`)
  const one = (await call('GET', '/customers/user_id:ada')).body.id
  await open(one, w.part)
  await dialog().getByRole('button', { name: w.partHere }).first().waitFor({ timeout: 8000 })
  await look(p, `part-list-${suffix}`, `what holds together ${suffix}`)
  check(`why they were joined is said in words ${suffix}`, !/\bmanual\b|\bapi\b|undefined/.test(await dialog().innerText()), await dialog().innerText())
  await dialog().getByRole('button', { name: w.partHere }).first().click()
  await look(p, `part-ask-${suffix}`, `parting ${suffix}`)
  await dialog().getByRole('button', { name: w.partYes }).click()
  check(`they are two again ${suffix}`, await until(async () => (await call('GET', '/customers/user_id:ada2')).body?.id !== (await call('GET', '/customers/user_id:ada')).body?.id, 8000))
  await open(ids.ben, w.erase)
  await look(p, `erase-ask-${suffix}`, `forgetting ${suffix}`)
  await p.page.getByRole('button', { name: w.eraseYes }).click()
  check(`he is forgotten ${suffix}`, await until(async () => (await call('GET', '/customers/user_id:ben')).status === 404, 8000))
  await p.page.waitForURL('**/customers', { timeout: 8000 }).catch(() => {})
  await p.page.goto(`${url}/customers/${ids.ben}`)
  await p.page.locator('.empty-part').waitFor({ timeout: 8000 })
  await picture(p.page, `erased-${suffix}`)
}

const READER = { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148', accept: 'text/html,image/avif,image/webp,*/*;q=0.8', 'accept-language': 'en-GB,en;q=0.9' }

async function opened(browser, s, call, smtp) {
  await call('POST', '/channels', { id: 'email', channel: 'email', provider: 'smtp', settings: { host: '127.0.0.1', port: smtp.port, security: 'none', from: 'Lantern <shop@lantern.test>' } })
  await call('PUT', '/policies', { caps: [], quiet: [] })
  await call('POST', '/templates', { id: 'hello', name: 'Hello', channel: 'email', subject: 'Hello {{ customer.name }}', html: '<p>Hi {{ customer.name }}</p><p><a href="https://shop.example/new">New</a></p><p><a href="{{ unsubscribe_url }}">Leave</a></p>' })
  await call('POST', '/journeys', { id: 'hello', name: 'Hello', trigger: { event: 'Signed Up' }, goal: { did: 'Order Completed', within: '7d', target: 0.2 }, steps: [{ id: 'm', send: { channel: 'email', template: 'hello' } }, { id: 'w', wait: { for: '1d' } }] })
  check('the journey is published', (await call('POST', '/journeys/hello/publish', {})).status === 200)
  const { write_key: key } = (await call('POST', '/sources', { name: 'shop', kind: 'server' })).body
  const batch = Array.from({ length: 8 }, (_, i) => [{ type: 'identify', userId: `r${i}`, traits: { name: `Reader ${i}`, email: `r${i}@shop.test`, consent: { email: true } } }, { type: 'track', userId: `r${i}`, event: 'Signed Up', properties: {} }]).flat()
  await fetch(s.url + '/v1/batch', { method: 'POST', headers: { authorization: 'Basic ' + Buffer.from(key + ':').toString('base64') }, body: JSON.stringify({ batch }) })
  check('eight mails arrive', await until(() => smtp.mails.filter((m) => m.to.startsWith('r')).length === 8))
  await sleep(2500) // a person does not open a mail in the second in which it arrives
  for (const [i, { mail }] of smtp.mails.filter((m) => m.to.startsWith('r')).slice(0, 5).entries()) {
    const pixel = /<img[^>]+src="([^"]+\/o\/[^"]+)"/.exec(mail.html)?.[1]?.replace(/&amp;/g, '&')
    const link = /href="([^"]+\/l\/[^"]+)"/.exec(mail.html)?.[1]?.replace(/&amp;/g, '&')
    if (pixel) await fetch(pixel, { headers: READER })
    if (link && i < 2) { await sleep(50); await fetch(link, { headers: READER, redirect: 'manual' }) }
  }
  const report = async () => (await call('GET', '/journeys/hello/report')).body
  check('five were opened, two of them clicked', await until(async () => { const m = (await report())?.messages ?? {}; return (m.opened ?? 0) + (m.clicked ?? 0) === 5 && m.clicked === 2 }, 8000), await report())
  for (const [language, width, scheme] of LOOKS) {
    const p = await signedIn(browser, s.url, { language, width, height: width < 500 ? 844 : 900, scheme })
    for (const view of ['', '?view=table', '?view=card', '?view=canvas']) {
      await p.page.goto(`${s.url}/journeys/hello${view}`)
      await p.page.locator('main h1, .cv').first().waitFor({ timeout: 8000 })
      await look(p, `journey-opened${view.replace('?view=', '-')}-${language}-${width}`, `opened ${view} ${language} ${width}`)
    }
    await p.page.goto(`${s.url}/`)
    await p.page.locator('.td-running').waitFor({ timeout: 8000 })
    const row = await p.page.locator('.td-running').innerText()
    check(`Today says what was sent today ${language}`, width < 500 || /8 sent today|今天已发 8/.test(row), row)
    check(`no page has errors ${language}`, p.errors.length === 0, p.errors.slice(0, 3))
    await p.context.close()
  }
}

export async function work(browser) {
  const s = await server('work')
  const smtp = await mailServer()
  const first = await signedIn(browser, s.url)
  await first.context.close()
  const call = api(s.url, s.key())
  const make = async (id, name, more = {}) => (await call('POST', '/customers', { identifiers: [{ namespace: 'user_id', value: id }, ...(more.email ? [{ namespace: 'email', value: more.email }] : [])], attributes: { name } })).body?.id
  for (const [language, width, scheme] of LOOKS) {
    const suffix = `${language}-${width}-${scheme}`, w = WORDS[language]
    const ids = { ada: (await call('GET', '/customers/user_id:ada')).body?.id ?? await make('ada', 'Ada Lin', { email: 'ada@shop.test' }) }
    if ((await call('GET', '/customers/user_id:ada2')).status === 404) await make('ada2', 'Ada B. Lin', { email: 'ada.lin@work.test' })
    ids.ben = await make('ben', 'Ben Ott', { email: `ben-${language}@shop.test` })
    const p = await signedIn(browser, s.url, { language, width, height: width < 500 ? 844 : 900, scheme })
    for (const part of [() => library(p, s.url, call, w, suffix), () => tasks(p, s.url, call, w, ids, suffix), () => identity(p, s.url, call, w, ids, suffix)])
      await part().catch(async (e) => { check(`${suffix} goes through`, false, String(e).slice(0, 600)); await picture(p.page, `broken-work-${suffix}`).catch(() => {}) })
    check(`no page has errors ${suffix}`, p.errors.length === 0, p.errors.slice(0, 3))
    await p.context.close()
  }
  await opened(browser, s, call, smtp).catch((e) => check('it goes through', false, String(e).slice(0, 600)))
  smtp.close()
  await s.stop()
}
