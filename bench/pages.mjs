// pages.mjs: how fast the pages are, in Chromium on loopback with the demo shop: the first paint of a cold browser, and from
// a click to the next page's content when its data has been fetched before (nothing but the page itself works then) and
// when it has not.
//
//   node bench/pages.mjs [path of the binary]        packages of npm as for make test; the machine should be idle
import { api, binary, launch, server, signedIn, sleep, until } from '../test/ui-lib.mjs'

const ROUNDS = Number(process.env.ROUNDS ?? 15)
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const high = (list) => [...list].sort((a, b) => a - b)[Math.ceil(list.length * 0.95) - 1]
const say = (what, all, list = all.filter(Number.isFinite)) => console.log(`${what}: median ${middle(list).toFixed(0)} ms, p95 ${high(list).toFixed(0)} ms (${list.length} times)`)

const s = await server('bench')
const browser = await launch()
const first = await signedIn(browser, s.url)
const call = api(s.url, s.key())
await call('POST', '/demo', {})
await until(async () => (await call('GET', '/demo')).body.status === 'ready', 60000)
const state = await first.context.storageState()
await first.context.close()
console.log(binary)

// Cold: a context of its own has an empty cache.
const paints = [], contents = []
for (let i = 0; i < ROUNDS; i++) {
  const context = await browser.newContext({ storageState: state, viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.goto(s.url + '/')
  await page.locator('main h1').waitFor()
  const t = await page.evaluate(() => ({ paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, now: performance.now() }))
  paints.push(t.paint)
  contents.push(t.now)
  await context.close()
}
say('first paint, cold', paints)
say('Today with its numbers, cold', contents)

const PAGES = [['/journeys', 'main .js-name'], ['/customers', '.cu-table'], ['/content', '.content-list'], ['/customers/segments', '.sg-line'], ['/playbooks', '[data-playbook]'], ['/messages', 'main h1'], ['/', '.td-running, main h1']]
const context = await browser.newContext({ storageState: state, viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
const page = await context.newPage()
await page.goto(s.url + '/')
await page.locator('main h1').waitFor()
/** From the change of the address to the frame after the content stands there. */
const change = ([path, ready]) => page.evaluate(async ([to, selector]) => {
  const began = performance.now()
  history.pushState(null, '', to)
  while (!document.querySelector(selector) || document.querySelector('main .skeleton')) {
    if (performance.now() - began > 10000) return NaN
    await new Promise((done) => setTimeout(done, 1))
  }
  await new Promise((done) => requestAnimationFrame(done))
  return performance.now() - began
}, [path, ready])
const cold = [], warm = []
for (const p of PAGES) { cold.push(await change(p)); await sleep(150) }
for (let i = 0; i < ROUNDS; i++) for (const p of PAGES) { warm.push(await change(p)); await sleep(60) }
say('to a page for the first time, its code and data fetched', cold)
say('to a page whose data is there', warm)
await browser.close()
await s.stop()
process.exit(0)
