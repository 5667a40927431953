// The page behind an invitation's link: the token stands behind the #, so that no log keeps it.
import { PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { api, Problem, setCsrf } from '~/api/client'
import { useWords } from '~/i18n'
import { Button, ErrorNote, Loading, Note, useErrorText } from '~/parts'
import { Alone } from '.'
import { signInWords } from './words'

export default function Invitation() {
  const t = useWords(signInWords)
  const say = useErrorText()
  const client = useQueryClient()
  const [, go] = useLocation()
  const [token] = useState(() => location.hash.slice(1).replace(/^token=/, ''))
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const whom = useQuery({ queryKey: ['invitation', token], retry: false, queryFn: () => api.post('/api/v1/invitation', { body: { token } }) })
  const accept = useMutation({
    mutationFn: () => api.post('/api/v1/invitation/accept', { body: { token, password, language: t.lang, ...(name.trim() ? { name: name.trim() } : {}) } }),
    onSuccess: async (s) => {
      setCsrf(s.csrf)
      client.setQueryData(['session'], s)
      await client.invalidateQueries({ queryKey: ['setup'] })
      go('/', { replace: true })
    },
  })
  if (whom.error instanceof Problem && whom.error.status === 404) return <Alone><Note kind="warn">{t('gone')}</Note></Alone>
  if (whom.error) return <Alone><ErrorNote error={whom.error} retry={() => void whom.refetch()} /></Alone>
  if (!whom.data) return <Alone><Loading /></Alone>
  return (
    <Alone>
      <h1>{t('inviteTitle')}</h1>
      <p className="muted">{t('inviteFor', { email: whom.data.email })}</p>
      <form className="stack" style={{ marginTop: 24 }} onSubmit={(e: FormEvent) => { e.preventDefault(); accept.mutate() }}>
        {!whom.data.name && <TextInput label={t('name')} autoComplete="name" value={name} onChange={(e) => setName(e.currentTarget.value)} />}
        <PasswordInput label={t('choose')} description={t('chooseHelp')} autoComplete="new-password" required minLength={8} value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        {accept.error && <p className="small alone-error" role="alert">{accept.error instanceof Problem && accept.error.status === 404 ? t('gone') : say(accept.error)}</p>}
        <Button primary type="submit" busy={accept.isPending}>{t('accept')}</Button>
      </form>
    </Alone>
  )
}
