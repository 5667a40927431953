// connect.tsx: a channel's few fields, connected and tested in one place: in Settings, and within a playbook's set-up.
import { NumberInput, PasswordInput, Select, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { api, Problem, type Schemas } from '~/api/client'
import { useSession } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { Button, Note, useErrorText } from '~/parts'
import { type Field, PROVIDERS, providersOf } from './fields'
import { channelWords } from './words'

export type Channel = Schemas['channel'] & { id: string; settings?: Record<string, unknown> }
type Values = Record<string, string | number>

/** The provider was asked, and did not take the test. */
class NotTaken extends Error {
  constructor(message: string, readonly detail: string) { super(message) }
}

/** mail.example.com:2525 is a host and a port; a server on this machine needs no encryption. */
const settled = (all: Values): Values => {
  const host = String(all.host ?? '').trim()
  const m = /^([^:]+):(\d{1,5})$/.exec(host)
  return { ...all, ...(m ? { host: m[1] ?? host, port: Number(m[2]) } : {}), ...(/^(localhost|127\.)/.test(host) && all.security === 'starttls' ? { security: 'none' } : {}) }
}

const initial = (provider: string, channel?: Channel, defaults: Values = {}): Values => {
  const kept = channel?.settings ?? {}
  return Object.fromEntries((PROVIDERS.find((p) => p.id === provider)?.fields ?? []).map((f) => {
    if (f.kind === 'json') return [f.name, JSON.stringify(kept, null, 2)]
    const v = kept[f.name]
    return [f.name, typeof v === 'string' || typeof v === 'number' ? v : (defaults[f.name] ?? f.initial ?? '')]
  }))
}

/** Where the server says that a field is wrong: /settings/host. */
const errorAt = (error: unknown, f: Field) => (error instanceof Problem ? (error.at(`/settings/${f.name}`) ?? (f.name === '' ? error.errors[0]?.message : undefined)) : undefined)

/** `defaults`: what is known already, by the fields' names; `plain`: the page has another button that is the main one. */
export function ConnectChannel({ channel, existing, defaults, plain, onDone }: { channel: string; plain?: boolean; existing?: Channel | undefined; defaults?: Values; onDone: (id: string) => void }) {
  const t = useWords(channelWords)
  const say = useErrorText()
  const text = useText()
  const client = useQueryClient()
  const session = useSession()
  const me = session?.user?.email
  const offered = providersOf(channel, session?.workspace.language)
  const [provider, setProvider] = useState(existing?.provider ?? offered[0]?.id ?? 'outbox')
  const [values, setValues] = useState<Values>(() => initial(provider, existing, defaults))
  const [broken, setBroken] = useState('')
  const anyway = useRef(false)
  const p = PROVIDERS.find((x) => x.id === provider)
  const save = useMutation({
    mutationFn: async () => {
      let settings: Record<string, unknown> = {}
      const given = provider === 'smtp' ? settled(values) : values
      for (const f of p?.fields ?? []) {
        if (f.kind === 'json') settings = JSON.parse(String(values[f.name] || '{}')) as Record<string, unknown>
        else if (given[f.name] !== '' && given[f.name] !== undefined) settings[f.name] = given[f.name]
      }
      // What this form does not show stays.
      if (existing && existing.provider === provider && p?.fields[0]?.kind !== 'json') settings = { ...existing.settings, ...settings }
      const body = { channel, provider, settings }
      if (existing) return api.put<Channel>('/api/v1/channels/{id}', { path: { id: existing.id }, body })
      const made = await api.post<Channel>('/api/v1/channels', { body: { id: channel, ...body } })
      // "Connected" is said of a mail server only once it has taken a mail: one that does not answer would let journeys start that reach nobody.
      const tried = provider === 'smtp' && me && !anyway.current ? await api.post('/api/v1/channels/{id}/test', { path: { id: made.id }, body: { to: me, language: t.lang } }) : undefined
      if (!tried || tried.ok) return made
      await api.delete('/api/v1/channels/{id}', { path: { id: made.id } })
      throw new NotTaken(text(tried.message), tried.detail ?? '')
    },
    onSuccess: (c) => { void client.invalidateQueries(); onDone(c.id) },
    onSettled: () => { anyway.current = false },
  })
  const set = (name: string, v: string | number) => setValues((all) => ({ ...all, [name]: v }))
  const submit = (e: FormEvent) => {
    e.preventDefault()
    const json = p?.fields.find((f) => f.kind === 'json')
    try {
      if (json) JSON.parse(String(values[json.name] || '{}'))
      setBroken('')
      save.mutate()
    } catch (x) {
      setBroken(t('settingsBad', { why: (x as Error).message }))
    }
  }
  return (
    <form className="stack channel-form" onSubmit={submit} noValidate={false}>
      <Select label={t('provider')} data={offered.map((x) => ({ value: x.id, label: t(x.name) }))} value={provider}
        onChange={(v) => { if (v) { setProvider(v); setValues(initial(v, existing?.provider === v ? existing : undefined, defaults)); save.reset() } }} />
      {(p?.fields ?? []).map((f) => {
        const common = { key: f.name, label: t(f.label), description: f.help ? t(f.help) : f.secret && existing ? t('passwordKept') : undefined, error: errorAt(save.error, f), required: !f.optional && !(f.secret && existing) }
        if (f.kind === 'security') return <Select {...common} key={f.name} data={(['starttls', 'tls', 'none'] as const).map((s) => ({ value: s, label: t(s) }))} value={String(values[f.name] ?? '')} onChange={(v) => { set(f.name, v ?? 'none'); if (v === 'tls' && values.port === 587) set('port', 465); if (v === 'starttls' && values.port === 465) set('port', 587) }} />
        if (f.kind === 'number') return <NumberInput {...common} key={f.name} min={1} max={65535} hideControls value={values[f.name] ?? ''} onChange={(v) => set(f.name, v)} />
        if (f.kind === 'json') return <Textarea {...common} key={f.name} autosize minRows={8} maxRows={24} error={broken || common.error} classNames={{ input: 'mono' }} value={String(values[f.name] ?? '')} onChange={(e) => set(f.name, e.currentTarget.value)} />
        if (f.secret) return <PasswordInput {...common} key={f.name} autoComplete="new-password" value={String(values[f.name] ?? '')} onChange={(e) => set(f.name, e.currentTarget.value)} />
        return <TextInput {...common} key={f.name} placeholder={f.placeholder} autoComplete="off" value={String(values[f.name] ?? '')} onChange={(e) => set(f.name, e.currentTarget.value)} onBlur={() => f.name === 'host' && setValues(settled)} />
      })}
      <div className="stack channel-end">
        {save.error instanceof NotTaken && (
          <Note kind="bad" action={<Button small busy={save.isPending} onClick={() => { anyway.current = true; save.mutate() }}>{t('anyway')}</Button>}>
            <p className="m">{t('notTaken')}</p>
            <p>{save.error.message}</p>
            {save.error.detail && <p className="small muted wrap">{save.error.detail}</p>}
          </Note>
        )}
        {save.isPending && provider === 'smtp' && !existing && <p className="small dim" role="status">{t('trying')}</p>}
        {save.error && !(save.error instanceof NotTaken) && !(p?.fields ?? []).some((f) => errorAt(save.error, f)) && <Note kind="bad">{save.error instanceof Problem && save.error.errors[0] ? save.error.errors[0].message : say(save.error)}</Note>}
        <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary={!plain} type="submit" busy={save.isPending}>{t(existing ? 'save' : 'connect')}</Button></div>
      </div>
    </form>
  )
}

/** Really sends one message and tells what the provider said. */
export function TestChannel({ id, channel }: { id: string; channel: string }) {
  const t = useWords(channelWords)
  const text = useText()
  const say = useErrorText()
  const session = useSession()
  const [to, setTo] = useState(channel === 'email' ? (session?.user?.email ?? '') : '')
  const test = useMutation({ mutationFn: () => api.post('/api/v1/channels/{id}/test', { path: { id }, body: { to, language: t.lang } }) })
  return (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); test.mutate() }}>
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <TextInput className="grow" label={t('testTo')} required type={channel === 'email' ? 'email' : 'text'} placeholder={channel === 'email' ? 'you@example.com' : '13800138000'} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
        <Button type="submit" busy={test.isPending}>{t('testGo')}</Button>
      </div>
      {test.isPending && <p className="small dim" role="status">{t('testing')}</p>}
      {test.data && (
        <Note kind={test.data.ok ? 'good' : 'bad'}>
          <p className="m">{text(test.data.message)}</p>
          {test.data.detail && <p className="small muted wrap">{test.data.detail}</p>}
          <p className="small dim">{t('took', { ms: test.data.took_ms })}</p>
        </Note>
      )}
      {test.error && <Note kind="bad">{say(test.error)}</Note>}
    </form>
  )
}
