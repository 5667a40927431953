// A customer: one life in order. Any line says why; what we may do is on the left.
import { Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link, useParams } from 'wouter'
import { api, Problem } from '~/api/client'
import { nameOf } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords, words } from '~/i18n'
import { Avatar, Button, Empty, LinkButton, Loaded } from '~/parts'
import '../customers/customers.css'
import { useVocabulary } from '~/predicate'
import { Acts } from './acts'
import './customer.css'
import { type Line, useLines } from './life'
import { Figures, MayWrite, OpenTasks, ReachTags, Standing, type Customer as Body } from './side'
import { Life, useTimeline } from './timeline'
import { NothingPicked, WhyPanel } from './why'
import { customerWords, whyWords } from './words'
import { Write } from './write'

const pageWords = words({ en: { crumbs: 'Where you are', all: 'See all checks', about: 'About this customer', why: 'Why' }, zh: { crumbs: '当前位置', all: '看全部检查', about: '关于这位客户', why: '为什么' } })

export default function Customer() {
  const ref = useParams<{ id: string }>().id ?? ''
  const t = useWords(customerWords)
  const q = useQuery({ queryKey: ['customer', ref], retry: (n, e) => n < 2 && !(e instanceof Problem), queryFn: () => api.get<Body>('/api/v1/customers/{ref}', { path: { ref } }) })
  if (q.error instanceof Problem && q.error.status === 404 && !q.data)
    return <main className="page"><Empty title={<span role="heading" aria-level={1}>{t('notFound')}</span>} action={<LinkButton to="/customers">{t('customers')}</LinkButton>}>{t('notFoundSub')}</Empty></main>
  return q.data ? <Whole key={ref} customer={q.data} id={ref} /> : <main className="page"><Loaded of={q} lines={10}>{() => null}</Loaded></main>
}

function Whole({ customer: c, id }: { customer: Body; id: string }) {
  const t = useWords(customerWords)
  const w = useWords(whyWords)
  const p = useWords(pageWords)
  const f = useFormat()
  const v = useVocabulary()
  const phone = useMediaQuery('(max-width: 900px)')
  const [picked, setPicked] = useState<Line | null>(null)
  const [writing, setWriting] = useState(false)
  const name = nameOf(c)
  const a = (c.attributes ?? {}) as Record<string, unknown>
  const level = c.level ?? a.tier
  const sub = [...[level, a.city].filter((x): x is string => typeof x === 'string' && x !== ''), c.first_seen_at ?? c.created_at ? t('since', { day: f.day(c.first_seen_at ?? c.created_at ?? '') }) : ''].filter(Boolean).join(t.lang === 'zh' ? '，' : ', ')
  const held = useLastHeld(id)
  return (
    <main className="page cs">
      <nav className="crumb" aria-label={p('crumbs')}><Link href="/customers" className="dim">{t('customers')}</Link><span aria-hidden>/</span><span>{name.text}</span></nav>
      <header className="cs-hd">
        <Avatar name={name.text} />
        <div className="grow"><h1 className="wrap">{name.text}</h1><p className="muted">{sub}</p></div>
        <div className="cs-do"><Button onClick={() => setWriting(true)}>{t('write')}</Button><Acts customer={c} name={name.text} /></div>
      </header>
      <div className="cs-c3">
        <div className="cs-sd cs-top"><Figures id={id} />{phone && <ReachTags customer={c} />}</div>
        {phone && held && (
          <button type="button" className="card cs-held" onClick={() => setPicked(held)}>
            <span className="small dim">{f.near(held.at)}</span><span className="b wrap">{held.title}</span>{held.note && <span className="muted wrap">{held.note}</span>}
            <span className="m cs-all">{p('all')}<IconChevronRight size={16} stroke={1.75} aria-hidden /></span>
          </button>
        )}
        <aside className="cs-sd cs-rest" aria-label={p('about')}><MayWrite customer={c} id={id} /><OpenTasks id={id} /><Standing customer={c} id={id} /></aside>
        <Life id={id} picked={picked?.id ?? (phone ? undefined : held?.id)} onPick={(l) => setPicked(l)} />
        {!phone && <aside className="card pad cs-why" aria-label={p('why')} aria-live="polite">{picked && v.ready ? <WhyPanel key={picked.id} customer={id} line={picked} /> : held && !picked ? <WhyPanel key={held.id} customer={id} line={held} /> : <NothingPicked />}</aside>}
      </div>
      {phone && (
        <Drawer opened={picked !== null} onClose={() => setPicked(null)} position="bottom" size="88%" lockScroll={false} title={picked?.title} closeButtonProps={{ 'aria-label': w('close') }}>
          {picked && <WhyPanel customer={id} line={picked} />}
        </Drawer>
      )}
      {writing && <Write id={id} name={name.text} close={() => setWriting(false)} />}
    </main>
  )
}

/** The last message that was not sent, if it is among what is shown: that is what people ask about first. */
function useLastHeld(id: string): Line | null {
  const { linesOf } = useLines()
  const timeline = useTimeline(id)
  return useMemo(() => linesOf(timeline.data?.pages[0]?.items ?? []).find((l) => l.kind === 'message' && l.held) ?? null, [timeline.data, linesOf])
}
