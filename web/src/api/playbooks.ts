// Playbooks as the server tells them: which are ready, what each still needs, its sentence and what people would get.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Text } from '~/i18n'
import { api, type Schemas } from './client'

export type Playbook = Omit<Schemas['playbook'], 'sentence' | 'questions' | 'people_month' | 'people_now'> & { id: string; sentence?: Line[]; questions?: Question[]; people_month?: People; people_now?: People }
export type Need = Schemas['need']
export type Question = Schemas['question'] & { default_words?: Text }
export type Part = { text?: string; question?: string }
/** A line of the sentence: its parts in each language, since words stand in another order in each. */
export type Line = { block?: string; text?: Text; parts?: { zh?: Part[]; en?: Part[] } }
export type People = { count?: number | null; words?: Text; reachable?: Record<string, number> }
export type Answers = Record<string, unknown>
/** One message of a preview: when it comes, and what it says. */
export type Shown = Schemas['preview'] & { step?: string; template?: string; after?: Text }
export type Preview = Omit<Schemas['playbook_preview'], 'messages' | 'sentence' | 'people_month' | 'people_now'> & { messages?: Shown[]; sentence?: Line[]; people_month?: People; people_now?: People; needs?: Need[] }

export const usePlaybooks = () => useQuery({ queryKey: ['playbooks'], queryFn: () => api.get<{ items: Playbook[] }>('/api/v1/playbooks') })
export const usePlaybook = (id: string) => useQuery({ queryKey: ['playbooks', id], queryFn: () => api.get<Playbook>('/api/v1/playbooks/{id}', { path: { id } }) })

export type Asked = { answers: Answers; channel?: string | undefined; language: string; customer?: string | undefined }
export function usePlaybookPreview(id: string, asked: Asked, enabled = true) {
  return useQuery({
    queryKey: ['playbooks', id, 'preview', asked],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.post<Preview>('/api/v1/playbooks/{id}/preview', { path: { id }, body: asked, signal }),
  })
}

/** What can only be sent after something else was brought. */
export const unmet = (p: Playbook) => (p.needs ?? []).filter((n) => !n.met)
