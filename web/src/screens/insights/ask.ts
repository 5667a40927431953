// ask.ts: the questions of this page, as the analyses take them (docs/analyses.md), and what they answer.
import { keepPreviousData, type QueryKey, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { request, type Schemas } from '~/api/client'

const DAY = 86_400_000
export type Request = Record<string, unknown>
/** A question and the figure of its answer whose customers are wanted. */
export type Asked = { analysis: string; request: Request }
export type Drilled = { count: number; sample: Schemas['customer'][]; predicate?: unknown; segment?: string }

export type Step = { step: number; name: string; customers: number; share: number; share_of_previous: number; lost: number }
export type Hour = { weekday: number; hour: number; events: number; customers: number }
export type Cell = { r: number; f: number; m: number; customers: number; amount: number }
export type Funnel = { steps: Step[] }
export type Hours = { rows: Hour[] }
export type Groups = { cells: Cell[]; bounds: Record<'recency_days' | 'frequency' | 'amount', number[]>; total: { customers: number; amount: number } }

/** Of this page and no other, so that it is known again among those under way. */
const PAGE = Math.random().toString(36).slice(2, 12)
const nameOfRun = (key: QueryKey) => {
  let h = 0
  for (const c of JSON.stringify(key)) h = (Math.imul(h, 31) + c.charCodeAt(0)) | 0
  return `${PAGE}-${(h >>> 0).toString(36)}`
}
const post = async <T,>(a: Asked, signal?: AbortSignal, run?: string): Promise<T> =>
  (await request<T>('POST', '/api/v1/analyses/{name}', { path: { name: a.analysis }, body: a.request, ...(run ? { query: { run } } : {}), ...(signal ? { signal } : {}) })).data

/** Whole minutes, so that a page looked at twice asks the same. */
export const since = (days: number, now = Date.now()) => new Date(Math.floor(now / 60_000) * 60_000 - days * DAY).toISOString()

/** From the first look at a product to the second order. */
export const STEPS = ['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed', 'Order Completed'] as const
export const STEP_NAMES = ['viewed', 'added', 'checkout', 'ordered', 'again'] as const
/** Which of the steps this shop ever told of: one that it never tells of would stop everybody there, and who ordered would be
 *  counted nowhere. `seen`: how often each event came; undefined: not known yet. */
export const stepsOf = (seen: ReadonlyMap<string, number> | undefined) => STEPS.map((_, i) => i).filter((i) => !seen || (seen.get(STEPS[i] ?? '') ?? 0) > 0)
export const funnelOf = (from: string, at: number[] = STEPS.map((_, i) => i)): Asked => ({ analysis: 'funnel', request: { from, window: '7d', steps: at.map((i) => ({ did: STEPS[i] })) } })
export const hoursOf = (from: string): Asked => ({ analysis: 'heatmap', request: { from, event: 'Order Completed' } })
/** Two halves of each figure make eight groups. */
export const groupsOf = (): Asked => ({ analysis: 'rfm', request: { groups: 2 } })
/** The same groups as they were, with today's bounds: what moved is then people, not the bounds. */
export const groupsThen = (bounds: Groups['bounds'], as_of: string): Asked => ({ analysis: 'rfm', request: { groups: bounds, as_of } })

/** An answer that may take its time: what its run is called, and ending it; see wait.tsx. */
export type Answering<T> = UseQueryResult<T> & { run: string; stopped: boolean; stop: () => void; again: () => void }

function useAsked<T>(queryKey: QueryKey, a: Asked | null, more: { placeholderData?: typeof keepPreviousData; staleTime?: number }): Answering<T> {
  const client = useQueryClient()
  const run = nameOfRun(queryKey)
  const [stopped, setStopped] = useState('')
  const q = useQuery<T>({ queryKey, enabled: a !== null, queryFn: ({ signal }) => post<T>(a as Asked, signal, run), ...more })
  // Whatever is asked and answered later, by a board's refresh or another part of the page, is not what was stopped.
  const now = `${run} ${q.dataUpdatedAt} ${q.errorUpdatedAt}`
  // The request is ended, and with it the work at the server.
  const stop = () => { void client.cancelQueries({ queryKey, exact: true }).then(() => setStopped(now)) }
  return { ...q, run, stopped: stopped === now && !q.isFetching, stop, again: () => void q.refetch() }
}

export const useAnswer = <T,>(a: Asked | null) => useAsked<T>(['analyses', a?.analysis, a?.request], a, { placeholderData: keepPreviousData, staleTime: 60_000 })
export const useDrill = (a: Asked, at: Request) => useAsked<Drilled>(['analyses', 'drill', a, at], { ...a, request: { ...a.request, drill: at } }, {})
export const keep = (a: Asked, at: Request, id: string, name: string) =>
  post<Drilled>({ ...a, request: { ...a.request, drill: at, save_as: { id, name } } })
