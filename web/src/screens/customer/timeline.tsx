// timeline.tsx: one life in order, day by day; and the same for messages, orders and journeys alone.
import { Checkbox } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { IconPackage, IconRoute, IconTimeline } from '@tabler/icons-react'
import { all, api } from '~/api/client'
import { useFormat } from '~/i18n/format'
import { useText, useWords, type Text } from '~/i18n'
import { Button, Card, Empty, Loaded, Status, Tabs } from '~/parts'
import { deedsWords } from './deeds'
import { type Ev, type Line, type Message, useLines } from './life'
import { customerWords } from './words'

export type Order = { order_id: string; at: string; state: 'completed' | 'partly_refunded' | 'refunded' | 'cancelled'; total: number; refunded: number; net: number; items?: { name?: string; product_name?: string }[] }
export const useOrders = (id: string) => useQuery({ queryKey: ['orders', id, 'all'], queryFn: () => all<Order>('/api/v1/customers/{ref}/orders', { path: { ref: id } }) })
export const useTimeline = (id: string) => useInfiniteQuery({
  queryKey: ['timeline', id], initialPageParam: '', getNextPageParam: (last: { next?: string }) => last.next, refetchInterval: 15_000,
  queryFn: ({ pageParam }) => api.get<{ items: Ev[]; next?: string }>('/api/v1/customers/{ref}/timeline', { path: { ref: id }, query: { limit: 100, cursor: pageParam } }),
})
export const useMessages = (id: string) => useQuery({ queryKey: ['messages', 'of', id], queryFn: async () => (await api.get<{ items: Message[] }>('/api/v1/customers/{ref}/messages', { path: { ref: id }, query: { limit: 500 } })).items })

export function Days({ lines, picked, onPick }: { lines: Line[]; picked: string | undefined; onPick: (l: Line) => void }) {
  const t = useWords(deedsWords)
  const f = useFormat()
  const now = new Date()
  const today = f.dayKey(now), yesterday = f.dayKey(new Date(now.getTime() - 86_400_000))
  const days: { key: string; at: string; lines: Line[] }[] = []
  for (const l of lines) {
    const key = f.dayKey(l.at)
    const last = days.at(-1)
    if (last?.key === key) last.lines.push(l)
    else days.push({ key, at: l.at, lines: [l] })
  }
  const and = t.lang === 'zh' ? '，' : ', '
  return (
    <>
      {days.map((d) => (
        <section key={d.key}>
          <h3 className="tl-day">{d.key === today ? `${t('today')}${and}${f.day(d.at)}` : d.key === yesterday ? `${t('yesterday')}${and}${f.day(d.at)}` : t.lang === 'zh' ? `${f.day(d.at)}${and}${f.weekday(d.at)}` : `${f.weekday(d.at)}${and}${f.day(d.at)}`}</h3>
          {d.lines.map((l) => (
            <button type="button" key={l.id} className={`tl-ev ${l.kind} ${l.id === picked ? 'sel' : ''}`} aria-pressed={l.id === picked} onClick={() => onPick(l)}>
              <time dateTime={l.at}>{f.clock(l.at)}</time>
              <span className="tl-ic"><l.icon size={16} stroke={1.75} aria-hidden /></span>
              <span className="tl-say"><span className="m wrap">{l.title}</span>{l.note && <span className="muted wrap tl-note">{l.note}</span>}</span>
            </button>
          ))}
        </section>
      ))}
    </>
  )
}

type Tab = 'all' | 'messages' | 'orders' | 'journeys'
export function Life({ id, picked, onPick }: { id: string; picked: string | undefined; onPick: (l: Line) => void }) {
  const t = useWords(customerWords)
  const { linesOf, ofMessage } = useLines()
  const [tab, setTab] = useState<Tab>('all')
  const [quiet, setQuiet] = useState(false)
  const timeline = useTimeline(id)
  const messages = useMessages(id)
  const orders = useOrders(id)
  const events = useMemo(() => timeline.data?.pages.flatMap((p) => p.items) ?? [], [timeline.data])
  const lines = useMemo(() => linesOf(events), [events, linesOf])
  const shown = quiet ? lines : lines.filter((l) => l.kind !== 'quiet')
  const count = (word: string, n: number | undefined) => (n ? `${word} ${n}` : word)
  return (
    <section className="tl">
      <Tabs value={tab} onChange={setTab} tabs={[
        { value: 'all', label: t('everything') }, { value: 'messages', label: count(t('messages'), messages.data?.length) }, { value: 'orders', label: count(t('ordersT'), orders.data?.length) }, { value: 'journeys', label: t('journeys') },
      ]} />
      <div className="tl-body">
        {tab === 'all' && (
          <Loaded of={{ ...timeline, data: timeline.data ? events : undefined }} lines={8}>
            {() => (lines.length === 0 ? <Empty icon={IconTimeline} title={t('emptyLife')}>{t('emptyLifeSub')}</Empty> : (
              <>
                {lines.some((l) => l.kind === 'quiet') && <Checkbox className="tl-quiet" size="xs" label={t('quiet')} checked={quiet} onChange={(e) => setQuiet(e.currentTarget.checked)} />}
                <Days lines={shown} picked={picked} onPick={onPick} />
                {timeline.hasNextPage && <p className="tl-more"><Button small busy={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>{t('older')}</Button></p>}
              </>
            ))}
          </Loaded>
        )}
        {tab === 'messages' && <Loaded of={messages}>{(list) => (list.length === 0 ? <Empty title={t('noMessages')} /> : <Days lines={list.map(ofMessage)} picked={picked} onPick={onPick} />)}</Loaded>}
        {tab === 'orders' && <Loaded of={orders}>{(list) => <Orders list={list} picked={picked} onPick={onPick} />}</Loaded>}
        {tab === 'journeys' && <Journeys lines={lines} picked={picked} onPick={onPick} />}
      </div>
    </section>
  )
}

function Orders({ list, picked, onPick }: { list: Order[]; picked: string | undefined; onPick: (l: Line) => void }) {
  const t = useWords(customerWords)
  const f = useFormat()
  if (list.length === 0) return <Empty icon={IconPackage} title={t('noOrders')} />
  const words = { completed: 'oCompleted', partly_refunded: 'oPartly', refunded: 'oRefunded', cancelled: 'oCancelled' } as const
  const lines = list.map((o): Line => ({
    id: `order:${o.order_id}`, at: o.at, icon: IconPackage, kind: 'order', title: t(words[o.state] ?? 'oCompleted', { money: f.money(o.total), back: f.money(o.refunded) }),
    note: (o.items ?? []).map((i) => i.name ?? i.product_name ?? '').filter(Boolean).join(t.lang === 'zh' ? '、' : ', ') || undefined,
    event: { id: o.order_id, event: 'Order Completed', occurred_at: o.at, properties: { order_id: o.order_id, total: o.total, ...(o.refunded ? { refunded: o.refunded } : {}), products: o.items ?? [] } },
  }))
  return <Days lines={lines} picked={picked} onPick={onPick} />
}

/** Every journey, so that it can be asked why somebody is in it or is not. */
function Journeys({ lines, picked, onPick }: { lines: Line[]; picked: string | undefined; onPick: (l: Line) => void }) {
  const t = useWords(customerWords)
  const text = useText()
  const journeys = useQuery({ queryKey: ['journeys', 'all'], queryFn: () => all<{ id: string; name?: Text; status?: string }>('/api/v1/journeys') })
  return (
    <Loaded of={journeys}>
      {(list) => (list.length === 0 ? <Empty icon={IconRoute} title={t('noJourneys')} /> : (
        <Card pad={false} className="rows">
          {list.map((j) => {
            const own = lines.find((l) => l.kind === 'journey' && l.journey === j.id && l.event?.event.startsWith('Journey '))
            const what = own?.event?.event
            const draft = j.status === 'draft'
            const state = draft ? t('draft') : what === 'Journey Entered' ? t('inNow') : what === 'Journey Exited' ? t('wasIn') : what === 'Journey Refused' ? t('notIn') : t('neverIn')
            const id = `journey:${j.id}`
            return (
              <div key={j.id} className="between">
                <span className="grow"><span className="m">{text(j.name, j.id)}</span><br /><Status kind={draft ? 'draft' : what === 'Journey Entered' ? 'running' : what === 'Journey Exited' ? 'working' : 'stopped'}>{state}</Status></span>
                {!draft && <Button small aria-pressed={picked === id} aria-label={`${t('askWhy')} ${text(j.name, j.id)}`} onClick={() => onPick({ id, at: own?.at ?? '', icon: IconRoute, title: text(j.name, j.id), kind: 'journey', journey: j.id, held: what !== 'Journey Entered' && what !== 'Journey Exited' })}>{t('askWhy')}</Button>}
              </div>
            )
          })}
        </Card>
      ))}
    </Loaded>
  )
}
