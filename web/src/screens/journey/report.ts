// report.ts: what came of a journey, live: the numbers of its steps and of those who left or were not taken in.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, type Schemas } from '~/api/client'
import { useLive } from '~/api/live'
import { allSteps, armsOf, type Journey, named, type Shown, type Step } from './model'

export type Goal = { reached: number; rate: number; target: number | null }
type Counts = { [name: string]: number }
type StepReport = Schemas['step_report']
type Fates = { goal?: Goal; refused_by?: Counts; ended_by?: Counts; messages?: Counts }
export type Report = Fates & {
  id: string
  status: 'live' | 'paused' | 'stopped'
  version: number
  entered: number
  refused: number
  waiting: number
  done: number
  versions: (Fates & { version: number; published_at: string; entered: number; steps?: StepReport[] })[]
}

/** The numbers of a step, over all versions that have a step of this id. */
export type Numbers = { came: number; now: number; sent: number; delivered: number; opened: number; clicked: number; notSent: number; reasons: Counts; failed: Counts }
export type Figures = { report: Report; of: Map<string, Numbers>; elsewhere: number; since: string | undefined; versionSince: string | undefined; reasons: Counts; failed: Counts }

const none = (): Numbers => ({ came: 0, now: 0, sent: 0, delivered: 0, opened: 0, clicked: 0, notSent: 0, reasons: {}, failed: {} })
const FURTHER = { delivered: ['delivered', 'opened', 'clicked', 'replied', 'complained', 'unsubscribed'], opened: ['opened', 'clicked', 'replied'], clicked: ['clicked', 'replied'] } as const
const FAILED = ['rejected', 'bounced', 'unknown', 'expired', 'cancelled'] as const
const sum = (counts: Counts | undefined, keys: readonly string[]) => keys.reduce((n, k) => n + (counts?.[k] ?? 0), 0)
const total = (counts: Counts | undefined) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0)
const add = (to: Counts, from: Counts | undefined) => { for (const [k, n] of Object.entries(from ?? {})) to[k] = (to[k] ?? 0) + n }

function put(to: Numbers, s: StepReport) {
  const messages = s.messages as Counts | undefined
  const reasons = s.not_sent as Counts | undefined
  to.came += s.came ?? 0
  to.now += s.now ?? 0
  to.sent += s.sent ?? 0
  to.delivered += sum(messages, FURTHER.delivered)
  to.opened += sum(messages, FURTHER.opened)
  to.clicked += sum(messages, FURTHER.clicked)
  to.notSent += total(reasons)
  add(to.reasons, reasons)
  for (const k of FAILED) if (messages?.[k]) to.failed[k] = (to.failed[k] ?? 0) + messages[k]
}

export function figuresOf(report: Report, journey: Journey): Figures {
  const of = new Map<string, Numbers>()
  for (const s of allSteps(journey.steps)) if (s.id) of.set(s.id, none())
  let elsewhere = 0
  for (const v of report.versions)
    for (const s of v.steps ?? []) {
      const to = of.get(s.step ?? '')
      if (to) put(to, s)
      else elsewhere += s.now ?? 0
    }
  // Mail servers tell of no arrival: what they took and did not send back has arrived.
  for (const s of allSteps(journey.steps)) {
    const n = s.send?.channel === 'email' && s.id ? of.get(s.id) : undefined
    if (n) n.delivered = Math.max(n.delivered, n.sent - (n.failed.bounced ?? 0))
  }
  const reasons: Counts = {}
  const failed: Counts = {}
  for (const n of of.values()) { add(reasons, n.reasons); add(failed, n.failed) }
  const ordered = [...report.versions].sort((a, b) => a.version - b.version)
  return { report, of, elsewhere, reasons, failed, since: ordered[0]?.published_at, versionSince: ordered[ordered.length - 1]?.published_at }
}

/** How many took an arm: who came to its first step, or those whom no other arm counts. */
export function tookArm(figures: Figures | undefined, step: Step, index: number): number | undefined {
  const arms = armsOf(step)
  if (!figures || !arms) return undefined
  const came = (i: number) => { const first = arms[i]?.steps[0]?.id; return first ? (figures.of.get(first)?.came ?? 0) : undefined }
  const own = came(index)
  if (own !== undefined) return own
  const others = arms.map((_, i) => (i === index ? 0 : came(i)))
  if (step.split || others.some((n) => n === undefined)) return undefined
  return Math.max(0, (figures.of.get(step.id ?? '')?.came ?? 0) - others.reduce((a: number, b) => a + (b ?? 0), 0))
}

export const journeyKey = (id: string) => ['journey', id] as const
export const reportKey = (id: string) => ['journey-report', id] as const

export function useJourney(id: string) {
  return useQuery({ queryKey: journeyKey(id), queryFn: () => api.get<Shown>('/api/v1/journeys/{id}', { path: { id } }) })
}

/** What customers go through: of a journey whose next version is being written, the version that runs. */
export function useLiveDocument(journey: Shown): { document: Journey | undefined; error: unknown } {
  const drafted = journey.changed && journey.version > 0
  const q = useQuery({
    queryKey: ['journey-version', journey.id, journey.version],
    enabled: drafted, staleTime: Infinity,
    queryFn: async () => {
      const answer = await api.get<{ journey?: Journey } & Journey>('/api/v1/journeys/{id}/versions/{version}', { path: { id: journey.id, version: journey.version } })
      return answer.journey ?? answer
    },
  })
  const source = drafted ? q.data : journey
  const document = useMemo(() => (source ? { ...source, id: journey.id, steps: named(source.steps) } : undefined), [source, journey.id])
  return { document, error: drafted ? q.error : null }
}

/** Kept fresh by the stream: at most once in three seconds while something happens. */
export function useFigures(journey: Shown | undefined, steps: Journey | undefined): { figures: Figures | undefined; error: unknown; refetch: () => void } {
  const client = useQueryClient()
  const id = journey?.id ?? ''
  const published = (journey?.version ?? 0) > 0
  const q = useQuery({ queryKey: reportKey(id), enabled: published, refetchInterval: 15_000, queryFn: () => api.get<Report>('/api/v1/journeys/{id}/report', { path: { id } }) })
  useLive<{ items?: { id: string }[] }>('journeys', (d) => {
    if (d.items?.some((x) => x.id === id)) void client.invalidateQueries({ queryKey: reportKey(id) })
  })
  const figures = useMemo(() => (q.data && steps ? figuresOf(q.data, steps) : undefined), [q.data, steps])
  return { figures, error: published ? q.error : null, refetch: () => void q.refetch() }
}
