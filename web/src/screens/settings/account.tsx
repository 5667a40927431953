// account.tsx: one's own password, second factor and sessions.
import { Modal, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useMemo, useState } from 'react'
import { encode } from 'uqr'
import { api, Problem } from '~/api/client'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Copy, Empty, Loaded, PageHead, Status, toast, useErrorText } from '~/parts'
import { settingsWords } from './words'

export default function Account() {
  const t = useWords(settingsWords)
  const session = useSession()
  if (!session?.user) return <Empty title={t('keyNoAccount')} />
  return (
    <>
      <PageHead title={t('accTitle')} sub={`${session.user.name ? `${session.user.name} · ` : ''}${session.user.email}`} />
      <div className="stack-5"><Password /><SecondFactor on={session.user.totp} /><Sessions /></div>
    </>
  )
}

function Password() {
  const t = useWords(settingsWords)
  const say = useErrorText()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const save = useMutation({
    mutationFn: () => api.post('/api/v1/session/password', { body: { current, password } }),
    onSuccess: () => { setCurrent(''); setPassword(''); toast(t('changedPassword')) },
  })
  const wrong = save.error instanceof Problem && save.error.status === 401
  return (
    <Card title={t('password')}>
      <form onSubmit={(e) => { e.preventDefault(); save.mutate() }}>
        <div className="fields">
          <PasswordInput label={t('currentPassword')} autoComplete="current-password" required value={current} error={wrong ? t('wrongPassword') : undefined} onChange={(e) => setCurrent(e.currentTarget.value)} />
          <PasswordInput label={t('newPassword')} autoComplete="new-password" required minLength={8} value={password} error={save.error && !wrong ? say(save.error) : undefined} onChange={(e) => setPassword(e.currentTarget.value)} />
        </div>
        <div className="row" style={{ justifyContent: 'flex-end', marginTop: 16 }}><Button type="submit" busy={save.isPending}>{t('changePassword')}</Button></div>
      </form>
    </Card>
  )
}

function Qr({ text }: { text: string }) {
  const path = useMemo(() => {
    const { data, size } = encode(text, { border: 0 })
    return { size, d: data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ''))).join('') }
  }, [text])
  return <svg className="qr" viewBox={`0 0 ${path.size} ${path.size}`} role="img" aria-label="QR" shapeRendering="crispEdges"><path d={path.d} fill="#000" /></svg>
}

type Step = { kind: 'ask'; then: 'on' | 'off' | 'codes' } | { kind: 'scan'; secret: string; url: string } | { kind: 'codes'; codes: string[] } | null

function SecondFactor({ on }: { on: boolean }) {
  const t = useWords(settingsWords)
  const say = useErrorText()
  const client = useQueryClient()
  const [step, setStep] = useState<Step>(null)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const again = () => void client.invalidateQueries({ queryKey: ['session'] })
  const ask = useMutation({
    mutationFn: async (then: 'on' | 'off' | 'codes') => {
      const body = { password }
      if (then === 'on') { const { secret, url } = await api.post<{ secret: string; url: string }>('/api/v1/session/totp', { body }); setStep({ kind: 'scan', secret, url }) }
      else if (then === 'off') { await api.post('/api/v1/session/totp/disable', { body }); setStep(null) }
      else setStep({ kind: 'codes', codes: (await api.post('/api/v1/session/totp/recovery-codes', { body })).recovery_codes })
    },
    onSuccess: () => { setPassword(''); again() },
  })
  const confirm = useMutation({
    mutationFn: () => api.post('/api/v1/session/totp/confirm', { body: { code } }),
    onSuccess: (r) => { setCode(''); setStep({ kind: 'codes', codes: r.recovery_codes }); again() },
  })
  const start = (then: 'on' | 'off' | 'codes') => { ask.reset(); confirm.reset(); setStep({ kind: 'ask', then }) }
  const body: ReactNode = step?.kind === 'ask' ? (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); ask.mutate(step.then) }}>
      <PasswordInput label={t('currentPassword')} required autoComplete="current-password" data-autofocus value={password} onChange={(e) => setPassword(e.currentTarget.value)} error={ask.error ? (ask.error instanceof Problem && ask.error.status === 401 ? t('wrongPassword') : say(ask.error)) : undefined} />
      <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={ask.isPending}>{t(step.then === 'on' ? 'turnOn' : step.then === 'off' ? 'turnOff' : 'newCodes')}</Button></div>
    </form>
  ) : step?.kind === 'scan' ? (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); confirm.mutate() }}>
      <p className="muted">{t('scan')}</p>
      <Qr text={step.url} />
      <code className="mono wrap">{step.secret}</code>
      <TextInput label={t('code')} required inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(e) => setCode(e.currentTarget.value)} error={confirm.error ? t('wrongCode') : undefined} />
      <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={confirm.isPending}>{t('confirm')}</Button></div>
    </form>
  ) : step?.kind === 'codes' ? (
    <div className="stack">
      <p className="muted">{t('recovery')}</p>
      <div className="codes mono">{step.codes.map((c) => <span key={c}>{c}</span>)}</div>
      <div className="row" style={{ justifyContent: 'flex-end' }}><Copy text={step.codes.join('\n')} /><Button primary onClick={() => setStep(null)}>{t('done')}</Button></div>
    </div>
  ) : null
  return (
    <Card title={t('totp')}>
      <div className="between">
        {on ? <Status kind="working">{t('totpOn')}</Status> : <p className="muted">{t('totpOff')}</p>}
        <div className="row">{on && <Button onClick={() => start('codes')}>{t('newCodes')}</Button>}<Button onClick={() => start(on ? 'off' : 'on')}>{t(on ? 'turnOff' : 'turnOn')}</Button></div>
      </div>
      <Modal opened={step !== null} onClose={() => setStep(null)} title={t('totp')} centered>{body}</Modal>
    </Card>
  )
}

function Sessions() {
  const t = useWords(settingsWords)
  const f = useFormat()
  const say = useErrorText()
  const client = useQueryClient()
  const list = useQuery({ queryKey: ['sessions'], queryFn: () => api.get('/api/v1/sessions') })
  const end = useMutation({
    mutationFn: (id: string | null) => (id ? api.delete('/api/v1/sessions/{id}', { path: { id } }) : api.delete('/api/v1/sessions')) as Promise<unknown>,
    onSuccess: () => void client.invalidateQueries({ queryKey: ['sessions'] }), onError: (e) => toast(say(e)),
  })
  return (
    <Card title={t('sessions')} action={(list.data?.items.length ?? 0) > 1 && <Button small onClick={() => end.mutate(null)}>{t('endOthers')}</Button>}>
      <Loaded of={list}>{(d) => (
        <ul className="stack-2">
          {d.items.map((s) => (
            <li key={s.id} className="between">
              <span><span className="m">{s.agent || s.address || s.id}</span> <span className="small dim">{s.address} · {f.near(s.last_seen_at)}</span></span>
              {s.current ? <span className="small dim">{t('thisOne')}</span> : <Button small onClick={() => end.mutate(s.id)}>{t('end')}</Button>}
            </li>
          ))}
        </ul>
      )}</Loaded>
    </Card>
  )
}
