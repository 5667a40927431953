// Customers: found by what one remembers, or by a segment; numbers and addresses stay covered.
import { Select, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch, IconUsers } from '@tabler/icons-react'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useQueryOf } from '~/api/search'
import { api, type Schemas } from '~/api/client'
import { ids, nameOf } from '~/api/customer'
import { useSegmentList } from '~/api/lists'
import { useFormat } from '~/i18n/format'
import { DropZone } from '~/imports/import'
import { useText, useWords } from '~/i18n'
import { Avatar, Button, Card, Empty, LinkButton, Loaded, PageHead, Tag } from '~/parts'
import { type Predicate, PredicateRows, usePreview, useVocabulary, type Vocabulary } from '~/predicate'
import { AddCustomers } from './add'
import './customers.css'
import { ExportButton } from './export'
import { CustomerTabs } from './tabs'
import { customersWords } from './words'

type Customer = Schemas['customer'] & { stages?: Record<string, string> }
type Page = { items: Customer[]; next?: string }

function parsed(text: string): Predicate | null {
  try {
    const p: unknown = JSON.parse(text)
    return typeof p === 'object' && p !== null && !Array.isArray(p) ? (p as Predicate) : null
  } catch { return null }
}

export default function Customers() {
  const t = useWords(customersWords)
  const f = useFormat()
  const search = useQueryOf()
  const [, go] = useLocation()
  const [q, setQ] = useState(search.get('q') ?? '')
  const [adding, setAdding] = useState(search.has('add'))
  const [dropped, setDropped] = useState<File | null>(null)
  const [asked] = useDebouncedValue(q.trim(), 150)
  const segment = search.get('segment') ?? ''
  const filterText = search.get('filter') ?? ''
  const filter = useMemo(() => parsed(filterText), [filterText])
  const to = (change: { q?: string; segment?: string; filter?: string }) => {
    const next = new URLSearchParams()
    for (const [k, v] of Object.entries({ q: asked, segment, filter: filterText, ...change })) if (v) next.set(k, v)
    go(`/customers${next.size ? `?${next}` : ''}`, { replace: true })
  }
  useEffect(() => { if ((search.get('q') ?? '') !== asked) to({ q: asked }) }, [asked]) // eslint-disable-line react-hooks/exhaustive-deps
  const list = useInfiniteQuery({
    queryKey: ['customers', asked, segment, filterText], placeholderData: keepPreviousData, initialPageParam: '',
    queryFn: ({ pageParam, signal }) => api.get<Page>('/api/v1/customers', { query: { limit: 50, q: asked, segment, filter: filterText, cursor: pageParam }, signal }),
    getNextPageParam: (last) => last.next,
  })
  const everybody = usePreview(EVERYBODY)
  const narrowed = useMemo<Predicate | null>(() => (segment && filter ? { all: [{ segment }, filter] } : segment ? { segment } : filter), [segment, filter])
  const some = usePreview(narrowed)
  const total = everybody.data?.count
  const count = narrowed ? some.data?.count : total
  const people = list.data?.pages.flatMap((p) => p.items) ?? []
  const narrow = Boolean(asked || narrowed)
  const title = asked ? t('titleFound', { q: asked }) : narrowed && count !== undefined && total !== undefined ? t('titleFew', { n: count, of: f.number(total) })
    : total === undefined ? ' ' : total === 0 ? t('titleNone') : total === 1 ? t('titleOne') : t('title', { n: f.number(total) })
  const empty = total === 0 && !narrow
  return (
    <main className="page">
      <PageHead title={title} sub={empty ? undefined : t('sub')}>
        {!empty && !asked && <ExportButton segment={segment || undefined} filter={filterText || undefined} count={count} />}
        {filter && <LinkButton to={`/customers/segments/new?if=${encodeURIComponent(JSON.stringify(narrowed))}`}>{t('keep')}</LinkButton>}
        {!empty && <Button primary onClick={() => setAdding(true)}>{t('add')}</Button>}
      </PageHead>
      <CustomerTabs at="people" />
      <AddCustomers open={adding || dropped !== null} dropped={dropped} onClose={() => { setAdding(false); setDropped(null) }} />
      {empty ? (
        <Card><DropZone compact onFile={setDropped} /><Empty icon={IconUsers} title={t('emptyTitle')} action={<><Button onClick={() => setAdding(true)}>{t('addOne')}</Button><LinkButton to="/data">{t('connect')}</LinkButton></>}>{t('empty')}</Empty></Card>
      ) : (
        <>
          <div className="cu-find">
            <TextInput type="search" aria-label={t('find')} placeholder={t('find')} value={q} onChange={(e) => setQ(e.currentTarget.value)} leftSection={<IconSearch size={18} stroke={1.75} aria-hidden />} />
            <SegmentChoice value={segment} onChange={(s) => to({ segment: s })} />
          </div>
          {filter && (
            <Card className="cu-filter" title={t('only')} action={<Button small plain onClick={() => to({ filter: '' })}>{t('clear')}</Button>}>
              <PredicateRows value={filter} readOnly head="none" />
            </Card>
          )}
          <Loaded of={list} lines={8}>
            {() => (people.length === 0
              ? <Card><Empty icon={IconUsers} title={t(asked ? 'none' : 'noneIn')}>{t(asked ? 'noneSub' : 'noneInSub')}</Empty></Card>
              : <People list={people} />)}
          </Loaded>
          {list.hasNextPage && <p style={{ textAlign: 'center', marginTop: 20 }}><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('more')}</Button></p>}
        </>
      )}
    </main>
  )
}
const EVERYBODY: Predicate = { all: [] }

function SegmentChoice({ value, onChange }: { value: string; onChange: (v: string) => void }) {
  const t = useWords(customersWords)
  const text = useText()
  const segments = useSegmentList()
  const data = (segments.data ?? []).map((s) => ({ value: s.id, label: text(s.name, s.id) }))
  return <Select className="cu-seg" aria-label={t('segment')} placeholder={t('all')} data={data} value={value || null} onChange={(v) => onChange(v ?? '')} clearable clearButtonProps={{ 'aria-label': t('clear') }} searchable={data.length > 8} />
}

function People({ list }: { list: Customer[] }) {
  const t = useWords(customersWords)
  const v = useVocabulary()
  return (
    <Card pad={false}>
      <table className="cu-table">
        <thead><tr><th>{t('who')}</th><th>{t('about')}</th><th>{t('may')}</th><th>{t('seen')}</th></tr></thead>
        <tbody>{list.map((c) => <Line key={c.id} customer={c} v={v} />)}</tbody>
      </table>
    </Card>
  )
}

function Line({ customer: c, v }: { customer: Customer; v: Vocabulary }) {
  const t = useWords(customersWords)
  const f = useFormat()
  const [, go] = useLocation()
  const name = nameOf(c)
  const to = `/customers/${encodeURIComponent(c.id ?? '')}`
  const city = (c.attributes as Record<string, unknown> | undefined)?.city
  const stages = Object.entries(c.stages ?? {}).map(([model, s]) => v.stages.find((m) => m.id === model)?.stages.find((x) => x.value === s)?.label ?? s)
  const tags = c.tags ?? []
  const consent = Object.entries((c.consent ?? {}) as Record<string, unknown>).filter(([k]) => !k.includes('/'))
  // A yes is worth something where there is an address for it.
  const spaces = new Set(ids(c).map((i) => i.namespace))
  const yes = consent.filter(([k, x]) => x === true && (k === 'email' ? spaces.has('email') : k === 'sms' ? spaces.has('phone') : true)).map(([k]) => v.channel(k))
  const no = consent.filter(([, x]) => x === false).map(([k]) => v.channel(k))
  const and = t.lang === 'zh' ? '、' : ', '
  return (
    <tr onClick={() => go(to)}>
      <td className="cu-first">
        <div className="cu-who"><Avatar name={name.text} /><div className="grow"><Link href={to} onClick={(e) => e.stopPropagation()} className="clip">{name.text}</Link><div className="small dim clip">{[name.note, typeof city === 'string' ? city : ''].filter(Boolean).join(' · ')}</div></div></div>
      </td>
      <td className={stages.length + tags.length === 0 ? 'cu-none' : ''}>
        <div className="cu-tags">{stages.map((s) => <Tag key={s}>{s}</Tag>)}{tags.slice(0, 2).map((x) => <Tag key={x}>{x.split('/').at(-1)}</Tag>)}{tags.length > 2 && <span className="small dim">{t('plus', { n: tags.length - 2 })}</span>}</div>
      </td>
      <td className={`small ${yes.length + no.length === 0 ? 'cu-none' : ''}`}>{yes.join(and)}{no.length > 0 && <div className="dim">{t('mayNo', { channel: no.join(and) })}</div>}</td>
      <td className="small muted nowrap">{c.last_seen_at ? f.near(c.last_seen_at) : ''}</td>
    </tr>
  )
}
