// kept.ts: questions and boards that were kept. An item says its question (chart.ask) beside the request it made, so that
// "the last 30 days" goes along with the days.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { all, api } from '~/api/client'
import { type Text } from '~/i18n'
import { toast, useErrorText } from '~/parts'
import { type Request, since } from './ask'
import { type Ask, askOf, firstAsk, HAS, isKind, partOf, requestOf } from './asks'

export type Saved = { id: string; name: Text; analysis: string; request?: unknown; chart?: unknown }
export type Item = { analysis?: string; request?: unknown; title?: Text; chart?: unknown; saved?: string; x?: number; y?: number; w?: number; h?: number }
/** What stands for all questions of a board; nothing: as each says itself. */
export type Controls = { days?: number; segment?: string; by?: string }
export type Board = { id: string; name: Text; description?: Text; items?: Item[]; controls?: Controls }

/** Columns of a board. */
export const COLUMNS = 12
export const WIDTHS = [4, 6, 8, 12] as const
export const widthOf = (i: Item): number => (WIDTHS as readonly number[]).includes(i.w ?? 0) ? (i.w as number) : 6
/** The places that the order and the widths make: what is too wide for a row begins the next. */
export function placed(items: Item[]): Item[] {
  let x = 0, y = 0
  return items.map((i) => {
    const w = widthOf(i)
    if (x + w > COLUMNS) { x = 0; y++ }
    const at = { ...i, x, y, w, h: 1 }
    x += w
    return at
  })
}
export const controlled = (ask: Ask, c: Controls | undefined): Ask => ({
  ...ask, ...(c?.days ? { days: c.days } : {}), ...(c?.segment && (ask.segment === '' || ask.kind !== 'profile') ? { segment: c.segment } : {}), ...(c?.by ? { by: c.by } : {}),
})

export const useSaved = () => useQuery({ queryKey: ['saved-analyses'], queryFn: () => all<Saved>('/api/v1/saved-analyses') })
export const useBoards = () => useQuery({ queryKey: ['dashboards'], queryFn: () => all<Board>('/api/v1/dashboards') })

export const itemOf = (ask: Ask, title: Text): Item => ({ analysis: ask.kind, request: requestOf(ask), title, chart: { ask } })

export function useKeeping() {
  const client = useQueryClient()
  const say = useErrorText()
  const onError = (e: unknown) => toast(say(e))
  const again = (key: string) => () => client.invalidateQueries({ queryKey: [key] })
  const boards = { onSuccess: again('dashboards'), onError }
  const questions = { onSuccess: again('saved-analyses'), onError }
  return {
    save: useMutation({ mutationFn: (x: { ask: Ask; name: string }) => api.post<Saved>('/api/v1/saved-analyses', { body: { name: x.name, analysis: x.ask.kind, request: requestOf(x.ask), chart: { ask: x.ask } } }), ...questions }),
    forget: useMutation({ mutationFn: (s: Saved) => api.delete('/api/v1/saved-analyses/{id}', { path: { id: s.id } }), ...questions }),
    make: useMutation({ mutationFn: (b: Omit<Board, 'id'>) => api.post<Board>('/api/v1/dashboards', { body: b }), ...boards }),
    change: useMutation({ mutationFn: (b: Board) => api.put<Board>('/api/v1/dashboards/{id}', { path: { id: b.id }, body: { name: b.name, items: b.items ?? [], ...(b.description ? { description: b.description } : {}), ...(b.controls ? { controls: b.controls } : {}) } }), ...boards }),
    remove: useMutation({ mutationFn: (b: Board) => api.delete('/api/v1/dashboards/{id}', { path: { id: b.id } }), ...boards }),
  }
}

/** What an item asks: as a person put it on this page, or as a program wrote it, whose request stands as it is but for what the
 * board says of days, customers and groups. Null: no question of ours. */
export function asking(item: Item, saved: Saved[], controls: Controls): { ask: Ask; request?: Request } | null {
  const kept = item.saved ? saved.find((s) => s.id === item.saved) : undefined
  const of = kept ?? item, own = askOf(item.chart) ?? askOf(of.chart)
  if (own) return { ask: controlled(own, controls) }
  const kind = of.analysis
  if (!isKind(kind)) return null
  const told = (item.chart ?? of.chart) as { ask?: { days?: unknown } } | null | undefined
  const days = controls.days ?? (typeof told?.ask?.days === 'number' ? told.ask.days : 0)
  const request = { ...(of.request as Request | undefined) }, predicate = request.predicate
  if (days && HAS[kind].includes('days')) { request.from = since(days); delete request.to }
  if (controls.segment) request.predicate = predicate ? { all: [{ segment: controls.segment }, predicate] } : { segment: controls.segment }
  if (controls.by && HAS[kind].includes('by')) request.by = partOf(controls.by)
  const by = typeof request.by === 'object' && request.by !== null && 'item' in request.by ? `item:${String(request.by.item)}` : ''
  return { ask: { ...firstAsk(kind), by, ...(days ? { days } : {}) }, request }
}
