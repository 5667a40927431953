// ui-lib.mjs: what tests of the pages share: a server on an empty directory, a real mail server, a browser that counts clicks
// and typed fields, signing in, and axe.
import { execFileSync, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root = new URL('..', import.meta.url).pathname
const require = createRequire(join(root, 'build/npm/'))
const { chromium } = require('playwright-core')
const { SMTPServer } = require('smtp-server')
const { simpleParser } = require('mailparser')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const binary = process.argv[2] ?? join(root, 'build/release/beckon')
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
export const until = async (test, ms = 20000) => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(80)) {
    const found = await test()
    if (found) return found
  }
  return false
}
export const counts = { passed: 0, failed: 0 }
export const check = (what, ok, seen) => {
  if (ok) counts.passed++
  else { counts.failed++; console.log('not so: ' + what, seen === undefined ? '' : JSON.stringify(seen)?.slice(0, 900)) }
}
const freePort = () => new Promise((done) => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })

/** A mail server that keeps what it gets. */
export async function mailServer() {
  const mails = []
  const smtp = new SMTPServer({
    authOptional: true, disabledCommands: ['STARTTLS'],
    onData(stream, session, done) { simpleParser(stream).then((mail) => { mails.push({ to: session.envelope.rcptTo[0].address, mail }); done() }) },
  })
  smtp.on('error', () => {})
  await new Promise((done) => smtp.listen(0, '127.0.0.1', done))
  return { mails, port: smtp.server.address().port, close: () => smtp.close() }
}

/** The binary on a directory of its own. */
export async function server(name) {
  const folder = mkdtempSync(join(tmpdir(), `beckon-ui-${name}-`))
  const port = await freePort(), url = `http://127.0.0.1:${port}`
  let child
  const kill = () => child.kill('SIGKILL')
  const resume = async () => {
    child = spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`, '--allow-outbound', '127.0.0.1'], { stdio: 'ignore' })
    if (!(await until(() => fetch(url + '/readyz').then((r) => r.status === 200, () => false)))) throw new Error('the server does not become ready')
  }
  await resume()
  process.on('exit', kill)
  const key = () => JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json'])).key
  /** Ends it and keeps its directory; `resume` starts it again. */
  const pause = async () => {
    const one = child
    const gone = new Promise((done) => one.once('exit', done))
    one.kill('SIGTERM')
    const late = setTimeout(() => one.kill('SIGKILL'), 15000)
    await gone
    clearTimeout(late)
  }
  const stop = async () => {
    process.off('exit', kill)
    await pause()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, folder, key, pause, resume, stop }
}

export const api = (url, key) => async (method, path, body) => {
  const r = await fetch(url + '/api/v1' + path, { method, headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  const text = await r.text()
  return { status: r.status, body: text ? JSON.parse(text) : null }
}

export const launch = () => chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })

/** A zone in which it is about noon, so that no quiet hours hold anything back. */
export function noonZone() {
  const zones = ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'America/Los_Angeles', 'Pacific/Auckland', 'Asia/Kolkata', 'America/Sao_Paulo', 'Pacific/Honolulu', 'Asia/Dubai', 'Europe/London', 'Asia/Tokyo', 'Pacific/Noumea', 'Asia/Karachi', 'America/Denver', 'America/Anchorage', 'Atlantic/Azores']
  const off = (zone) => Math.abs(Number(new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' }).format(new Date())) - 13)
  return zones.sort((a, b) => off(a) - off(b))[0]
}

/** A page that counts: `click` and `type` are what a person does; everything else looks. Errors of the page are kept. */
export async function person(browser, { language = 'en', width = 1440, height = 900, scheme = 'light', zone = noonZone() } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: language === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: zone, colorScheme: scheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const p = { page, context, zone, clicks: 0, fields: 0, errors: [] }
  page.on('pageerror', (e) => p.errors.push(e.message))
  page.on('console', (m) => { if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) p.errors.push(m.text()) })
  const of = (what) => (typeof what === 'string' ? page.locator(what) : what)
  p.click = async (what) => { await of(what).click({ timeout: 20000 }); p.clicks++ }
  p.type = async (what, text) => { await of(what).fill(text, { timeout: 20000 }); p.fields++ }
  p.file = async (what, file) => {
    const chosen = page.waitForEvent('filechooser')
    await p.click(what)
    await (await chosen).setFiles(file)
  }
  p.button = (name) => page.getByRole('button', { name })
  return p
}

/** Makes the first administrator of an empty server by the API, and signs the browser in: for tests of other screens. */
export async function signedIn(browser, url, options = {}) {
  const p = await person(browser, options)
  const made = await p.context.request.post(url + '/api/v1/setup', { data: { email: 'mei@lantern.test', password: 'a long password', workspace: { name: 'Lantern Tea', zone: p.zone, currency: 'CNY', language: options.language ?? 'en' } }, headers: { origin: url } })
  if (made.status() === 409) await p.context.request.post(url + '/api/v1/session', { data: { email: 'mei@lantern.test', password: 'a long password' }, headers: { origin: url } })
  return p
}

/** Serious and critical faults that axe finds, as text. */
export async function faults(page) {
  await page.evaluate(axe + ';0')
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], iframes: false }))
  return found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')}`)
}

export const pictures = join(root, 'build/screens')
mkdirSync(pictures, { recursive: true })
export const picture = (page, name) => page.screenshot({ path: join(pictures, name + '.png'), fullPage: true })

export function finish(what) {
  console.log(`${what}: ${counts.passed} passed, ${counts.failed} failed`)
  process.exit(counts.failed ? 1 : 0)
}
