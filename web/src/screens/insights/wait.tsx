// wait.tsx: an answer that takes its time: what it costs, how far it is, a way to stop it and to ask again. Of fast answers
// nothing of this is seen.
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { api } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Loaded, Loading } from '~/parts'
import type { Answering } from './ask'
import { waitWords } from './wait-words'

const PATIENCE = 600, LOOKS = 500
type Estimate = { events: number; indexed: number; customers: number; ms: number }
type Running = { analysis: string; run?: string; percent: number; since_ms: number; estimate: Estimate }

/** True once `busy` has lasted; it begins anew with another `of`. */
function useSlow(busy: boolean, of: string): boolean {
  const [slow, setSlow] = useState('')
  useEffect(() => {
    if (!busy) { setSlow(''); return }
    const timer = setTimeout(() => setSlow(of), PATIENCE)
    return () => clearTimeout(timer)
  }, [busy, of])
  return busy && slow === of
}

/** Like Loaded, of a question's answer. */
export function Waited<D>({ of: q, lines, children }: { of: Answering<D>; lines?: number; children: (data: D) => ReactNode }) {
  const slow = useSlow(q.isFetching, q.run)
  const more = lines ? { lines } : {}
  if (q.stopped) return <><Stopped again={q.again} />{q.data !== undefined && !q.isPlaceholderData && children(q.data)}</>
  if (!slow) return <Loaded of={q} {...more}>{children}</Loaded>
  return <><Waiting run={q.run} stop={q.stop} />{q.data === undefined ? <Loading {...more} /> : children(q.data)}</>
}

function Stopped({ again }: { again: () => void }) {
  const t = useWords(waitWords)
  return <div className="in-wait"><p role="status" className="grow">{t('stopped')}</p><Button small onClick={again}>{t('again')}</Button></div>
}

function Waiting({ run, stop }: { run: string; stop: () => void }) {
  const t = useWords(waitWords)
  const f = useFormat()
  const all = useQuery({ queryKey: ['running'], queryFn: ({ signal }) => api.get<{ items: Running[] }>('/api/v1/analyses', { signal }), refetchInterval: LOOKS, staleTime: 0, gcTime: 0, retry: false })
  const now = all.data?.items.find((x) => x.run === run)
  const [seen, setSeen] = useState(now)
  // It is gone from the list a moment before its answer is here.
  if (now && now !== seen) setSeen(now)
  const shown = now ?? seen
  const time = (ms: number) => (ms < 90_000 ? t('seconds', { n: Math.max(1, Math.round(ms / 1000)) }) : t('minutes', { n: Math.round(ms / 60_000) }))
  const about = !shown ? t('asking') : shown.since_ms > shown.estimate.ms * 1.5 + 1000 ? t('longer', { time: time(shown.since_ms) }) : t('about', { time: time(shown.estimate.ms) })
  const reads = !shown || shown.estimate.events === 0 ? '' : t('reads', { n: f.large(shown.estimate.events) })
  const percent = shown ? f.share(shown.percent / 100) : ''
  return (
    <div className="in-wait">
      <div className="grow">
        <p><span role="status">{about}{reads}</span>{percent && <span className="dim num" aria-hidden> · {percent}</span>}</p>
        <div className="bar" role="progressbar" aria-label={t('far')} aria-valuemin={0} aria-valuemax={100} {...(shown ? { 'aria-valuenow': shown.percent } : {})}><i style={{ width: `${shown?.percent ?? 0}%` }} /></div>
      </div>
      <Button small onClick={stop}>{t('stop')}</Button>
    </div>
  )
}
