// Sources: where events come from, each with its key and the one line that starts it; tells when the first event arrives.
import { Modal, Select, TextInput } from '@mantine/core'
import { IconCode, IconDeviceMobile, IconPlus, IconServer, IconWorld } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '~/api/client'
import { eventName } from '~/events/words'
import { useSourceList } from '~/api/lists'
import { useLive } from '~/api/live'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Confirm, Copy, Empty, ErrorNote, Loaded, Status, toast, useErrorText } from '~/parts'
import { dataWords } from './words'

type Kind = 'browser' | 'server' | 'mobile'
export type Source = { id: string; name: string; kind: Kind; write_key: string; created_at: string }
const ICONS = { browser: IconWorld, server: IconServer, mobile: IconDeviceMobile }

function snippet(s: Source, base: string): string {
  if (s.kind === 'browser') return `<script async src="${base}/beckon.js" data-key="${s.write_key}"></script>`
  return [`curl -u '${s.write_key}:' ${base}/v1/track \\`, `  -d '{"userId":"u1","event":"Order Completed","properties":{"order_id":"A-1","total":99}}'`].join('\n')
}

function First({ source }: { source: Source }) {
  const t = useWords(dataWords)
  const [got, setGot] = useState('')
  useLive<{ source: string; event: string }>('event', (e) => { if (e.source === source.id || e.source === source.name) setGot(e.event) })
  return got ? <Status kind="working">{t('arrived', { event: eventName(got, t.lang) })}</Status> : <span className="small dim">{t('waiting')}</span>
}

export function Sources() {
  const t = useWords(dataWords)
  const f = useFormat()
  const say = useErrorText()
  const session = useSession()
  const client = useQueryClient()
  const list = useSourceList<Source>()
  const [adding, setAdding] = useState(false)
  const [open, setOpen] = useState('')
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Kind>('browser')
  const [removing, setRemoving] = useState<Source | null>(null)
  const base = session?.public_url || location.origin
  const again = () => void client.invalidateQueries({ queryKey: ['sources'] })
  const add = useMutation({ mutationFn: () => api.post<Source>('/api/v1/sources', { body: { name, kind } }), onSuccess: (s) => { setAdding(false); setName(''); setOpen(s.id); again() } })
  const remove = useMutation({ mutationFn: (s: Source) => api.delete('/api/v1/sources/{id}', { path: { id: s.id } }), onSuccess: () => { setRemoving(null); again() }, onError: (e) => { setRemoving(null); toast(say(e)) } })
  const button = <Button icon={IconPlus} onClick={() => setAdding(true)}>{t('addSource')}</Button>
  return (
    <>
      <Loaded of={list}>{(d) => (d.length === 0 ? <Card><Empty icon={IconCode} title={t('srcNone')} action={button}>{t('srcNoneBody')}</Empty></Card> : (
        <div className="stack">
          {d.map((s) => {
            const I = ICONS[s.kind] ?? IconCode
            const on = open === s.id || d.length === 1
            return (
              <Card key={s.id}>
                <div className="between" style={{ flexWrap: 'wrap' }}>
                  <button type="button" className="row" aria-expanded={on} onClick={() => setOpen(on ? '' : s.id)}><I size={22} stroke={1.75} aria-hidden className="dim" /><span className="b">{s.name}</span><span className="small dim">{t(s.kind)} · {t('created')} {f.day(s.created_at)}</span></button>
                  <div className="row"><First source={s} /><Button small onClick={() => setRemoving(s)}>{t('remove')}</Button></div>
                </div>
                {on && (
                  <div className="stack-2" style={{ marginTop: 16 }}>
                    <p className="small muted">{t(s.kind === 'browser' ? 'snippet' : 'snippetServer')}</p>
                    <div className="snippet"><pre className="code" tabIndex={0}>{snippet(s, base)}</pre><Copy text={snippet(s, base)} /></div>
                    {s.kind !== 'browser' && <p className="small dim">{t('writeKey')}: <code className="mono">{s.write_key}</code></p>}
                  </div>
                )}
              </Card>
            )
          })}
          <div>{button}</div>
        </div>
      ))}</Loaded>
      <Modal opened={adding} onClose={() => setAdding(false)} title={t('addSource')} centered>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); add.mutate() }}>
          <Select label={t('srcKind')} data={(['browser', 'server', 'mobile'] as const).map((k) => ({ value: k, label: t(k) }))} value={kind} onChange={(k) => setKind((k ?? 'browser') as Kind)} />
          <TextInput label={t('srcName')} required maxLength={80} data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
          {add.error && <ErrorNote error={add.error} />}
          <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={add.isPending}>{t('addSource')}</Button></div>
        </form>
      </Modal>
      <Confirm open={removing !== null} onClose={() => setRemoving(null)} bad title={t('removeTitle', { name: removing?.name ?? '' })} yes={t('remove')} busy={remove.isPending} onYes={() => { if (removing) remove.mutate(removing) }}>{t('removeBody')}</Confirm>
    </>
  )
}
