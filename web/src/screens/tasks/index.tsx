// Tasks, for the phone first: what a person is to do, by when, and a button for each thing that can come of it.
import { Select, TextInput } from '@mantine/core'
import { IconCheckbox, IconPhone, IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useQueryOf } from '~/api/search'
import { all, api, Problem, type Schemas } from '~/api/client'
import { type Customer, ids, nameOf } from '~/api/customer'
import { useMay, useSession } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Empty, ErrorNote, LinkButton, Loading, PageHead, Segmented, Status, toast, useErrorText } from '~/parts'
import { useJourneys } from '../journey/names'
import { outcomeName, taskName } from '../journey/verbs'
import { GiveTask } from './give'
import './tasks.css'
import { tasksWords } from './words'

type Task = Required<Pick<Schemas['task'], 'id' | 'status' | 'kind' | 'customer' | 'outcomes' | 'opened_at'>> & Schemas['task']

/** Those without a day come last. */
const at = (x: Task) => (x.due_at ? Date.parse(x.due_at) : Number.MAX_SAFE_INTEGER)
const due = (a: Task, b: Task) => at(a) - at(b)

export default function Tasks() {
  const t = useWords(tasksWords)
  const f = useFormat()
  const [path, go] = useLocation()
  const query = useQueryOf()
  const session = useSession()
  const me = session?.user?.name || session?.user?.email
  const status = query.get('status') === 'done' ? 'done' : 'open'
  const owner = query.get('owner') ?? ''
  const q = useQuery({ queryKey: ['tasks', status], queryFn: () => all<Task>('/api/v1/tasks', { query: { status } }, 2000), refetchInterval: 30_000 })
  const set = (to: { status?: string; owner?: string }) => {
    const next = new URLSearchParams({ ...(status === 'done' ? { status } : {}), ...(owner ? { owner } : {}), ...to })
    for (const k of ['status', 'owner']) if (!next.get(k) || next.get(k) === 'open') next.delete(k)
    go(`${path}${next.size ? `?${next}` : ''}`, { replace: true })
  }
  const [shown, setShown] = useState(30)
  const [giving, setGiving] = useState(false)
  const may = useMay()('customers:write')
  const owners = useMemo(() => [...new Set((q.data ?? []).flatMap((x) => (x.owner ? [x.owner] : [])))].sort(), [q.data])
  if (q.error && !q.data) return <main className="page"><ErrorNote error={q.error} retry={() => void q.refetch()} /></main>
  if (!q.data) return <main className="page tk-page"><Loading lines={8} /></main>
  const list = q.data.filter((x) => !owner || x.owner === owner).sort(status === 'open' ? due : (a, b) => due(b, a))
  const now = Date.now()
  const today = f.dayKey(new Date())
  const groups: [string, Task[]][] = status === 'done' ? [[t('done'), list]] : [
    [t('overdue'), list.filter((x) => at(x) < now)],
    [t('today'), list.filter((x) => at(x) >= now && x.due_at && f.dayKey(x.due_at) === today)],
    [t('later'), list.filter((x) => at(x) >= now && !(x.due_at && f.dayKey(x.due_at) === today))],
  ]
  const pressing = status === 'open' ? (groups[0]?.[1].length ?? 0) + (groups[1]?.[1].length ?? 0) : 0
  const rest = status === 'open' ? (groups[2]?.[1].length ?? 0) : 0
  return (
    <main className="page tk-page">
      <PageHead title={status === 'done' ? t('showDone') : pressing ? t('title', { n: pressing }) : rest ? t('titleNone') : t('title', { n: 0 })} sub={status === 'open' && pressing ? t('sub', { n: rest }) || undefined : undefined}>{may && <Button primary icon={IconPlus} onClick={() => setGiving(true)}>{t('give')}</Button>}</PageHead>
      {giving && <GiveTask close={() => setGiving(false)} />}
      <div className="tk-bar">
        <Segmented label={t('which')} value={status} onChange={(v) => set({ status: v })} options={[{ value: 'open', label: t('showOpen') }, { value: 'done', label: t('showDone') }]} />
        {(owners.length > 1 || owner) && (
          <Select aria-label={t('owner')} className="tk-owner" value={owner || '*'} onChange={(v) => set({ owner: v === '*' || !v ? '' : v })}
            data={[{ value: '*', label: t('everyone') }, ...[...new Set([...owners, ...(owner ? [owner] : [])])].map((o) => ({ value: o, label: o === me ? t('mine', { name: o }) : o }))]} />
        )}
      </div>
      {list.length === 0 && (
        <section className="card">
          <Empty icon={IconCheckbox} title={status === 'done' ? t('emptyDone') : owner ? t('emptyOwner', { owner }) : t('empty')} action={status === 'open' && !owner ? <LinkButton to="/journeys">{t('toJourneys')}</LinkButton> : undefined}>{status === 'open' && !owner ? t('emptyHelp') : undefined}</Empty>
        </section>
      )}
      {groups.map(([title, tasks]) => tasks.length > 0 && (
        <section key={title} className="tk-group" aria-label={title}>
          <h2>{title} <span className="dim">{f.number(tasks.length)}</span></h2>
          <ul className="card">{tasks.slice(0, shown).map((x) => <One key={x.id} task={x} />)}</ul>
          {tasks.length > shown && <Button className="tk-more" onClick={() => setShown(shown + 50)}>{t('more', { n: tasks.length - shown })}</Button>}
        </section>
      ))}
    </main>
  )
}

function One({ task }: { task: Task }) {
  const t = useWords(tasksWords)
  const f = useFormat()
  const text = useText()
  const words = useErrorText()
  const client = useQueryClient()
  const may = useMay()('customers:write')
  const journeys = useJourneys().data
  const [number, setNumber] = useState(false)
  const [note, setNote] = useState<string>()
  const [free, setFree] = useState('')
  const who = useQuery({ queryKey: ['customer', task.customer], staleTime: 300_000, queryFn: () => api.get<Customer>('/api/v1/customers/{ref}', { path: { ref: task.customer } }) })
  const name = who.data ? nameOf(who.data) : { text: '…', note: undefined }
  const phone = who.data && ids(who.data).find((i) => i.namespace === 'phone')
  const what = taskName(t.lang, task.kind)
  const late = task.status === 'open' && at(task) < Date.now()
  const finish = useMutation({
    mutationFn: (outcome: string) => api.post('/api/v1/tasks/{id}/outcome', { path: { id: task.id }, body: { outcome, ...(note?.trim() ? { note: note.trim() } : {}) } }),
    onSuccess: (_, outcome) => { toast(t('toast', { task: what, name: name.text, outcome: outcomeName(t.lang, outcome) })); void client.invalidateQueries({ queryKey: ['tasks'] }); void client.invalidateQueries({ queryKey: ['today'] }) },
    onError: (e) => { toast(e instanceof Problem && (e.status === 404 || e.status === 409) ? t('gone') : words(e)); void client.invalidateQueries({ queryKey: ['tasks'] }) },
  })
  const journey = journeys?.find((j) => j.id === task.journey)
  return (
    <li className="tk">
      <div className="tk-top">
        <div className="grow">
          <p className="tk-what">{what} · <Link href={`/customers/${encodeURIComponent(task.customer)}`} className="ink">{name.text}</Link>{name.note && <span className="dim small"> {name.note}</span>}</p>
          <p className="small dim">{[task.owner, task.journey ? t('from', { name: text(journey?.name, task.journey) }) : task.by ? t('by', { name: task.by }) : ''].filter(Boolean).join(' · ')}</p>
          {task.note && <p className="wrap tk-note">{task.note}</p>}
        </div>
        {task.status === 'done' ? <Status kind="working">{t('was', { outcome: outcomeName(t.lang, task.outcome ?? '') })}</Status>
          : late ? <Status kind="warn">{t('lateSince', { when: f.near(at(task)) })}</Status> : task.due_at && <span className="small muted nowrap">{t('dueAt', { when: f.near(task.due_at) })}</span>}
      </div>
      {task.status === 'open' && may && (
        <>
          <div className="tk-do" role="group" aria-label={t('outcomes')}>
            {phone && (number ? <a className="btn tk-call" href={`tel:${phone.value}`}><IconPhone size={18} stroke={1.75} aria-hidden />{t('call', { number: phone.raw ?? phone.value })}</a> : <Button icon={IconPhone} onClick={() => setNumber(true)}>{t('showNumber')}</Button>)}
            {task.outcomes.map((o) => <Button key={o} busy={finish.isPending} onClick={() => finish.mutate(o)}>{outcomeName(t.lang, o)}</Button>)}
            {task.outcomes.length === 0 && (
              <form className="tk-free" onSubmit={(e: FormEvent) => { e.preventDefault(); finish.mutate(free.trim() || 'done') }}>
                <TextInput aria-label={t('otherLabel')} placeholder={t('otherLabel')} maxLength={256} value={free} onChange={(e) => setFree(e.currentTarget.value)} />
                <Button type="submit" busy={finish.isPending}>{t('finish')}</Button>
              </form>
            )}
            {note === undefined && <Button plain onClick={() => setNote('')}>{t('note')}</Button>}
          </div>
          {note !== undefined && <TextInput aria-label={t('noteLabel')} placeholder={t('noteLabel')} maxLength={1000} autoFocus value={note} onChange={(e) => setNote(e.currentTarget.value)} style={{ marginTop: 8 }} />}
        </>
      )}
    </li>
  )
}
