// What the check list is made of: the draft, and what the server found about it.
import { useQuery } from '@tanstack/react-query'
import { request, type Schemas } from '~/api/client'
import { api } from '~/api/client'
import type { Text } from '~/i18n'

export type Json = { [key: string]: Json } | Json[] | string | number | boolean | null
export type Journey = {
  id: string; name?: Text; status?: 'draft' | 'live' | 'paused' | 'stopped'; version?: number; changed?: boolean; trigger?: { event?: string; date?: string; at?: string; segment?: string }
  release?: { percent?: number; holdout?: number }; steps?: Json[]
}
export type Check = Omit<Schemas['check'], 'fix'> & { fix?: { action?: string; object?: string; words?: Text; step?: string } | null }
export type Checks = Omit<Schemas['checks'], 'checks'> & { checks?: Check[]; people?: number | null; reachable?: Record<string, number>; ready?: boolean; errors?: number; warnings?: number }

export const useJourney = (id: string) => useQuery({ queryKey: ['journeys', id, 'draft'], queryFn: async () => { const r = await request<Journey>('GET', '/api/v1/journeys/{id}', { path: { id } }); return { journey: r.data, etag: r.etag } } })
export const useChecks = (id: string) => useQuery({ queryKey: ['checks', id], queryFn: () => api.get<Checks>('/api/v1/journeys/{id}/checks', { path: { id } }) })

/** Every message of a journey, wherever its step stands. */
export function sends(node: Json | undefined): { channel: string; template: string }[] {
  if (Array.isArray(node)) return node.flatMap(sends)
  if (!node || typeof node !== 'object') return []
  const s = node.send
  const own = s && typeof s === 'object' && !Array.isArray(s) && typeof s.template === 'string' ? [{ channel: String(s.channel ?? 'email'), template: s.template }] : []
  return [...own, ...Object.values(node).flatMap(sends)]
}

/** What GET adds to the source; a PUT takes the source alone. */
const SHOWN = ['status', 'version', 'changed', 'entered', 'refused', 'waiting', 'done', 'published_at', 'updated_at', 'created_at']
export const sourceOf = (j: Journey): Record<string, unknown> => Object.fromEntries(Object.entries(j).filter(([k]) => !SHOWN.includes(k)))
