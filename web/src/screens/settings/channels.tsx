// channels.tsx: the broken first, in words, with the repair; the rest one line each.
import { Menu, Modal } from '@mantine/core'
import { IconDots, IconInbox, IconMail, IconMessage, IconPlugConnected, IconPlus, type TablerIcon } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '~/api/client'
import { useChannelList } from '~/api/lists'
import { useLive } from '~/api/live'
import { type Channel, ConnectChannel, TestChannel } from '~/channels/connect'
import { PROVIDERS } from '~/channels/fields'
import { channelWords } from '~/channels/words'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Confirm, Copy, LinkButton, Loaded, Note, PageHead, Status, toast, useErrorText } from '~/parts'
import { settingsWords } from './words'

type Health = { status?: string; class?: string; alert?: string; until?: string; since?: string; detail?: string; sent_24h?: number; failed_24h?: number }
type Shown = Channel & { health?: Health; hook_url?: string }
const ICONS: Record<string, TablerIcon> = { email: IconMail, sms: IconMessage, outbox: IconInbox }

/** `unconnected` is a channel that nothing went to since the start. */
const broken = (c: Shown) => !!c.health?.status && !['ok', 'unconnected', 'unused'].includes(c.health.status)

function useName() {
  const t = useWords(channelWords)
  return (channel: string) => (channel === 'email' || channel === 'sms' ? t(channel) : t('other', { channel }))
}

function line(c: Shown, providerName: string): string {
  const s = (c.settings ?? {}) as Record<string, unknown>
  return [s.from ?? s.sign ?? s.host ?? s.url, providerName].filter(Boolean).map(String).join(' · ')
}

function Row({ c, onEdit, onTest, onRemove }: { c: Shown; onEdit: () => void; onTest: () => void; onRemove: () => void }) {
  const t = useWords(settingsWords)
  const w = useWords(channelWords)
  const f = useFormat()
  const name = useName()
  const bad = broken(c)
  const I = c.provider === 'outbox' ? IconInbox : (ICONS[c.channel] ?? IconPlugConnected)
  const provider = PROVIDERS.find((p) => p.id === c.provider)
  return (
    <div className="channel-row">
      <span className="channel-icon"><I size={22} stroke={1.75} aria-hidden /></span>
      <div>
        <div className="channel-name">{name(c.channel)}
          {bad ? <Status kind="bad">{c.health?.until ? t('resting', { time: f.clock(c.health.until) }) : t('notSending')}</Status>
            : c.health?.sent_24h === 0 ? <span className="small dim">{t('unused')}</span> : <Status kind="working">{t('working')}</Status>}
        </div>
        <p className="muted clip">{c.provider === 'outbox' ? t('outboxLine') : line(c, provider ? w(provider.name) : c.provider)}</p>
      </div>
      {c.health?.sent_24h !== undefined ? (
        <div className="r"><p className="b num">{f.number(c.health.sent_24h)}</p><p className="small dim">{c.health.failed_24h ? t('failed24', { n: c.health.failed_24h }) : t('sent24')}</p></div>
      ) : <span />}
      <div className="row channel-do" style={{ gap: 8 }}>
        {c.provider === 'outbox' ? <LinkButton small to="/messages">{t('outboxOpen')}</LinkButton> : <Button small primary={bad} onClick={bad ? onEdit : onTest}>{t(bad ? 'fix' : 'test')}</Button>}
        <Menu position="bottom-end">
          <Menu.Target><Button small aria-label={`${name(c.channel)}: ${t('editChannel')}`}><IconDots size={16} aria-hidden /></Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={onEdit}>{t('editChannel')}</Menu.Item>
            {c.provider !== 'outbox' && <Menu.Item onClick={onTest}>{t('test')}</Menu.Item>}
            <Menu.Item onClick={onRemove}>{t('removeChannel')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {bad && (
        <Note kind="bad">
          <p className="m">{c.health?.alert || c.health?.detail || c.health?.class}{c.health?.since && <span className="muted"> {t('since', { time: f.near(c.health.since) })}</span>}</p>
          <p className="small muted">{t('nothingLost')}</p>
        </Note>
      )}
    </div>
  )
}

export default function Channels() {
  const t = useWords(settingsWords)
  const name = useName()
  const say = useErrorText()
  const client = useQueryClient()
  const list = useChannelList<Shown>()
  useLive('channels', () => void client.invalidateQueries({ queryKey: ['channels'] }))
  const [open, setOpen] = useState<{ kind: 'add' | 'edit' | 'test' | 'remove'; channel: string; existing?: Shown } | null>(null)
  const close = () => setOpen(null)
  const remove = useMutation({
    mutationFn: (c: Shown) => api.delete('/api/v1/channels/{id}', { path: { id: c.id } }),
    onSuccess: (_, c) => { toast(t('removed', { name: name(c.channel) })); close(); void client.invalidateQueries() },
    onError: (e) => { close(); toast(say(e)) },
  })
  const items = [...(list.data ?? [])].sort((a, b) => Number(broken(b)) - Number(broken(a)))
  const n = items.filter(broken).length
  return (
    <>
      <PageHead title={t('channels')} sub={list.data && (items.length === 0 ? t('chNone') : n ? t('chBroken', { n, rest: items.length - n }) : t(items.every((c) => !c.health?.sent_24h) ? 'chQuiet' : 'chAllWell'))}>
        <Button icon={IconPlus} onClick={() => setOpen({ kind: 'add', channel: '' })}>{t('addChannel')}</Button>
      </PageHead>
      <Loaded of={list}>{() => (
        <Card pad={false}>
          {items.map((c) => <Row key={c.id} c={c} onEdit={() => setOpen({ kind: 'edit', channel: c.channel, existing: c })} onTest={() => setOpen({ kind: 'test', channel: c.channel, existing: c })} onRemove={() => setOpen({ kind: 'remove', channel: c.channel, existing: c })} />)}
          {!items.some((c) => c.provider === 'outbox') && (
            <div className="channel-row">
              <span className="channel-icon"><IconInbox size={22} stroke={1.75} aria-hidden /></span>
              <div><div className="channel-name">{channelWords[t.lang].outboxName}</div><p className="muted">{t('outboxLine')}</p></div>
              <span />
              <LinkButton small to="/messages">{t('outboxOpen')}</LinkButton>
            </div>
          )}
        </Card>
      )}</Loaded>
      <Modal opened={open !== null && open.kind !== 'remove'} onClose={close} size={560} centered
        title={!open ? '' : open.kind === 'test' ? `${name(open.channel)}: ${t('test')}` : open.channel ? name(open.channel) : t('whichChannel')}>
        {open?.kind === 'add' && !open.channel && (
          <div className="row" style={{ flexWrap: 'wrap' }}>
            {['email', 'sms'].map((c) => { const I = ICONS[c] ?? IconMail; return <Button key={c} large icon={I} onClick={() => setOpen({ kind: 'add', channel: c })}>{name(c)}</Button> })}
          </div>
        )}
        {open && open.channel && (open.kind === 'add' || open.kind === 'edit') && (
          <ConnectChannel channel={open.channel} existing={open.existing} onDone={(id) => {
            const channel = open.channel
            toast(t('connected', { name: name(channel) }))
            setOpen({ kind: 'test', channel, existing: { ...(open.existing ?? { channel, provider: '' }), id } })
          }} />
        )}
        {open?.kind === 'test' && open.existing && (
          <div className="stack-5">
            <TestChannel id={open.existing.id} channel={open.channel} />
            {list.data?.find((c) => c.id === open.existing?.id)?.hook_url && (
              <div><h3>{t('hookUrl')}</h3><p className="small muted">{t('hookHelp')}</p>
                <div className="row" style={{ marginTop: 8 }}><code className="mono clip grow">{list.data?.find((c) => c.id === open.existing?.id)?.hook_url}</code><Copy text={list.data?.find((c) => c.id === open.existing?.id)?.hook_url ?? ''} /></div></div>
            )}
          </div>
        )}
      </Modal>
      <Confirm open={open?.kind === 'remove'} onClose={close} bad title={t('removeTitle', { name: name(open?.channel ?? '') })} yes={t('removeChannel')} busy={remove.isPending}
        onYes={() => { if (open?.existing) remove.mutate(open.existing) }}>{t('removeBody')}</Confirm>
    </>
  )
}

