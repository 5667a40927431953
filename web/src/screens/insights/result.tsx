// result.tsx: an answer: its sentence, its picture, its table; each number of customers opens them.
import { useMutation } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { Link } from 'wouter'
import { useWords } from '~/i18n'
import { fileOf } from '~/api/client'
import { Button, LinkButton, Loading, toast, useErrorText } from '~/parts'
import { type Hour, type Request, useAnswer } from './ask'
import { type Ask, requestOf } from './asks'
import type { Drawn } from './chart'
import { boardWords } from './board-words'
import { csvOf, giveBlob, giveCsv, givePng } from './files'
import { Heat } from './hours'
import { shownAs, useNames } from './names'
import { Drill, type Figure } from './people'
import { questionWords } from './question-words'
import { type View, viewOf } from './read'
import { Waited } from './wait'

const Chart = lazy(() => import('./chart'))

/** `given`: the request itself, where a program wrote it. */
export function Result({ ask, given, short }: { ask: Ask; given?: Request | undefined; short?: boolean }) {
  const text = JSON.stringify(ask), own = given ? JSON.stringify(given) : ''
  // The same question keeps its beginning while it stands on the page.
  const request = useMemo(() => (own ? (JSON.parse(own) as Request) : requestOf(JSON.parse(text) as Ask)), [text, own])
  const answer = useAnswer<unknown>({ analysis: ask.kind, request })
  return <Waited of={answer} lines={8}>{(data) => <Answer ask={ask} data={data} request={request} short={short ?? false} own={!given} />}</Waited>
}

function Answer({ ask, data, request, short, own }: { ask: Ask; data: unknown; request: Record<string, unknown>; short: boolean; own: boolean }) {
  const t = useWords(questionWords)
  const b = useWords(boardWords)
  const n = useNames()
  const [figure, setFigure] = useState<Figure | null>(null)
  const view = useMemo(() => viewOf(data, n, ask), [data, n, ask])
  const picture = useRef<(() => string) | null>(null)
  const ready = useCallback((p: () => string) => { picture.current = p }, [])
  const question = t(ask.moved ? 'q_moved' : `q_${ask.kind}`)
  const drawn = useMemo((): Drawn | null => {
    const c = view.chart
    if (!c) return null
    // With groups the picture is of everybody.
    const rows = view.rows.filter((r) => r.cells.of === undefined || r.cells.of === n.word('none', 'all')).slice(0, c.kind === 'bar' ? 20 : 400)
    return { kind: c.kind, names: rows.map((r) => String(r.cells[c.x] ?? '')), values: rows.map((r) => Number(r.cells[c.y] ?? 0)), label: t('picture', { q: question }), say: (x) => shownAs(x, c.as, n) }
  }, [view, n, t, question])
  const open = (at: Record<string, unknown>) => setFigure({ asked: { analysis: ask.kind, request }, at, name: question.replace(/[?？]$/, ''), title: (k) => t('drilled', { n: k }) })
  const say = useErrorText()
  const book = useMutation({
    mutationFn: () => fileOf('POST', '/api/v1/analyses/{name}/export', { path: { name: ask.kind }, query: { format: 'xlsx', lang: t.lang, title: question }, body: request }),
    onSuccess: (file) => giveBlob(file, `${ask.kind}.xlsx`), onError: (e) => toast(say(e)),
  })
  const bare = !drawn && ask.kind !== 'heatmap' && ask.kind !== 'retention'
  const idle = ask.kind === 'attribution' && view.rows.length > 0 && view.rows.every((r) => r.drills?.customers?.touch == null || !r.cells.conversions)
  if (view.rows.length === 0) return <Nothing ask={ask} />
  return (
    <>
      <p className="in-say">{view.say ? t(view.moved ? 'a_moved' : `a_${ask.kind}`, view.say) : t(ask.kind === 'profile' ? 'a_whom' : 'a_none')}</p>
      {ask.kind === 'heatmap' && <Heat rows={hoursOf(data)} pick={(weekday, hour) => open({ weekday, hour })} />}
      {idle && <p className="small muted">{b('noClicks')} <Link href="/playbooks">{b('startJourney')}</Link></p>}
      {ask.kind === 'retention' && <Cohorts view={view} open={open} />}
      {ask.kind === 'returns' && <Reasons data={data} open={open} />}
      {drawn && <Suspense fallback={<Loading lines={4} />}><Chart drawn={drawn} onReady={ready} /></Suspense>}
      {(!short || bare) && <Table view={view} open={open} rows={short ? 8 : 200} />}
      {short && (
        <details className="in-more">
          <summary>{b('words')}</summary>
          <p className="small muted">{t(view.moved ? 'd_moved' : `d_${ask.kind}`)}</p>
          {!bare && <Table view={view} open={open} rows={200} />}
          <div className="row in-files">
            {own && <LinkButton small to={`/insights/${ask.kind}?ask=${encodeURIComponent(JSON.stringify(ask))}`}>{b('open')}</LinkButton>}
            <Button small busy={book.isPending} onClick={() => book.mutate()}>{t('xlsx')}</Button>
            {drawn && <Button small onClick={() => { if (picture.current) givePng(picture.current(), ask.kind) }}>{t('png')}</Button>}
          </div>
        </details>
      )}
      {!short && (
        <div className="row in-files">
          <Button small onClick={() => giveCsv(csvOf(view.columns.map((c) => label(t, c.key)), view.rows.map((r) => view.columns.map((c) => r.cells[c.key]))), ask.kind)}>{t('csv')}</Button>
          <Button small busy={book.isPending} onClick={() => book.mutate()}>{t('xlsx')}</Button>
          {drawn && <Button small onClick={() => { if (picture.current) givePng(picture.current(), ask.kind) }}>{t('png')}</Button>}
          <Button small onClick={() => print()}>{t('print')}</Button>
        </div>
      )}
      <Drill figure={figure} onClose={() => setFigure(null)} />
    </>
  )
}
/** Customers by the time of their first, across the periods after it: the stronger the colour, the more came back. */
const SHARES = [0.02, 0.05, 0.1, 0.2, 0.4]
function Cohorts({ view, open }: { view: View; open: (at: Record<string, unknown>) => void }) {
  const t = useWords(questionWords)
  const n = useNames()
  const rows = view.rows.filter((r) => r.cells.of === undefined || r.cells.of === n.word('none', 'all'))
  const cohorts = [...new Set(rows.map((r) => String(r.cells.cohort)))]
  const periods = [...new Set(rows.map((r) => Number(r.cells.period)))].filter((p) => p > 0).sort((a, b) => a - b)
  const at = (c: string, p: number) => rows.find((r) => r.cells.cohort === c && r.cells.period === p)
  return (
    <div className="in-scroll" tabIndex={0} role="region" aria-label={t('cohorts')}>
      <table className="in-cohorts">
        <thead><tr><th scope="col">{t('c_cohort')}</th><th scope="col" className="num">{t('c_customers')}</th>{periods.map((p) => <th key={p} scope="col" className="num">{p}</th>)}</tr></thead>
        <tbody>
          {cohorts.map((c) => (
            <tr key={c}>
              <th scope="row">{c}</th><td className="num">{n.f.number(Number(at(c, 0)?.cells.size ?? rows.find((r) => r.cells.cohort === c)?.cells.size ?? 0))}</td>
              {periods.map((p) => {
                const r = at(c, p), share = Number(r?.cells.share ?? 0), shade = SHARES.filter((s) => share >= s).length
                return <td key={p} className="num">{r && <button type="button" className={`in-cohort in-r${shade}`} aria-label={`${c}, ${p}: ${n.f.share(share)}, ${t('people', { n: n.f.number(Number(r.cells.customers)) })}`} onClick={() => { const d = r.drills?.customers; if (d) open(d) }}>{n.f.share(share)}</button>}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Why things came back, most money first. */
function Reasons({ data, open }: { data: unknown; open: (at: Record<string, unknown>) => void }) {
  const t = useWords(questionWords)
  const n = useNames()
  const reasons = ((data as { reasons?: { reason: string | null; returns: number; amount: number }[] }).reasons ?? []).slice(0, 6)
  if (reasons.every((r) => r.reason === null)) return null
  return (
    <ul className="in-people" aria-label={t('reasons')}>
      {reasons.map((r) => (
        <li key={r.reason ?? ''} className="row"><span className="grow">{r.reason ?? t('unsaid')}</span><span className="dim num">{n.f.money(Number(r.amount))}</span><button type="button" className="in-n num" aria-label={t('see', { n: n.f.number(r.returns) })} onClick={() => open({ reason: r.reason })}>{n.f.number(r.returns)}</button></li>
      ))}
    </ul>
  )
}

/** Why it may be empty, and what to do: of messages it is that none went out. */
function Nothing({ ask }: { ask: Ask }) {
  const t = useWords(questionWords)
  const b = useWords(boardWords)
  if (!ask.event.startsWith('Message ') || ask.kind !== 'trend') return <p className="muted">{t('none')}</p>
  return <><p className="muted">{b('noMessages')}</p><LinkButton small to="/playbooks">{b('startJourney')}</LinkButton></>
}
const hoursOf = (data: unknown): Hour[] => (data as { rows?: Hour[] }).rows ?? []
const label = (t: ReturnType<typeof useWords<keyof typeof questionWords.en>>, key: string) => (`c_${key}` in questionWords.en ? t(`c_${key}` as keyof typeof questionWords.en) : key)

function Table({ view, open, rows }: { view: View; open: (at: Record<string, unknown>) => void; rows: number }) {
  const t = useWords(questionWords)
  const n = useNames()
  return (
    <div className="in-scroll" tabIndex={0} role="region" aria-label={t('table')}>
      <table className="in-table">
        <thead><tr>{view.columns.map((c) => <th key={c.key} scope="col" className={c.as === 'text' ? '' : 'num'}>{label(t, c.key)}</th>)}</tr></thead>
        <tbody>
          {view.rows.slice(0, rows).map((r, i) => (
            <tr key={i}>
              {view.columns.map((c) => {
                const at = r.drills?.[c.key]
                const text = shownAs(r.cells[c.key], c.as, n)
                return <td key={c.key} className={c.as === 'text' ? '' : 'num'}>{at && r.cells[c.key] ? <button type="button" className="in-n num" aria-label={t('see', { n: text })} onClick={() => open(at)}>{text}</button> : text}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
