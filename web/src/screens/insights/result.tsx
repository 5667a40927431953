// result.tsx: an answer: its sentence, its picture, its table; each number of customers opens them.
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { useWords } from '~/i18n'
import { Button, Loaded, Loading } from '~/parts'
import { type Hour, useAnswer } from './ask'
import { type Ask, requestOf } from './asks'
import type { Drawn } from './chart'
import { csvOf, giveCsv, givePng } from './files'
import { Heat } from './hours'
import { shownAs, useNames } from './names'
import { Drill, type Figure } from './people'
import { questionWords } from './question-words'
import { type View, viewOf } from './read'

const Chart = lazy(() => import('./chart'))

export function Result({ ask, short }: { ask: Ask; short?: boolean }) {
  const text = JSON.stringify(ask)
  // The same question keeps its beginning while it stands on the page.
  const request = useMemo(() => requestOf(JSON.parse(text) as Ask), [text])
  const answer = useAnswer<unknown>({ analysis: ask.kind, request })
  return <Loaded of={answer} lines={8}>{(data) => <Answer ask={ask} data={data} request={request} short={short ?? false} />}</Loaded>
}

function Answer({ ask, data, request, short }: { ask: Ask; data: unknown; request: Record<string, unknown>; short: boolean }) {
  const t = useWords(questionWords)
  const n = useNames()
  const [figure, setFigure] = useState<Figure | null>(null)
  const view = useMemo(() => viewOf(data, n, ask), [data, n, ask])
  const picture = useRef<(() => string) | null>(null)
  const ready = useCallback((p: () => string) => { picture.current = p }, [])
  const question = t(`q_${ask.kind}`)
  const drawn = useMemo((): Drawn | null => {
    const c = view.chart
    if (!c) return null
    // With groups the picture is of everybody.
    const rows = view.rows.filter((r) => r.cells.of === undefined || r.cells.of === n.word('none', 'all')).slice(0, c.kind === 'bar' ? 20 : 400)
    return { kind: c.kind, names: rows.map((r) => String(r.cells[c.x] ?? '')), values: rows.map((r) => Number(r.cells[c.y] ?? 0)), label: t('picture', { q: question }), say: (x) => shownAs(x, c.as, n) }
  }, [view, n, t, question])
  const open = (at: Record<string, unknown>) => setFigure({ asked: { analysis: ask.kind, request }, at, name: question.replace(/[?？]$/, ''), title: (k) => t('drilled', { n: k }) })
  if (view.rows.length === 0) return <p className="muted">{t('none')}</p>
  return (
    <>
      <p className="in-say">{view.say ? t(`a_${ask.kind}`, view.say) : t(ask.kind === 'profile' ? 'a_whom' : 'a_none')}</p>
      {ask.kind === 'heatmap' && <Heat rows={hoursOf(data)} pick={(weekday, hour) => open({ weekday, hour })} />}
      {drawn && <Suspense fallback={<Loading lines={4} />}><Chart drawn={drawn} onReady={ready} /></Suspense>}
      {(!short || (!drawn && ask.kind !== 'heatmap')) && <Table view={view} open={open} rows={short ? 8 : 200} />}
      {!short && (
        <div className="row in-files">
          <Button small onClick={() => giveCsv(csvOf(view.columns.map((c) => label(t, c.key)), view.rows.map((r) => view.columns.map((c) => r.cells[c.key]))), ask.kind)}>{t('csv')}</Button>
          {drawn && <Button small onClick={() => { if (picture.current) givePng(picture.current(), ask.kind) }}>{t('png')}</Button>}
          <Button small onClick={() => print()}>{t('print')}</Button>
        </div>
      )}
      <Drill figure={figure} onClose={() => setFigure(null)} />
    </>
  )
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
