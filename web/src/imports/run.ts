// A file on its way: sent, dry or for good, and followed until it is over.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api } from '~/api/client'
import type { ImportKind } from './targets'

export type Import = {
  id: string; status: 'queued' | 'running' | 'done' | 'failed'; kind: ImportKind; mode?: 'history' | 'live'; dry_run?: boolean; file?: string; rows: number; accepted: number; rejected: number; warnings: number
  detail?: string; undone?: boolean; undoing?: boolean; created_at: string; read_as?: string; preview?: { columns: string[]; rows: string[][] }; mapping?: Record<string, string>
}
export type Sending = { kind: ImportKind; dry?: boolean; mode?: 'history' | 'live'; mapping?: Record<string, string> | undefined; /** Channels that everybody in the file agreed to. */ consent?: string[] }

export function sendFile(file: File, { kind, dry, mode = 'history', mapping, consent }: Sending) {
  const form = new FormData()
  form.set('kind', kind)
  form.set('mode', mode)
  if (dry) form.set('dry_run', 'true')
  if (mapping && Object.keys(mapping).length) form.set('mapping', JSON.stringify(mapping))
  if (consent?.length) form.set('options', JSON.stringify({ consent }))
  form.set('file', file)
  return api.post<Import>('/api/v1/imports', { body: form })
}

export const isOver = (i: Import | undefined) => i?.status === 'done' || i?.status === 'failed'

/** Asks until it is over; `over` is called once for each. */
export function useImport(id: string | undefined, over?: (i: Import) => void) {
  const q = useQuery({
    queryKey: ['import', id], enabled: !!id,
    queryFn: () => api.get<Import>('/api/v1/imports/{id}', { path: { id } }),
    refetchInterval: (x) => (isOver(x.state.data) ? false : 300),
  })
  const told = useRef('')
  const tell = useRef(over)
  tell.current = over
  useEffect(() => {
    if (!q.data || !isOver(q.data) || told.current === q.data.id) return
    told.current = q.data.id
    tell.current?.(q.data)
  }, [q.data])
  return q
}
