// preview.ts: how many customers a condition holds for while it is being written: asked shortly after the last change,
// an answer that is overtaken is dropped.
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, type Schemas } from '~/api/client'
import { type Counts } from './rows'
import { isDone, joined, type Predicate, rowsOf } from './types'

export type Preview = {
  count: number; of?: number; sample: Schemas['customer'][]; reachable: Record<string, number>; reachable_any?: number; took_ms: number
  rows?: { path: string; count: number; alone: number }[]
}
const ask = (predicate: Predicate, rows: boolean, signal: AbortSignal) => api.post<Preview>('/api/v1/segments/preview', { body: { predicate, ...(rows ? { rows: true } : {}) }, signal })

/** `predicate` null: nothing can be counted yet. With `rows` also how many are left after each row at the top. */
export function usePreview(predicate: Predicate | null, rows = false) {
  const text = useMemo(() => JSON.stringify(predicate), [predicate])
  const [asked] = useDebouncedValue(text, 150)
  const q = useQuery({
    queryKey: ['preview', asked, rows], enabled: asked !== 'null', placeholderData: keepPreviousData, staleTime: 5_000, retry: false,
    queryFn: async ({ signal }): Promise<Preview & { left: number[] }> => {
      const p = JSON.parse(asked) as Predicate
      const at = rowsOf(p)
      const answer = await ask(p, rows, signal)
      if (!rows) return { ...answer, left: [] }
      if (answer.rows && answer.rows.length === at.rows.length) return { ...answer, left: answer.rows.map((r) => r.count) }
      const upTo = await Promise.all(at.rows.slice(0, -1).map((_, i) => ask(joined(at.mode, at.rows.slice(0, i + 1)), false, signal)))
      return { ...answer, left: [...upTo.map((x) => x.count), answer.count].slice(0, at.rows.length) }
    },
  })
  return { ...q, settled: asked === text && !q.isFetching }
}

/** The counts beside the rows: rows that are not finished have none. */
export function countsOf(whole: Predicate, left: number[]): Counts {
  let next = 0
  return { left: rowsOf(whole).rows.map((r) => (isDone(r) ? (left[next++] ?? null) : null)) }
}
