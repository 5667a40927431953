// developers.tsx: API keys, webhooks, and who changed what.
import { Checkbox, Modal, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Schemas } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Confirm, Copy, ErrorNote, Loaded, PageHead, toast, useErrorText } from '~/parts'
import { settingsWords } from './words'

type Scope = Schemas['scope']
type Key = { id: string; name: string; begins_with: string; scopes: Scope[]; created_at: string; last_used_at?: string }
type Hook = { id: string; url: string; events: string[]; status?: string; disabled?: boolean }
type Change = { id: number; at: string; key?: { id: string; name: string }; user?: { id: string; name: string }; action: string; path: string; object?: string; to_version?: number }
const SCOPES: Scope[] = ['customers:read', 'customers:write', 'configuration:read', 'configuration:write', 'reports:read', 'ingest', 'admin']

export default function Developers() {
  const t = useWords(settingsWords)
  return (
    <>
      <PageHead title={t('devTitle')} sub={<>{t('api')} <a href="/docs" target="_blank" rel="noreferrer">/docs</a>, <a href="/openapi.json" target="_blank" rel="noreferrer">/openapi.json</a></>} />
      <div className="stack-5"><Keys /><Hooks /><Audit /></div>
    </>
  )
}

function Keys() {
  const t = useWords(settingsWords)
  const f = useFormat()
  const say = useErrorText()
  const client = useQueryClient()
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => api.get<{ items: Key[] }>('/api/v1/keys', { query: { limit: 500 } }) })
  const [making, setMaking] = useState(false)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['customers:read'])
  const [shown, setShown] = useState('')
  const [revoking, setRevoking] = useState<Key | null>(null)
  const make = useMutation({
    mutationFn: () => api.post<{ key: string }>('/api/v1/keys', { body: { name, scopes } }),
    onSuccess: (k) => { setMaking(false); setName(''); setShown(k.key); void client.invalidateQueries({ queryKey: ['keys'] }) },
  })
  const revoke = useMutation({
    mutationFn: (k: Key) => api.delete('/api/v1/keys/{id}', { path: { id: k.id } }),
    onSuccess: () => { setRevoking(null); void client.invalidateQueries({ queryKey: ['keys'] }) }, onError: (e) => { setRevoking(null); toast(say(e)) },
  })
  return (
    <Card title={t('keys')} action={<Button small icon={IconPlus} onClick={() => setMaking(true)}>{t('newKey')}</Button>}>
      <p className="small dim">{t('keysSub')}</p>
      <Loaded of={keys}>{(d) => (
        <ul>
          {d.items.map((k) => (
            <li key={k.id} className="rule-row">
              <div className="grow"><p className="m">{k.name} <code className="mono dim">{k.begins_with}…</code></p><p className="small dim">{k.scopes.map((s) => t(`s_${s}`)).join(t.lang === 'zh' ? '、' : ', ')} · {k.last_used_at ? t('lastUsed', { time: f.near(k.last_used_at) }) : t('neverUsed')}</p></div>
              <Button small bad onClick={() => setRevoking(k)}>{t('revoke')}</Button>
            </li>
          ))}
        </ul>
      )}</Loaded>
      <Modal opened={making} onClose={() => setMaking(false)} title={t('newKey')} centered>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); make.mutate() }}>
          <TextInput label={t('keyName')} required maxLength={80} data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <Checkbox.Group label={t('scopes')} value={scopes} onChange={(v) => setScopes(v as Scope[])}><div className="scopes">{SCOPES.map((s) => <Checkbox key={s} value={s} label={t(`s_${s}`)} />)}</div></Checkbox.Group>
          {make.error && <ErrorNote error={make.error} />}
          <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={make.isPending} disabled={!scopes.length}>{t('newKey')}</Button></div>
        </form>
      </Modal>
      <Modal opened={shown !== ''} onClose={() => setShown('')} title={t('newKey')} centered size={560}>
        <div className="stack"><p className="muted">{t('keyOnce')}</p><pre className="code">{shown}</pre><div className="row" style={{ justifyContent: 'flex-end' }}><Copy text={shown} /><Button primary onClick={() => setShown('')}>{t('done')}</Button></div></div>
      </Modal>
      <Confirm open={revoking !== null} onClose={() => setRevoking(null)} bad title={t('revokeTitle', { name: revoking?.name ?? '' })} yes={t('revoke')} busy={revoke.isPending} onYes={() => { if (revoking) revoke.mutate(revoking) }}>{t('revokeBody')}</Confirm>
    </Card>
  )
}

function Hooks() {
  const t = useWords(settingsWords)
  const say = useErrorText()
  const client = useQueryClient()
  const hooks = useQuery({ queryKey: ['webhooks'], queryFn: () => api.get<{ items: Hook[] }>('/api/v1/webhooks', { query: { limit: 200 } }) })
  const [making, setMaking] = useState(false)
  const [url, setUrl] = useState('')
  const [events, setEvents] = useState('')
  const [secret, setSecret] = useState('')
  const again = () => void client.invalidateQueries({ queryKey: ['webhooks'] })
  const make = useMutation({
    mutationFn: () => api.post<{ secret?: string }>('/api/v1/webhooks', { body: { url, events: events.split(/[,，]/).map((x) => x.trim()).filter(Boolean) } }),
    onSuccess: (h) => { setMaking(false); setUrl(''); setSecret(h.secret ?? ''); again() },
  })
  const act = useMutation({ mutationFn: (go: () => Promise<unknown>) => go(), onSuccess: again, onError: (e) => toast(say(e)) })
  return (
    <Card title={t('webhooks')} action={<Button small icon={IconPlus} onClick={() => setMaking(true)}>{t('newHook')}</Button>}>
      <p className="small dim">{t('webhooksSub')}</p>
      <Loaded of={hooks}>{(d) => (
        <ul>
          {d.items.map((h) => (
            <li key={h.id} className="rule-row">
              <div className="grow"><p className="m wrap">{h.url}</p><p className="small dim">{h.events.join(', ')}</p></div>
              <Button small onClick={() => act.mutate(() => api.post('/api/v1/webhooks/{id}/test', { path: { id: h.id } }).then(() => toast(t('hookTested'))))}>{t('hookTest')}</Button>
              <Button small bad onClick={() => act.mutate(() => api.delete('/api/v1/webhooks/{id}', { path: { id: h.id } }))}>{t('remove')}</Button>
            </li>
          ))}
        </ul>
      )}</Loaded>
      <Modal opened={making} onClose={() => setMaking(false)} title={t('newHook')} centered>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); make.mutate() }}>
          <TextInput label={t('hookAddress')} type="url" placeholder="https://" required data-autofocus value={url} onChange={(e) => setUrl(e.currentTarget.value)} />
          <TextInput label={t('hookEvents')} description={t('hookEventsHelp')} required value={events} onChange={(e) => setEvents(e.currentTarget.value)} />
          {make.error && <ErrorNote error={make.error} />}
          <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={make.isPending}>{t('newHook')}</Button></div>
        </form>
      </Modal>
      <Modal opened={secret !== ''} onClose={() => setSecret('')} title={t('hookSecret')} centered size={560}>
        <div className="stack"><p className="muted">{t('keyOnce')}</p><pre className="code">{secret}</pre><div className="row" style={{ justifyContent: 'flex-end' }}><Copy text={secret} /><Button primary onClick={() => setSecret('')}>{t('done')}</Button></div></div>
      </Modal>
    </Card>
  )
}

function Audit() {
  const t = useWords(settingsWords)
  const f = useFormat()
  const log = useInfiniteQuery({
    queryKey: ['audit'], initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => api.get<{ items: Change[]; next?: string }>('/api/v1/audit', { query: { limit: 20, cursor: pageParam } }), getNextPageParam: (p) => p.next,
  })
  const items = log.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Card title={t('audit')}>
      <Loaded of={{ ...log, data: log.data }}>{() => (items.length === 0 ? <p className="muted">{t('auditNone')}</p> : (
        <div className="table-scroll">
          <table className="tbl"><tbody>
            {items.map((c) => (
              <tr key={c.id}>
                <td className="nowrap muted" style={{ paddingRight: 24 }}>{f.near(c.at)}</td>
                <td className="nowrap m" style={{ paddingRight: 24 }}>{c.user?.name ?? c.key?.name}</td>
                <td><code className="mono wrap">{c.action} {c.path}</code>{c.object && <span className="dim"> {c.object}{c.to_version ? `, ${t('version', { n: c.to_version })}` : ''}</span>}</td>
              </tr>
            ))}
          </tbody></table>
          {log.hasNextPage && <div style={{ marginTop: 16 }}><Button small busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>{t('more')}</Button></div>}
        </div>
      ))}</Loaded>
    </Card>
  )
}
