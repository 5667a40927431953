// Sign in: e-mail and password, then a code where there is a second factor.
import { PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { api, Problem, setCsrf } from '~/api/client'
import { useWords } from '~/i18n'
import { Button, useErrorText } from '~/parts'
import { Brand, LanguageSwitch } from '~/shell/frame'
import './sign-in.css'
import { signInWords } from './words'

export function Alone({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="alone-top"><Brand /><LanguageSwitch /></header>
      <main className="alone"><section className="card pad alone-card">{children}</section></main>
    </>
  )
}

export default function SignIn() {
  const t = useWords(signInWords)
  const say = useErrorText()
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [second, setSecond] = useState(false)
  const enter = useMutation({
    mutationFn: () => api.post('/api/v1/session', { body: { email, password, ...(second ? { code } : {}) } }),
    onSuccess: async (s) => {
      setCsrf(s.csrf)
      client.setQueryData(['session'], s)
      await client.invalidateQueries({ queryKey: ['setup'] })
    },
    onError: (e) => { if (e instanceof Problem && e.at('/code') !== undefined) setSecond(true) },
  })
  const error = enter.error
  const codeAsked = error instanceof Problem && error.at('/code') !== undefined
  const words = !error || (codeAsked && !code) ? null
    : codeAsked ? t('wrongCode')
      : error instanceof Problem && error.status === 401 ? t('wrong')
        : error instanceof Problem && error.status === 429 ? t('wait', { minutes: Math.max(1, Math.ceil((error.retryAfter ?? 60) / 60)) })
          : say(error)
  const submit = (e: FormEvent) => { e.preventDefault(); enter.mutate() }
  return (
    <Alone>
      <h1>{t('title')}</h1>
      <form onSubmit={submit} className="stack" style={{ marginTop: 24 }}>
        <TextInput label={t('email')} type="email" autoComplete="username" required autoFocus value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
        <PasswordInput label={t('password')} autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        {second && <TextInput label={t('code')} description={t('codeHelp')} autoComplete="one-time-code" autoFocus required value={code} onChange={(e) => setCode(e.currentTarget.value)} />}
        {words && <p className="small alone-error" role="alert">{words}</p>}
        <Button primary type="submit" busy={enter.isPending}>{t('go')}</Button>
      </form>
      <p className="small dim" style={{ marginTop: 24 }}>{t('forgot', { email: email || 'you@example.com' })}</p>
    </Alone>
  )
}
