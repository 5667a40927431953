// ui-wait.mjs: an answer that takes its time says in plain words how long and how far it is, can be stopped, and asked
// again; of a fast one nothing of this is seen. The server is asked at once, its answer is held back here.
import { api, check, faults, picture, server, signedIn, sleep, until } from './ui-lib.mjs'

const WORDS = {
  en: { about: /About 4 seconds, reads 100 million events/, longer: /Takes longer than thought: 9 seconds so far/, stop: 'Stop', stopped: 'You stopped this. Nothing is counted any more.', again: 'Ask again' },
  zh: { about: /约 4 秒，读取 1 亿条事件/, longer: /比预计的久，已经 9 秒/, stop: '停止', stopped: '已停止，不再计算。', again: '再问一次' },
}
const isAsked = (url) => url.pathname === '/api/v1/analyses/trend', isList = (url) => url.pathname === '/api/v1/analyses'

async function waited(browser, s, language, width) {
  const w = WORDS[language], what = `${language} ${width}`
  const p = await signedIn(browser, s.url, { language, width })
  const wait = p.page.locator('.in-wait'), answer = p.page.locator('.in-say')
  const said = async () => (await wait.innerText().catch(() => 'nothing')).replace(/[\u2066-\u2069]/g, '') // marks around names
  // A fast answer: looked at in every frame, so that not even a flicker goes by.
  await p.page.addInitScript(() => {
    const look = () => { if (document.querySelector('.in-wait')) window.waited = true; requestAnimationFrame(look) }
    requestAnimationFrame(look)
  })
  await p.page.goto(s.url + '/insights/trend')
  check(`${what}: a fast answer is there`, await answer.first().waitFor({ timeout: 20000 }).then(() => true, () => false))
  check(`${what}: and nothing was said of waiting`, !(await p.page.evaluate(() => window.waited ?? false)))
  // A slow one. What the server would say of it is said here, under the name this page gave its run.
  let run = '', since = 1000, ended = 0, let_go
  const held = async (route) => {
    run = new URL(route.request().url()).searchParams.get('run') ?? ''
    await new Promise((done) => { let_go = done })
    await route.continue().catch(() => {})
  }
  p.page.on('requestfailed', (r) => { if (isAsked(new URL(r.url()))) ended++ })
  await p.page.route(isAsked, held)
  await p.page.route(isList, (route) => route.fulfill({ json: { items: [
    { analysis: 'trend', run: 'another', percent: 77, since_ms: 1, estimate: { events: 5, indexed: 0, customers: 1, ms: 9000 } },
    ...(run ? [{ analysis: 'trend', run, percent: 34, since_ms: since, estimate: { events: 100_000_000, indexed: 0, customers: 5_000_000, ms: 4000 } }] : []),
  ] } }))
  await p.page.reload()
  await sleep(300)
  check(`${what}: at first nothing is said`, (await wait.count()) === 0)
  check(`${what}: how long it takes and what it reads, in plain words`, await until(async () => w.about.test(await said()), 8000), await said())
  check(`${what}: and how far it is, of this run and no other`, /34\s?%/.test(await said()) && (await wait.getByRole('progressbar').getAttribute('aria-valuenow')) === '34', await said())
  check(`${what}: the run has a name`, run.length > 8 && run.length <= 64, run)
  const box = await wait.boundingBox()
  check(`${what}: it fits the page`, box && box.x >= 0 && box.x + box.width <= width && (await p.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)), box)
  check(`${what}: no faults while waiting`, (await faults(p.page)).length === 0, await faults(p.page))
  await picture(p.page, `wait-${language}-${width}`)
  since = 9000
  check(`${what}: one that goes on is said to`, await until(async () => w.longer.test(await said()), 5000), await said())
  await wait.getByRole('button', { name: w.stop, exact: true }).click()
  check(`${what}: stopped, it says so`, await until(async () => (await said()).includes(w.stopped), 5000), await said())
  check(`${what}: its request has ended`, await until(() => ended === 1, 5000), ended)
  await picture(p.page, `wait-stopped-${language}-${width}`)
  let_go()
  await p.page.unroute(isAsked, held)
  await sleep(800)
  check(`${what}: it is not asked again by itself`, (await answer.count()) === 0 && (await wait.count()) === 1)
  await wait.getByRole('button', { name: w.again, exact: true }).click()
  check(`${what}: asked again, it is answered`, await answer.first().waitFor({ timeout: 10000 }).then(() => true, () => false))
  check(`${what}: and nothing of the waiting stays`, (await wait.count()) === 0)
  check(`${what}: no page has errors`, p.errors.length === 0, p.errors.slice(0, 5))
  await p.context.close()
}

export async function waiting(browser) {
  for (const [language, width] of [['en', 1440], ['zh', 390]]) {
    const s = await server('wait')
    await (await signedIn(browser, s.url, { language })).context.close()
    const call = api(s.url, s.key())
    await call('POST', '/demo', {})
    check('the demo shop is there', await until(async () => (await call('GET', '/demo')).body.status === 'ready', 60000))
    await waited(browser, s, language, width)
    await s.stop()
  }
}
