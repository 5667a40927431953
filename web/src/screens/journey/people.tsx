// people.tsx: the customers behind a number, beside the page: who waits, who got it, who did not and why.
import { Drawer } from '@mantine/core'
import { IconUsers } from '@tabler/icons-react'
import { useInfiniteQuery, useQueries } from '@tanstack/react-query'
import { Link } from 'wouter'
import { refusalName, statusName } from '~/messages/words'
import { api, request, type Schemas } from '~/api/client'
import { type Customer, nameOf } from '~/api/customer'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Avatar, Button, Empty, ErrorNote, Loading } from '~/parts'
import type { Journey } from './model'
import { plain, type Say } from './say'
import { exitName } from './verbs'
import { journeyWords } from './words'

export type Ask =
  | { of: 'entered' | 'running' | 'ended' | 'goal' }
  | { of: 'waiting'; step: string; what: string }
  | { of: 'sent' | 'delivered' | 'opened' | 'clicked' | 'not_sent'; step?: string; what: string; reason?: string }

type Enrolment = Schemas['enrolment']
type Message = { id: string; customer: string; status: string; reason: string; at: string; channel: string }
type Person = { key: string; customer: string; name?: string | undefined; line: string; message?: Message }
type Page = { people: Person[]; next?: string | undefined }

const PASSED: Record<string, string[]> = {
  sent: ['sent', 'delivered', 'opened', 'clicked', 'replied', 'complained', 'unsubscribed', 'bounced'], delivered: ['delivered', 'opened', 'clicked', 'replied', 'complained', 'unsubscribed'],
  opened: ['opened', 'clicked', 'replied'], clicked: ['clicked', 'replied'], not_sent: ['refused'],
}

function titleOf(ask: Ask, t: ReturnType<typeof useWords<keyof typeof journeyWords.en>>): string {
  switch (ask.of) {
    case 'entered': return t('peopleEntered')
    case 'running': return t('peopleRunning')
    case 'ended': return t('peopleEnded')
    case 'goal': return t('peopleGoal')
    case 'waiting': return t('peopleWaiting', { what: ask.what })
    case 'sent': return t('peopleSent', { what: ask.what })
    case 'delivered': return t('peopleDelivered', { what: ask.what })
    case 'opened': return t('peopleOpened', { what: ask.what })
    case 'clicked': return t('peopleClicked', { what: ask.what })
    case 'not_sent': return ask.step ? t('peopleNot', { what: ask.what }) : t('peopleNotAll')
  }
}

export function People({ journey, ask, say, close }: { journey: Journey; ask: Ask | undefined; say: Say; close: () => void }) {
  const t = useWords(journeyWords)
  return (
    <Drawer opened={ask !== undefined} onClose={close} title={ask ? titleOf(ask, t) : ''} size={460} closeButtonProps={{ 'aria-label': t('close') }}>
      {ask && <List journey={journey} ask={ask} say={say} />}
    </Drawer>
  )
}

function usePeople(journey: Journey, ask: Ask, say: Say) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const what = (id: string | undefined) => {
    const step = journey.steps.length ? stepNamed(journey, id) : undefined
    return step ? plain(say.step(step)) : (id ?? '')
  }
  const enrolled = (e: Enrolment): Person => ({
    key: e.id ?? `${e.customer}${e.entered_at}`, customer: e.customer, name: e.name,
    line: e.status === 'ended' ? t('endedAt', { when: f.near(e.ended_at ?? e.entered_at), why: exitName(say.lang, e.ended_by ?? 'done') })
      : ask.of === 'waiting' ? (e.due_at ? t('due', { when: f.near(e.due_at) }) : t('cameAt', { when: f.near(e.entered_at) }))
        : t('atStep', { what: what(e.step) }),
  })
  const sent = (m: Message): Person => ({
    key: m.id, customer: m.customer, message: m,
    line: m.status === 'refused' ? refusalName(say.lang, m.reason) : m.status === 'bounced' ? statusName(say.lang, m.status) : f.near(m.at),
  })
  const enrolments = ask.of === 'entered' || ask.of === 'running' || ask.of === 'ended' || ask.of === 'goal' || ask.of === 'waiting'
  return useInfiniteQuery({
    queryKey: ['journey-people', journey.id, ask, say.lang],
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page) => last.next,
    queryFn: async ({ pageParam }): Promise<Page> => {
      if (enrolments) {
        const query = { limit: 50, cursor: pageParam, ...(ask.of === 'waiting' ? { step: ask.step, status: 'running' } : ask.of === 'running' ? { status: 'running' } : ask.of === 'ended' ? { status: 'ended' } : {}) }
        const page = (await request<{ items: Enrolment[]; next?: string }>('GET', '/api/v1/journeys/{id}/enrolments', { path: { id: journey.id }, query })).data
        return { people: page.items.filter((e) => ask.of !== 'goal' || e.goal_reached).map(enrolled), next: page.next }
      }
      const passed = PASSED[ask.of] ?? []
      const { step, reason } = ask as { step?: string; reason?: string }
      const query = { limit: 200, cursor: pageParam, journey: journey.id, step, reason, status: ask.of === 'not_sent' ? 'refused' : undefined }
      const page = (await request<{ items: Message[]; next?: string }>('GET', '/api/v1/messages', { query })).data
      return { people: page.items.filter((m) => passed.includes(m.status)).map(sent), next: page.next }
    },
  })
}

function stepNamed(journey: Journey, id: string | undefined) {
  const find = (steps: Journey['steps']): Journey['steps'][number] | undefined => {
    for (const s of steps) {
      if (s.id === id) return s
      for (const a of [...(s.branch ?? []), ...(s.split ?? [])]) { const x = find(a.steps); if (x) return x }
    }
    return undefined
  }
  return find(journey.steps)
}

function List({ journey, ask, say }: { journey: Journey; ask: Ask; say: Say }) {
  const t = useWords(journeyWords)
  const q = usePeople(journey, ask, say)
  const people = (q.data?.pages ?? []).flatMap((p) => p.people)
  const nameless = [...new Set(people.filter((p) => !p.name).map((p) => p.customer))].slice(0, 200)
  const known = useQueries({ queries: nameless.map((ref) => ({ queryKey: ['customer', ref], staleTime: 300_000, queryFn: () => api.get<Customer>('/api/v1/customers/{ref}', { path: { ref } }) })) })
  const customers = new Map(known.flatMap((k, i) => (k.data ? [[nameless[i] as string, k.data] as const] : [])))
  if (q.error && !q.data) return <ErrorNote error={q.error} retry={() => void q.refetch()} />
  if (q.isPending) return <Loading lines={8} />
  const about = ask.of === 'sent' || ask.of === 'delivered' || ask.of === 'opened' || ask.of === 'clicked' || ask.of === 'not_sent'
  return (
    <>
      {people.length === 0 && !q.hasNextPage && <Empty icon={IconUsers} title={t('peopleNone')} />}
      <ul className="people">
        {people.map((p) => {
          const c = customers.get(p.customer)
          const name = c ? nameOf(c) : { text: p.name ?? '', note: undefined }
          const why = ask.of === 'not_sent' && p.message
          return (
            <li key={p.key}>
              <Avatar name={name.text} />
              <div className="grow">
                <Link href={`/customers/${encodeURIComponent(p.customer)}`} className="b quiet ink clip block">{name.text || <span className="skeleton" style={{ height: 16, width: 120 }} />}</Link>
                <span className="small dim block">{p.line}</span>
              </div>
              {why && <Link className="small m" href={`/customers/${encodeURIComponent(p.customer)}?why=${encodeURIComponent(journey.id)}`}>{t('whyLink')}</Link>}
            </li>
          )
        })}
      </ul>
      {q.hasNextPage && <Button busy={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('peopleMore')}</Button>}
      {about && <p className="small dim" style={{ marginTop: 16 }}>{t('peopleGone')}</p>}
    </>
  )
}
