// Launch: the open check first, the plan beside it, one button that says how many people it touches.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation, useParams } from 'wouter'
import { api, Problem } from '~/api/client'
import { useText, useWords } from '~/i18n'
import { Empty, ErrorNote, LinkButton, Loading, toast } from '~/parts'
import { WayBack } from '~/shell/frame'
import { CheckList } from './checks'
import { type Checks, type Journey, sourceOf, useChecks, useJourney } from './data'
import './launch.css'
import { Plan, type Start } from './plan'
import { launchWords } from './words'

function Page({ journey, etag, checks }: { journey: Journey; etag: string | null; checks: Checks }) {
  const t = useWords(launchWords)
  const text = useText()
  const client = useQueryClient()
  const [, go] = useLocation()
  const start = useMutation({
    mutationFn: async ({ percent, holdout }: Start) => {
      const { release: _, ...source } = sourceOf(journey) as Record<string, unknown> & { release?: unknown }
      await api.put('/api/v1/journeys/{id}', { path: { id: journey.id }, body: { ...source, release: { percent, ...(holdout ? { holdout } : {}) } }, ...(etag ? { etag } : {}) })
      await api.post('/api/v1/journeys/{id}/publish', { path: { id: journey.id }, body: {} })
    },
    onSuccess: () => { toast(t('started', { name: text(journey.name, journey.id) })); void client.invalidateQueries(); go(`/journeys/${encodeURIComponent(journey.id)}`) },
    onError: () => void client.invalidateQueries({ queryKey: ['journeys', journey.id] }),
  })
  const list = checks.checks ?? []
  const errors = list.filter((c) => c.severity === 'error').length
  const warnings = list.filter((c) => c.severity === 'warning').length
  const fine = list.length - errors - warnings
  return (
    <main className="page">
      <div className="head la-head"><div>
        <h1>{errors ? t('blocked', { n: errors }) : warnings ? t('look', { ok: fine, n: warnings }) : t('allFine', { n: list.length })}</h1>
        <p className="sub">{t(errors ? 'subBlocked' : 'sub')} <Link href={`/journeys/${encodeURIComponent(journey.id)}/simulate`}>{t('tryIt')}</Link></p>
      </div></div>
      <div className="la-two">
        <CheckList checks={list} journey={journey} />
        <Plan journey={journey} checks={checks} busy={start.isPending} error={start.error} onStart={(s) => start.mutate(s)} />
      </div>
    </main>
  )
}

export default function Launch() {
  const t = useWords(launchWords)
  const text = useText()
  const { id = '' } = useParams<{ id: string }>()
  const draft = useJourney(id)
  const checks = useChecks(id)
  const j = draft.data?.journey
  const at = `/journeys/${encodeURIComponent(id)}`
  const idle = j && (j.status === 'live' || j.status === 'paused') && j.changed === false
  const gone = draft.error instanceof Problem && draft.error.status === 404
  return (
    <>
      <WayBack to={at} name={t('backJourney')} title={text(j?.name, id)} status={j ? (j.version ? t('version', { n: j.version }) : t('draft')) : undefined} />
      {gone ? <main className="page"><Empty title={t('missing')} action={<LinkButton primary to="/journeys">{t('toJourneys')}</LinkButton>} /></main>
        : idle ? <main className="page"><Empty title={t('running')} action={<LinkButton primary to={at}>{t('open')}</LinkButton>}>{t('runningSay')}</Empty></main>
          : j && checks.data ? <Page key={id} journey={j} etag={draft.data?.etag ?? null} checks={checks.data} />
            : <main className="page">{draft.error || checks.error ? <ErrorNote error={draft.error ?? checks.error} retry={() => { void draft.refetch(); void checks.refetch() }} /> : <Loading lines={8} />}</main>}
    </>
  )
}
