// give.tsx: a task by hand: about one customer, for one colleague, with a day.
import { Autocomplete, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '~/api/client'
import { type Customer, nameOf } from '~/api/customer'
import { useSession } from '~/api/session'
import { useWords, words } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Avatar, Button, ErrorNote, toast } from '~/parts'
import { taskName } from '../journey/verbs'

const giveWords = words({
  en: {
    title: 'A new task', titleFor: 'A task about {name}', who: 'About whom?', find: 'Name, email, phone or number', none: 'Nobody of that name', another: 'Somebody else', what: 'What is to be done?', whatHelp: 'Call, Visit, Check … or words of your own', owner: 'For whom?', nobody: 'Whoever has time', due: 'By when?', note: 'What is it about?', noteHelp: 'Stands beside the task and in the customer’s history.',
    d0: 'Today', d1: 'Tomorrow', d3: 'In three days', d7: 'In a week', d30: 'In a month', dNone: 'No day', needWho: 'Choose a customer.', needWhat: 'Say what is to be done.', give: 'Give this task', done: 'Task given: {task}, {name}', close: 'Close', mine: '{name} (me)',
  },
  zh: {
    title: '新任务', titleFor: '关于 {name} 的任务', who: '关于谁？', find: '姓名、邮箱、手机或编号', none: '没有找到', another: '换一位', what: '要做什么？', whatHelp: '打电话、拜访、核对……也可以自己写', owner: '给谁？', nobody: '谁有空谁做', due: '什么时候之前？', note: '关于什么？', noteHelp: '会写在任务旁边，也记在客户的经历里。',
    d0: '今天', d1: '明天', d3: '三天内', d7: '一周内', d30: '一个月内', dNone: '不限', needWho: '请选一位客户。', needWhat: '请写要做什么。', give: '派出任务', done: '已派出：{name}，{task}', close: '关闭', mine: '{name}（我）',
  },
})
const KINDS = ['call', 'visit', 'check', 'message', 'gift'] as const
/** What usually comes of it; of anything else any word. */
const OUTCOMES: Record<string, string[]> = { call: ['reached', 'no answer'], visit: ['done', 'not now'], check: ['done'], message: ['done'], gift: ['done'] }
const DAYS = { d0: 0, d1: 1, d3: 3, d7: 7, d30: 30 } as const
const NOBODY = '*'

export function GiveTask({ about, close }: { about?: Customer | undefined; close: () => void }) {
  const t = useWords(giveWords)
  const f = useFormat()
  const client = useQueryClient()
  const session = useSession()
  const me = session?.user?.name || session?.user?.email || ''
  const users = useQuery({ queryKey: ['users', 'names'], retry: false, queryFn: () => api.get<{ items: { name?: string; email: string }[] }>('/api/v1/users', { query: { limit: 1000 } }) })
  const [who, setWho] = useState(about)
  const [what, setWhat] = useState('')
  const [owner, setOwner] = useState(me || NOBODY)
  const [due, setDue] = useState<keyof typeof DAYS | 'dNone'>('d1')
  const [note, setNote] = useState('')
  const [tried, setTried] = useState(false)
  const names = [...new Set([me, ...(users.data?.items ?? []).map((u) => u.name || u.email)].filter(Boolean))]
  const kind = KINDS.find((k) => taskName(t.lang, k) === what.trim() || k === what.trim().toLowerCase()) ?? what.trim()
  const save = useMutation({
    mutationFn: () => api.post('/api/v1/tasks', {
      body: {
        customer: who?.id, kind, ...(owner === NOBODY ? {} : { owner }), ...(note.trim() ? { note: note.trim() } : {}),
        ...(due === 'dNone' ? {} : { due: `${f.dayKey(Date.now() + DAYS[due] * 86_400_000)}T23:59` }), ...(Object.hasOwn(OUTCOMES, kind) ? { outcomes: OUTCOMES[kind] } : {}),
      },
    }),
    onSuccess: () => { toast(t('done', { task: taskName(t.lang, kind), name: who ? nameOf(who).text : '' })); close(); void client.invalidateQueries({ queryKey: ['tasks'] }); void client.invalidateQueries({ queryKey: ['today'] }); void client.invalidateQueries({ queryKey: ['timeline'] }) },
  })
  const submit = (e: FormEvent) => { e.preventDefault(); setTried(true); if (who && kind) save.mutate() }
  return (
    <Modal opened onClose={close} title={about ? t('titleFor', { name: nameOf(about).text }) : t('title')} closeButtonProps={{ 'aria-label': t('close') }} centered size={520}>
      <form className="stack" onSubmit={submit}>
        {!about && <Whom who={who} choose={setWho} error={tried && !who ? t('needWho') : undefined} />}
        <Autocomplete label={t('what')} description={t('whatHelp')} data={KINDS.map((k) => taskName(t.lang, k))} value={what} onChange={setWhat} maxLength={80} error={tried && !kind ? t('needWhat') : undefined} {...(about ? { 'data-autofocus': true } : {})} />
        <Select label={t('owner')} allowDeselect={false} value={owner} onChange={(v) => setOwner(v ?? NOBODY)} data={[...names.map((n) => ({ value: n, label: n === me ? t('mine', { name: n }) : n })), { value: NOBODY, label: t('nobody') }]} searchable={names.length > 8} />
        <Select label={t('due')} allowDeselect={false} value={due} onChange={(v) => setDue((v as keyof typeof DAYS | null) ?? 'd1')} data={[...(Object.keys(DAYS) as (keyof typeof DAYS)[]), 'dNone' as const].map((d) => ({ value: d, label: t(d) }))} />
        <Textarea label={t('note')} description={t('noteHelp')} autosize minRows={2} maxRows={6} maxLength={1000} value={note} onChange={(e) => setNote(e.currentTarget.value)} />
        {save.error && <ErrorNote error={save.error} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={save.isPending}>{t('give')}</Button></div>
      </form>
    </Modal>
  )
}

function Whom({ who, choose, error }: { who: Customer | undefined; choose: (c: Customer | undefined) => void; error: string | undefined }) {
  const t = useWords(giveWords)
  const [q, setQ] = useState('')
  const [asked] = useDebouncedValue(q.trim(), 150)
  const found = useQuery({ queryKey: ['search', asked, 'task'], enabled: asked !== '' && !who, queryFn: () => api.get<{ items: Customer[] }>('/api/v1/customers', { query: { q: asked, limit: 6 } }) })
  if (who) { const n = nameOf(who); return <div className="between"><span className="row"><Avatar name={n.text} /><span className="b">{n.text}</span></span><Button small plain onClick={() => choose(undefined)}>{t('another')}</Button></div> }
  const list = found.data?.items ?? []
  return (
    <div>
      <TextInput label={t('who')} placeholder={t('find')} data-autofocus value={q} error={error} onChange={(e) => setQ(e.currentTarget.value)} />
      <ul className="tk-found">{list.map((x) => { const n = nameOf(x); return <li key={x.id}><button type="button" onClick={() => choose(x)}><Avatar name={n.text} /><span className="grow clip">{n.text} <span className="dim small">{n.note}</span></span></button></li> })}</ul>
      {asked && found.isSuccess && list.length === 0 && <p className="muted small">{t('none')}</p>}
    </div>
  )
}
