// edit-state.ts: the draft while it is edited: every change can be taken back, and is kept on the server shortly after.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { type FieldError, Problem, request } from '~/api/client'
import { documentOf, type Journey, named, type Path, pathKey, pathOfPointer, type Shown, type Step } from './model'
import { journeyKey } from './report'

export type Editor = {
  journey: Journey
  change: (next: Journey) => void
  steps: (next: Step[]) => void
  undo: (() => void) | undefined
  state: 'unchanged' | 'saving' | 'saved' | 'refused' | 'failed'
  savedAt: number | undefined
  errors: FieldError[]
  error: unknown
  wrong: Set<string>
  /** Waits until what was changed is kept. */
  flush: () => Promise<boolean>
  /** Over what somebody else kept meanwhile. */
  over: () => void
}
const WAIT = 700

export function useEditor(shown: Shown, tag: string | null): Editor {
  const client = useQueryClient()
  const [journey, setJourney] = useState<Journey>(() => { const d = documentOf(shown); return { ...d, steps: named(d.steps) } })
  const [past, setPast] = useState<Journey[]>([])
  const [savedAt, setSavedAt] = useState<number>()
  const kept = useRef(journey)
  const etag = useRef(tag)
  const latest = useRef(journey)
  latest.current = journey
  const save = useMutation({
    mutationFn: (document: Journey) => request<Shown>('PUT', '/api/v1/journeys/{id}', { path: { id: document.id }, body: document, ...(etag.current ? { etag: etag.current } : {}) }),
    onSuccess: (answer, document) => { kept.current = document; etag.current = answer.etag; setSavedAt(Date.now()); client.setQueryData(journeyKey(document.id), answer.data); void client.invalidateQueries({ queryKey: ['journeys'] }) },
  })
  const { mutateAsync } = save
  const flush = useCallback(async () => {
    if (kept.current === latest.current) return true
    try { await mutateAsync(latest.current); return true } catch { return false }
  }, [mutateAsync])
  useEffect(() => {
    if (kept.current === journey) return
    const timer = setTimeout(() => void flush(), WAIT)
    return () => clearTimeout(timer)
  }, [journey, flush])
  useEffect(() => () => { void flush() }, [flush])
  const over = useCallback(() => { etag.current = null; void flush() }, [flush])
  const change = useCallback((next: Journey) => { setPast((p) => [...p.slice(-49), latest.current]); setJourney(next) }, [])
  const undo = past.length ? () => { setJourney(past[past.length - 1] as Journey); setPast(past.slice(0, -1)) } : undefined
  const stale = kept.current !== journey
  const errors = save.error instanceof Problem && stale ? save.error.errors : []
  const wrong = new Set(errors.flatMap((e) => { const p: Path | undefined = pathOfPointer(e.path); return p ? [pathKey(p)] : [] }))
  return {
    journey, change, steps: (steps) => change({ ...journey, steps }), undo, savedAt, errors, wrong, flush, over, error: stale ? save.error : null,
    state: save.isPending ? 'saving' : stale && save.error ? (save.error instanceof Problem && save.error.status === 422 ? 'refused' : 'failed') : stale ? 'saving' : savedAt ? 'saved' : 'unchanged',
  }
}
