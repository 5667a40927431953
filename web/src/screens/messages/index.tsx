// Messages: every one, sent or held back, with its reason; what it said, as it was sent. Doubles as the test inbox.
import { Drawer, Select } from '@mantine/core'
import { IconInbox } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { useQueryOf } from '~/api/search'
import { api, type Schemas } from '~/api/client'
import { useJourneyList } from '~/api/lists'
import { masked } from '~/api/customer'
import { channelWords } from '~/channels/words'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { STATUSES, useMessageWords } from '~/messages/words'
import { Button, Card, Empty, LinkButton, Loaded, PageHead, Phone, Status } from '~/parts'
import { Bubble, MailFrame } from '~/parts/message'
import './messages.css'
import { messagesWords } from './words'

type Step = { status: string; at: string; detail?: string }
type Message = Omit<Schemas['message'], 'history'> & { id: string; status: string; history?: Step[] }
type Said = { subject?: string; html?: string; text?: string; from?: string; to?: string }

const last = (m: Message) => m.history?.[m.history.length - 1]?.at

export default function Messages() {
  const t = useWords(messagesWords)
  const w = useWords(channelWords)
  const words = useMessageWords()
  const f = useFormat()
  const text = useText()
  const { id } = useParams<{ id?: string }>()
  const [, go] = useLocation()
  const search = useQueryOf()
  const [status, setStatus] = useState(search.get('status') ?? '')
  const [channel, setChannel] = useState(search.get('channel') ?? '')
  const fixed = { journey: search.get('journey'), template: search.get('template'), customer: search.get('customer'), step: search.get('step'), reason: search.get('reason') }
  const list = useInfiniteQuery({
    queryKey: ['messages', status, channel, fixed], initialPageParam: undefined as string | undefined, refetchInterval: 5000,
    queryFn: ({ pageParam }) => api.get<{ items: Message[]; next?: string }>('/api/v1/messages', { query: { ...fixed, status, channel, limit: 50, cursor: pageParam } }), getNextPageParam: (p) => p.next,
  })
  const journeys = useJourneyList()
  const journeyName = (j: string | undefined) => (j ? text(journeys.data?.find((x) => x.id === j)?.name, j) : t('api'))
  const channelName = (c: string | undefined) => (c === 'email' || c === 'sms' ? w(c) : (c ?? ''))
  const open = (m: string) => go(`/messages/${encodeURIComponent(m)}${search.size ? `?${search}` : ''}`)
  const filtered = status || channel || Object.values(fixed).some(Boolean)
  return (
    <main className="page">
      <PageHead title={t('title')} sub={t('sub')}>
        <Select aria-label={t('status')} data={[{ value: '', label: t('allStatus') }, ...STATUSES.map((s) => ({ value: s, label: words.status(s) }))]} value={status} onChange={(v) => setStatus(v ?? '')} />
        <Select aria-label={w('provider')} data={[{ value: '', label: t('allChannels') }, ...(['email', 'sms'] as const).map((c) => ({ value: c, label: w(c) }))]} value={channel} onChange={(v) => setChannel(v ?? '')} />
      </PageHead>
      <Loaded of={list}>{(d) => {
        const items = d.pages.flatMap((p) => p.items)
        if (!items.length) return <Card>{filtered ? <Empty icon={IconInbox} title={t('none')} /> : <Empty icon={IconInbox} title={t('empty')} action={<LinkButton to="/playbooks">{t('toPlaybooks')}</LinkButton>}>{t('emptyBody')}</Empty>}</Card>
        return (
          <Card pad={false}>
            <ul className="message-list">
              {items.map((m) => (
                <li key={m.id}>
                  <button type="button" onClick={() => open(m.id)}>
                    <span className="message-to"><span className="m clip">{masked(m.channel ?? '', m.to ?? '') || '–'}</span><span className="small dim clip">{m.category === 'notice' ? t('toStaff') : channelName(m.channel)} · {m.template}</span></span>
                    <span className="muted clip message-journey">{journeyName(m.journey)}</span>
                    <span className="message-status"><Status kind={words.kind(m.status)}>{words.status(m.status)}</Status>{m.reason && <span className="small dim clip">{words.reason(m.reason)}</span>}</span>
                    <span className="small dim nowrap r">{last(m) ? f.near(last(m) as string) : ''}</span>
                  </button>
                </li>
              ))}
            </ul>
            {list.hasNextPage && <div className="pad"><Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('more')}</Button></div>}
          </Card>
        )
      }}</Loaded>
      <Drawer opened={!!id} onClose={() => go(`/messages${search.size ? `?${search}` : ''}`)} size={720} title={t('message')}>
        {id && <One id={id} whose={fixed.customer} journeyName={journeyName} />}
      </Drawer>
    </main>
  )
}

function One({ id, whose, journeyName }: { id: string; whose: string | null; journeyName: (j: string | undefined) => string }) {
  const t = useWords(messagesWords)
  const words = useMessageWords()
  const f = useFormat()
  const ask = { path: { id }, query: { customer: whose } }
  const one = useQuery({ queryKey: ['message', id, whose], queryFn: () => api.get<Message>('/api/v1/messages/{id}', ask), refetchInterval: 5000 })
  const said = useQuery({ queryKey: ['message', id, 'content', one.data?.status], enabled: !!one.data, retry: false, queryFn: () => api.get<Said>('/api/v1/messages/{id}/content', ask) })
  return (
    <Loaded of={one}>{(m) => (
      <div className="stack-5">
        <div className="between" style={{ flexWrap: 'wrap' }}>
          <p><Status kind={words.kind(m.status)}>{words.status(m.status)}</Status>{m.reason && <span className="muted"> {words.reason(m.reason)}</span>}</p>
          <div className="row">
            {m.customer && <LinkButton small to={`/customers/${encodeURIComponent(m.customer)}${m.journey ? `?why=${encodeURIComponent(m.journey)}` : ''}`}>{t('why')}</LinkButton>}
          </div>
        </div>
        <dl className="message-facts">
          {m.customer && <><dt>{t('customer')}</dt><dd><Link href={`/customers/${encodeURIComponent(m.customer)}`}>{(m.category !== 'notice' && masked(m.channel ?? '', m.to ?? '')) || m.customer}</Link></dd></>}
          {m.category === 'notice' && <><dt>{t('staff')}</dt><dd>{t('toStaff')}{m.to ? ` · ${m.to}` : ''}</dd></>}
          <dt>{t('journey')}</dt><dd>{m.journey ? <Link href={`/journeys/${encodeURIComponent(m.journey)}`}>{journeyName(m.journey)}</Link> : t('api')}</dd>
        </dl>
        <div>
          <h3>{t('history')}</h3>
          <ol className="message-history">
            {(m.history ?? []).map((h, i) => <li key={i}><span className="small dim nowrap num">{f.near(h.at)}</span><Status kind={words.kind(h.status)}>{words.status(h.status)}</Status>{h.detail && <span className="small muted wrap">{words.reason(h.detail)}</span>}</li>)}
          </ol>
        </div>
        <div>
          <h3>{t('said')}</h3>
          {said.error ? <p className="muted">{t('notKept')}</p> : said.data && (
            said.data.html ? <div className="card message-mail"><p className="b">{said.data.subject}</p><MailFrame html={said.data.html} subject={said.data.subject ?? ''} /></div>
              : <div className="row" style={{ justifyContent: 'center', padding: 16 }}><Phone who={said.data.from ?? ''}><Bubble text={said.data.text ?? ''} /></Phone></div>
          )}
        </div>
      </div>
    )}</Loaded>
  )
}
