// acts.tsx: what can be done with a customer: write, hand over the data, make two one, part them, forget. What cannot be
// undone says what goes and what stays.
import { Menu, Modal, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconDots } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api } from '~/api/client'
import { nameOf } from '~/api/customer'
import { useMay } from '~/api/session'
import { useFormat } from '~/i18n/format'
import { useWords, words } from '~/i18n'
import { Avatar, Button, Confirm, ErrorNote, Loaded, toast } from '~/parts'
import { GiveTask } from '../tasks/give'
import { deedsWords, LINKS } from './deeds'
import '../tasks/tasks.css'
import type { Customer } from './side'

const actsWords = words({
  en: {
    more: 'More about this customer', task: 'Give a task …', export: 'Hand over all we know', merge: 'The same person as another …', unmerge: 'Part what was joined …', erase: 'Forget this customer …', close: 'Close',
    mergeTitle: 'Who is the same person?', mergeFind: 'Name, email, phone or number', mergeNone: 'Nobody of that name', mergeAsk: 'Are {a} and {b} the same person?', mergeBody: 'Both lives become one, with all deeds, messages and consents of both. Who has the stronger sign stays. It can be undone under “Part what was joined”.', mergeYes: 'Make them one', merged: '{a} and {b} are one customer now',
    partTitle: 'What holds this customer together', partNone: 'Nothing was joined: this customer came from one place.', part: 'Part here', partAsk: 'Part this customer in two?', partBody: 'Each is then what its own sources said. What was sent stays with whom it was sent to. They can be joined again.', partYes: 'Part in two', parted: 'They are two customers now', joinedOn: 'Joined on {day}: {why}', cut: 'Parted',
    eraseAsk: 'Forget {name} for good?', eraseBody: 'The name, addresses, deeds and messages are deleted at once and cannot be brought back. Journeys stop for this person. Figures of the past keep their sums. An address that must not be written to stays blocked, unreadably.', eraseYes: 'Forget {name}', erased: 'Forgotten: {name}', keep: 'Keep this customer',
  },
  zh: {
    more: '更多操作', task: '派一个任务……', export: '导出这位客户的全部资料', merge: '和另一位其实是同一个人……', unmerge: '把合并的分开……', erase: '删除这位客户……', close: '关闭',
    mergeTitle: '和谁是同一个人？', mergeFind: '姓名、邮箱、手机或编号', mergeNone: '没有找到', mergeAsk: '{a} 和 {b} 是同一个人吗？', mergeBody: '两位的经历会合成一位，包括所有行为、消息和同意记录。身份标识更强的一位保留。以后可以用「把合并的分开」撤销。', mergeYes: '合成一位', merged: '{a} 和 {b} 已合成一位客户',
    partTitle: '这位客户是怎么合起来的', partNone: '没有合并过，资料只来自一处。', part: '从这里分开', partAsk: '把这位客户分成两位？', partBody: '分开后，各自只保留自己来源的资料。发过的消息跟着收到它的那一位。以后可以再合并。', partYes: '分成两位', parted: '已分成两位客户', joinedOn: '{day}合并：{why}', cut: '已分开',
    eraseAsk: '永久删除 {name}？', eraseBody: '姓名、地址、行为和消息会立刻删除，不能恢复。旅程对这位客户停止。过去的统计数字保留总和。不能再联系的地址仍会以不可读的方式拦下。', eraseYes: '删除 {name}', erased: '已删除：{name}', keep: '保留这位客户',
  },
})
type Link = { personas: string[]; reason: string; at: string; cut?: boolean; persona?: string }

export function Acts({ customer: c, name }: { customer: Customer; name: string }) {
  const t = useWords(actsWords)
  const id = c.id ?? ''
  const may = useMay()('customers:write')
  const [open, setOpen] = useState<'task' | 'merge' | 'part' | 'erase' | null>(null)
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target><button type="button" className="btn cu-dots" aria-label={t('more')}><IconDots size={20} stroke={1.75} aria-hidden /></button></Menu.Target>
        <Menu.Dropdown>
          {may && <Menu.Item onClick={() => setOpen('task')}>{t('task')}</Menu.Item>}
          <Menu.Item component="a" href={`/api/v1/customers/${encodeURIComponent(id)}/export`} download={`${id}.json`}>{t('export')}</Menu.Item>
          {may && (
            <>
              <Menu.Item onClick={() => setOpen('merge')}>{t('merge')}</Menu.Item>
              <Menu.Item onClick={() => setOpen('part')}>{t('unmerge')}</Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => setOpen('erase')}>{t('erase')}</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === 'task' && <GiveTask about={c} close={() => setOpen(null)} />}
      {open === 'merge' && <Merge id={id} name={name} close={() => setOpen(null)} />}
      {open === 'part' && <Part id={id} close={() => setOpen(null)} />}
      {open === 'erase' && <Erase id={id} name={name} close={() => setOpen(null)} />}
    </>
  )
}

function Merge({ id, name, close }: { id: string; name: string; close: () => void }) {
  const t = useWords(actsWords)
  const client = useQueryClient()
  const [, go] = useLocation()
  const [q, setQ] = useState('')
  const [asked] = useDebouncedValue(q.trim(), 150)
  const [other, setOther] = useState<Customer | null>(null)
  const found = useQuery({ queryKey: ['search', asked, 'merge'], enabled: asked !== '', queryFn: () => api.get<{ items: Customer[] }>('/api/v1/customers', { query: { q: asked, limit: 8 } }) })
  const merge = useMutation({
    mutationFn: () => api.post('/api/v1/customers/merge', { body: { customers: [id, other?.id ?? ''] } }),
    onSuccess: async (one) => {
      toast(t('merged', { a: name, b: other ? nameOf(other).text : '' }))
      close()
      await client.invalidateQueries()
      go(`/customers/${encodeURIComponent(one.id ?? id)}`)
    },
  })
  const list = (found.data?.items ?? []).filter((x) => x.id !== id)
  if (other) return (
    <Confirm open title={t('mergeAsk', { a: name, b: nameOf(other).text })} yes={t('mergeYes')} busy={merge.isPending} onYes={() => merge.mutate()} onClose={() => setOther(null)}>
      {t('mergeBody')}{merge.error && <div style={{ marginTop: 12 }}><ErrorNote error={merge.error} /></div>}
    </Confirm>
  )
  return (
    <Modal opened onClose={close} title={t('mergeTitle')} closeButtonProps={{ 'aria-label': t('close') }} centered size={520}>
      <TextInput aria-label={t('mergeFind')} placeholder={t('mergeFind')} data-autofocus value={q} onChange={(e) => setQ(e.currentTarget.value)} />
      <ul className="ac-found">
        {list.map((x) => { const n = nameOf(x); return <li key={x.id}><button type="button" onClick={() => setOther(x)}><Avatar name={n.text} /><span className="grow clip">{n.text} <span className="dim small">{n.note}</span></span></button></li> })}
      </ul>
      {asked && found.isSuccess && list.length === 0 && <p className="muted">{t('mergeNone')}</p>}
    </Modal>
  )
}

function Part({ id, close }: { id: string; close: () => void }) {
  const t = useWords(actsWords)
  const d = useWords(deedsWords)
  const f = useFormat()
  const client = useQueryClient()
  const [at, setAt] = useState<Link | null>(null)
  const links = useQuery({ queryKey: ['customer', id, 'links'], queryFn: async () => (await api.get<{ items: Link[] }>('/api/v1/customers/{ref}/links', { path: { ref: id } })).items })
  const part = useMutation({
    mutationFn: () => api.post('/api/v1/customers/{ref}/unmerge', { path: { ref: id }, body: at?.persona ? { persona: at.persona } : {} }),
    onSuccess: async () => { toast(t('parted')); close(); await client.invalidateQueries() },
  })
  if (at) return (
    <Confirm open title={t('partAsk')} yes={t('partYes')} busy={part.isPending} onYes={() => part.mutate()} onClose={() => setAt(null)}>
      {t('partBody')}{part.error && <div style={{ marginTop: 12 }}><ErrorNote error={part.error} /></div>}
    </Confirm>
  )
  return (
    <Modal opened onClose={close} title={t('partTitle')} closeButtonProps={{ 'aria-label': t('close') }} centered size={520}>
      <Loaded of={links} lines={2}>
        {(list) => (list.length === 0 ? <p className="muted">{t('partNone')}</p> : (
          <ul className="ac-links">{list.map((l, i) => <li key={i} className="between"><span className="wrap">{t('joinedOn', { day: f.day(l.at), why: LINKS[l.reason] ? d(LINKS[l.reason] as 'byHandWhy') : l.reason })}</span>{l.cut ? <span className="small dim">{t('cut')}</span> : <Button small onClick={() => setAt(l)}>{t('part')}</Button>}</li>)}</ul>
        ))}
      </Loaded>
    </Modal>
  )
}

function Erase({ id, name, close }: { id: string; name: string; close: () => void }) {
  const t = useWords(actsWords)
  const client = useQueryClient()
  const [, go] = useLocation()
  const erase = useMutation({
    mutationFn: () => api.post('/api/v1/customers/{ref}/erase', { path: { ref: id } }),
    onSuccess: async () => { toast(t('erased', { name })); close(); go('/customers'); await client.invalidateQueries({ queryKey: ['customers'] }) },
  })
  return (
    <Confirm open bad title={t('eraseAsk', { name })} safer={t('keep')} yes={t('eraseYes', { name })} busy={erase.isPending} onYes={() => erase.mutate()} onClose={close}>
      {t('eraseBody')}{erase.error && <div style={{ marginTop: 12 }}><ErrorNote error={erase.error} /></div>}
    </Confirm>
  )
}
