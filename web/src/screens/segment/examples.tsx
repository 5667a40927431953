// examples.tsx: three of them, so that it can be seen whether the words mean whom they should.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link } from 'wouter'
import { api } from '~/api/client'
import { type Customer, nameOf } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { Avatar, Button, Card, Empty } from '~/parts'
import { type Predicate } from '~/predicate'
import { segmentWords } from './words'

type Order = { at: string; net: number; state: string }

export function Examples({ predicate, sample, count }: { predicate: Predicate; sample: Customer[]; count: number }) {
  const t = useWords(segmentWords)
  const [turn, setTurn] = useState(0)
  const text = JSON.stringify(predicate)
  useEffect(() => setTurn(0), [text])
  // The sample has ten; who wants to see more gets the next of the list.
  const start = turn * 3
  const more = useQuery({
    queryKey: ['examples', text, turn], enabled: start + 3 > sample.length && sample.length < count, placeholderData: keepPreviousData,
    queryFn: async () => (await api.get<{ items: Customer[] }>('/api/v1/customers', { query: { filter: text, limit: 60 } })).items,
  })
  const list = more.data && start + 3 > sample.length ? more.data : sample
  const three = list.slice(start % Math.max(1, list.length), (start % Math.max(1, list.length)) + 3)
  return (
    <Card title={t('three')} action={count > 3 ? <Button small plain onClick={() => setTurn(turn + 1)}>{t('others')}</Button> : undefined}>
      {count === 0 ? <Empty title={t('noneMatch')}>{t('noneMatchSub')}</Empty> : (
        <>
          <p className="small dim" style={{ marginTop: -8, marginBottom: 6 }}>{t('spent')}</p>
          {three.map((c) => <One key={c.id} customer={c} />)}
        </>
      )}
    </Card>
  )
}

function One({ customer: c }: { customer: Customer }) {
  const t = useWords(segmentWords)
  const f = useFormat()
  const orders = useQuery({ queryKey: ['orders', c.id], queryFn: async () => (await api.get<{ items: Order[] }>('/api/v1/customers/{ref}/orders', { path: { ref: c.id ?? '' }, query: { limit: 200 } })).items })
  const a = (c.attributes ?? {}) as Record<string, unknown>
  const name = nameOf(c)
  const last = orders.data?.[0]
  const days = last ? Math.floor((Date.now() - Date.parse(last.at)) / 86_400_000) : 0
  const facts = [a.level ?? a.tier, a.city].filter((x): x is string => typeof x === 'string' && x !== '').join(t.lang === 'zh' ? '，' : ', ')
  const spent = (orders.data ?? []).reduce((sum, o) => sum + o.net, 0)
  return (
    <div className="sg-ppl">
      <Avatar name={name.text} />
      <div className="grow">
        <Link href={`/customers/${encodeURIComponent(c.id ?? '')}`} className="b sg-name clip">{name.text}</Link> <span className="muted">{facts || name.note}</span>
        <div className="muted">{!orders.data ? ' ' : last ? t('orders', { n: orders.data.length, day: f.day(last.at), ago: days === 0 ? t('today') : t('ago', { n: days }) }) : `${t('noOrder')}${c.last_seen_at ? `${t.lang === 'zh' ? '，' : ', '}${t('seen', { day: f.day(c.last_seen_at) })}` : ''}`}</div>
      </div>
      {last && <span className="muted num">{f.money(Math.round(spent * 100) / 100)}</span>}
    </div>
  )
}
