// Asking customers for one thing by a page of one's own: made in one call, its address to be passed on.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, Problem, type Schemas } from '~/api/client'
import { useSession } from '~/api/session'
import { type Text, useText, useWords } from '~/i18n'
import { Button, Copy, Note, useErrorText } from '~/parts'
import './bring.css'
import { bringWords } from './words'

type Form = Schemas['form'] & { id: string }

export function BringForm({ attribute, words, type = 'date' }: { attribute: string; words: Text; type?: 'date' | 'text' }) {
  const t = useWords(bringWords)
  const text = useText()
  const say = useErrorText()
  const client = useQueryClient()
  const session = useSession()
  const id = `ask-${attribute.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'more'}`
  const there = useQuery({ queryKey: ['forms', id], retry: false, queryFn: () => api.get<Form>('/api/v1/forms/{id}', { path: { id } }).catch((e: unknown) => { if (e instanceof Problem && e.status === 404) return null; throw e }) })
  const both = (key: keyof typeof bringWords.en) => ({ zh: bringWords.zh[key], en: bringWords.en[key] })
  const make = useMutation({
    mutationFn: () => api.post<Form>('/api/v1/forms', {
      body: {
        id, name: words,
        fields: [{ name: 'email', type: 'email', required: true, label: both('formAsk') }, { name: attribute, type, required: true, label: words, target: `attribute:${attribute}` }],
        consent: { channel: 'email', text: both('formAgree') }, button: both('formButton'), thanks: both('formThanks'),
      },
    }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['forms'] }),
  })
  const url = `${session?.public_url || location.origin}/f/${id}`
  return (
    <div className="stack">
      <p className="m">{t('formTitle')}</p>
      <p className="muted small">{t(there.data || make.data ? 'formHere' : 'formHow', { what: text(words, attribute) })}</p>
      {make.error && <Note kind="bad">{say(make.error)}</Note>}
      {there.data || make.data ? (
        <div className="bring-code"><pre className="code" tabIndex={0}>{url}</pre><Copy text={url} /><a className="btn sm" href={url} target="_blank" rel="noreferrer">{t('formOpen')}</a></div>
      ) : <div><Button busy={make.isPending || there.isPending} onClick={() => make.mutate()}>{t('formMake')}</Button></div>}
    </div>
  )
}
