// The page of a journey: its sentence is the report. Sentence, canvas, table and card show the same object.
import { IconRoute } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import { useLocation, useParams } from 'wouter'
import { useQueryOf } from '~/api/search'
import { Problem } from '~/api/client'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Empty, ErrorNote, Figure, LinkButton, Loading, PageHead, Segmented, Status, type StatusKind, Tabs } from '~/parts'
import { JourneyCard } from './card'
import { Gain } from './gain'
import { HeldBack } from './held-back'
import './journey.css'
import type { Journey as Document, Shown } from './model'
import { useNames } from './names'
import { Operate } from './operate'
import { type Ask, People } from './people'
import { JourneyGone } from './gone'
import { type Figures, useFigures, useJourney, useLiveDocument } from './report'
import { plain, type Say, useSay } from './say'
import { Sentence } from './sentence'
import { JourneyTable } from './table'
import { Versions } from './versions'
import { journeyWords } from './words'

const Canvas = lazy(() => import('./canvas'))
type View = 'sentence' | 'canvas' | 'table' | 'card'
const VIEWS: View[] = ['sentence', 'canvas', 'table', 'card']

/** Shape and words of how a journey stands; also for the list and Today. */
export function useStanding(short = false) {
  const t = useWords(journeyWords)
  return (j: { status: string; version?: number; percent?: number | undefined }): { kind: StatusKind; text: string } => {
    if (j.status === 'paused') return { kind: 'paused', text: t('paused') }
    if (j.status === 'stopped') return { kind: 'stopped', text: t('stopped') }
    if (j.status === 'draft') return { kind: 'draft', text: t('draft') }
    const percent = j.percent ?? 100
    return percent < 100 ? { kind: 'gray', text: t('runningPart', { n: percent }) } : { kind: 'running', text: t(short ? 'runningShort' : 'running') }
  }
}

export default function JourneyPage() {
  const { id = '' } = useParams<{ id: string }>()
  const q = useJourney(decodeURIComponent(id))
  if (q.error instanceof Problem && q.error.status === 404 && !q.data)
    return <JourneyGone />
  if (q.error && !q.data) return <main className="page"><ErrorNote error={q.error} retry={() => void q.refetch()} /></main>
  if (!q.data) return <main className="page"><Loading lines={10} /></main>
  return <WithDocument journey={q.data} />
}

function WithDocument({ journey }: { journey: Shown }) {
  const { document, error } = useLiveDocument(journey)
  if (error && !document) return <main className="page"><ErrorNote error={error} /></main>
  if (!document) return <main className="page"><Loading lines={10} /></main>
  return <Loaded journey={journey} document={document} />
}

function Loaded({ journey, document }: { journey: Shown; document: Document }) {
  const t = useWords(journeyWords)
  const text = useText()
  const [, go] = useLocation()
  const asked = useQueryOf().get('view') as View | null
  const view: View = asked && VIEWS.includes(asked) ? asked : 'sentence'
  const setView = (v: View) => go(`/journeys/${encodeURIComponent(journey.id)}${v === 'sentence' ? '' : `?view=${v}`}`, { replace: true })
  const { figures, error, refetch } = useFigures(journey, document)
  const say = useSay(useNames(document))
  const standing = useStanding()(journey)
  const [ask, setAsk] = useState<Ask>()
  const [versions, setVersions] = useState(false)
  const gray = figures?.report.refused_by?.gray ?? 0
  const name = text(journey.name, journey.id)
  const drawers = <><People journey={document} ask={ask} say={say} close={() => setAsk(undefined)} /><Versions journey={journey} say={say} open={versions} close={() => setVersions(false)} /></>
  const status = <Status kind={standing.kind}>{standing.text}</Status>

  if (view === 'canvas')
    return (
      <main className="cv-page">
        <div className="cv-head">
          <h1 className="cv-name">{name}</h1>{status}
          <Segmented value={view} onChange={setView} label={t('view')} options={VIEWS.map((v) => ({ value: v, label: t(v) }))} />
          <div className="cv-do"><Operate journey={journey} gray={gray} small showVersions={() => setVersions(true)} /></div>
        </div>
        <Suspense fallback={<div className="cv"><Loading /></div>}><Canvas journey={document} figures={figures} say={say} open={setAsk} /></Suspense>
        {drawers}
      </main>
    )
  return (
    <main className="page journey">
      <PageHead crumbs={[{ to: '/journeys', name: t('journeys') }]} title={<span className="jr-title">{name} {status}</span>}>
        <Operate journey={journey} gray={gray} showVersions={() => setVersions(true)} />
      </PageHead>
      {error !== null && error !== undefined && <div style={{ marginBottom: 24 }}><ErrorNote error={error} retry={refetch} /></div>}
      {figures && <Numbers journey={journey} figures={figures} open={setAsk} />}
      <Tabs value={view} onChange={setView} tabs={VIEWS.map((v) => ({ value: v, label: t(v) }))} right={<VersionNote journey={journey} figures={figures} show={() => setVersions(true)} />} />
      <div style={{ marginTop: 20 }} role="tabpanel" aria-label={t(view)}>
        {view === 'sentence' && <Sentence journey={document} figures={figures} say={say} open={setAsk} />}
        {view === 'table' && <JourneyTable journey={document} figures={figures} say={say} open={setAsk} />}
        {view === 'card' && <JourneyCard journey={{ ...journey, ...document }} figures={figures} say={say} />}
      </div>
      <Below journey={journey} document={document} figures={figures} say={say} open={setAsk} />
      {drawers}
    </main>
  )
}

function VersionNote({ journey, figures, show }: { journey: Shown; figures: Figures | undefined; show: () => void }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  if (!journey.version || !figures?.versionSince) return <>{t('versionDraft')}</>
  return <>{journey.changed && <span className="jr-changed">{t('draftChanged')} · </span>}<button type="button" className="count" onClick={show}>{t('version', { n: journey.version, day: f.day(figures.versionSince) })}</button></>
}

function Numbers({ journey, figures, open }: { journey: Shown; figures: Figures; open: (ask: Ask) => void }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const { report } = figures
  const days = figures.since ? Math.max(1, Math.ceil((Date.now() - Date.parse(figures.since)) / 86_400_000)) : 1
  const sent = [...figures.of.values()].reduce((n, x) => n + x.sent, 0)
  const held = Object.values(figures.reasons).reduce((a, b) => a + b, 0)
  const goal = report.goal
  const press = (n: number, ask: Ask) => <button type="button" className="count fig-count" onClick={() => open(ask)}>{f.number(n)}</button>
  return (
    <div className="jr-figs">
      <Figure label={t('entered')} value={report.entered ? press(report.entered, { of: 'entered' }) : null} unit={t('people', { n: report.entered })}
        note={[figures.since ? t('since', { day: f.day(figures.since) }) : '', days > 1 && report.entered ? t('perDay', { n: f.number(Math.round(report.entered / days)) }) : ''].filter(Boolean).join(t.lang === 'zh' ? '，' : ', ')} />
      <Figure label={t('waiting')} value={report.waiting ? press(report.waiting, { of: 'running' }) : 0} unit={t('people', { n: report.waiting })} note={report.waiting ? t('waitingNote') : t('nobodyWaits')} />
      {goal
        ? <Figure label={t('goal')} value={goal.reached ? press(goal.reached, { of: 'goal' }) : null} unit={t('people', { n: goal.reached })} note={report.entered ? t('goalNote', { share: f.share(goal.reached / report.entered), target: goal.target ? f.share(goal.target) : 'none' }) : ''} />
        : <Figure label={t('goal')} value={<span className="dim">—</span>} note={t('noGoal')} />}
      {journey.steps.length > 0 && <Figure label={t('sent')} value={sent || null} unit={t('messages', { n: sent })} note={t('sentNote', { n: held })} />}
    </div>
  )
}

function Below({ journey, document, figures, say, open }: { journey: Shown; document: Document; figures: Figures | undefined; say: Say; open: (ask: Ask) => void }) {
  const t = useWords(journeyWords)
  const to = `/journeys/${encodeURIComponent(journey.id)}`
  if (journey.version === 0)
    return <section className="card" style={{ marginTop: 24 }}><Empty icon={IconRoute} title={t('emptyDraft')} action={<LinkButton to={`${to}/simulate`}>{t('simulate')}</LinkButton>}>{t('emptyHelp', { when: plain(say.trigger(document.trigger)) })}</Empty></section>
  if (!figures) return null
  if (figures.report.entered === 0)
    return <section className="card" style={{ marginTop: 24 }}><Empty icon={IconRoute} title={t('empty')} action={<LinkButton to={`${to}/simulate`}>{t('simulate')}</LinkButton>}>{t('emptyHelp', { when: plain(say.trigger(document.trigger)) })}</Empty></section>
  return <div className="jr-below"><Gain journey={document} figures={figures} say={say} /><HeldBack figures={figures} open={open} lang={say.lang} /></div>
}
