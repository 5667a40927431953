// Segments: each in words with how many are in it now; ready ones in one click.
import { IconUsersGroup } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { all, api, Problem, type Schemas } from '~/api/client'
import { useFormat } from '~/i18n/format'
import { type Text, useText, useWords } from '~/i18n'
import { Button, Card, Empty, LinkButton, Loaded, PageHead, toast, useErrorText } from '~/parts'
import { type Predicate, PredicateRows } from '~/predicate'
import { CustomerTabs } from '../customers/tabs'
import '../customers/customers.css'
import { segmentsWords } from './words'

export type Segment = { id: string; name?: Text; if?: Predicate; members?: number; complete?: boolean }
type Ready = Schemas['ready_segment']

/** Sentences are long; nobody reads hundreds of them at once. */
const PAGE = 50

export default function Segments() {
  const t = useWords(segmentsWords)
  const segments = useQuery({ queryKey: ['segments', 'all'], queryFn: () => all<Segment>('/api/v1/segments') })
  const n = segments.data?.length
  const [shown, setShown] = useState(PAGE)
  return (
    <main className="page">
      <PageHead title={n === undefined ? ' ' : t('title', { n })} sub={t('sub')}><LinkButton primary to="/customers/segments/new">{t('make')}</LinkButton></PageHead>
      <CustomerTabs at="segments" />
      <div className="stack stack-5">
        <Loaded of={segments}>
          {(list) => (list.length === 0
            ? <Card><Empty icon={IconUsersGroup} title={t('emptyTitle')}>{t('empty')}</Empty></Card>
            : <><Card pad={false} className="rows">{list.slice(0, shown).map((s) => <Line key={s.id} segment={s} />)}</Card>{list.length > shown && <p style={{ textAlign: 'center' }}><Button onClick={() => setShown(shown + PAGE)}>{t('more', { n: list.length - shown })}</Button></p>}</>)}
        </Loaded>
        <ReadyOnes />
      </div>
    </main>
  )
}

function Line({ segment: s }: { segment: Segment }) {
  const t = useWords(segmentsWords)
  const text = useText()
  const f = useFormat()
  const to = `/customers/segments/${encodeURIComponent(s.id)}`
  return (
    <div className="sg-line">
      <div className="grow">
        <Link href={to} className="b sg-name">{text(s.name, s.id)}</Link>
        <div className="small muted sg-words">{s.if ? <PredicateRows value={s.if} readOnly head="none" /> : t('list')}</div>
      </div>
      <div className="sg-count">{s.complete === false ? <span className="small dim">{t('counting')}</span> : <Link href={`/customers?segment=${encodeURIComponent(s.id)}`} className="num b">{f.number(s.members ?? 0)}</Link>} <span className="small dim">{t('people', { n: s.members ?? 0 })}</span></div>
    </div>
  )
}

function ReadyOnes() {
  const t = useWords(segmentsWords)
  const text = useText()
  const f = useFormat()
  const say = useErrorText()
  const client = useQueryClient()
  const [, go] = useLocation()
  const ready = useQuery({
    queryKey: ['segments', 'ready'], staleTime: 30_000,
    queryFn: async () => {
      try { return (await api.get('/api/v1/segments/ready')).items ?? [] } catch (e) {
        if (e instanceof Problem && e.status === 404) return []
        throw e
      }
    },
  })
  const use = useMutation({
    mutationFn: (r: Ready) => api.post<Segment>('/api/v1/segments', { body: { id: r.id, name: r.name, if: r.predicate } }),
    onSuccess: (s, r) => {
      toast(t('kept', { name: text(r.name) }), () => void api.delete('/api/v1/segments/{id}', { path: { id: s.id } }).then(() => client.invalidateQueries({ queryKey: ['segments'] })))
      void client.invalidateQueries({ queryKey: ['segments'] })
    },
    onError: (e) => toast(say(e)),
  })
  if (ready.data?.length === 0) return null
  return (
    <section>
      <h2>{t('ready')}</h2>
      <p className="small dim" style={{ margin: '2px 0 14px' }}>{t('readySub')}</p>
      <Loaded of={ready}>
        {(list) => (
          <ul className="sg-ready">
            {list.map((r) => {
              const missing = (r.needs ?? []).filter((x) => !x.met)
              return (
                <li key={r.id} className="card">
                  <div className="between"><h3>{text(r.name)}</h3>{r.count != null && <span className="num b">{f.number(r.count)} <span className="small dim">{t('people', { n: r.count })}</span></span>}</div>
                  <p className="small muted">{text(r.words) || text(r.text)}</p>
                  <div className="row">
                    {r.installed ? <Button small onClick={() => go(`/customers/segments/${encodeURIComponent(r.id ?? '')}`)}>{t('open')}</Button>
                      : missing.length > 0 ? <span className="small dim">{missing.map((x) => text(x.words)).join(t.lang === 'zh' ? '；' : '; ')}</span>
                        : <Button small busy={use.isPending && use.variables?.id === r.id} onClick={() => use.mutate(r)} aria-label={`${t('use')}: ${text(r.name)}`}>{t('use')}</Button>}
                  </div>
                </li>
              )
            })}
          </ul>
        )}
      </Loaded>
    </section>
  )
}
