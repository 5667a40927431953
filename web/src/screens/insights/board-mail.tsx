// board-mail.tsx: a board that goes out by mail: how often, at what hour, to whom; how the last one went.
import { Modal, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { all, api, Problem, type Schemas } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Loaded, Pick, toast, useErrorText } from '~/parts'
import { boardWords, weekdays } from './board-words'
import type { Board } from './kept'

type Every = 'day' | 'week' | 'month'
type Draft = { every: Every; weekday: number; day: number; at: string; to: string[]; language: 'zh' | 'en'; paused?: boolean }
type Mailing = Draft & { id: string; next?: string; last?: { at: string; done: boolean; sent: number; failed: number; unknown: number; detail?: string; again?: string } }
type Sent = { items: { to: string; status: string; detail?: string }[] }
const bodyOf = (d: Draft) => ({ every: d.every, ...(d.every === 'week' ? { weekday: d.weekday } : {}), ...(d.every === 'month' ? { day: d.day } : {}), at: d.at, to: d.to, language: d.language, ...(d.paused ? { paused: true } : {}) })

export function BoardMail({ board, onClose }: { board: Board; onClose: () => void }) {
  const t = useWords(boardWords)
  const say = useErrorText()
  const client = useQueryClient()
  const key = ['dashboards', board.id, 'mailings']
  const list = useQuery({ queryKey: key, queryFn: () => all<Mailing>('/api/v1/dashboards/{id}/mailings', { path: { id: board.id } }), refetchInterval: 10_000 })
  const users = useQuery({ queryKey: ['users'], retry: false, queryFn: () => all<Schemas['user']>('/api/v1/users') })
  const [edited, setEdited] = useState<Mailing | null>(null)
  const again = () => client.invalidateQueries({ queryKey: key })
  const path = (m: Mailing) => ({ id: board.id, mailing: m.id })
  const drop = useMutation({ mutationFn: (m: Mailing) => api.delete('/api/v1/dashboards/{id}/mailings/{mailing}', { path: path(m) }), onSuccess: () => { toast(t('dropped')); void again() }, onError: (e) => toast(say(e)) })
  const put = useMutation({ mutationFn: (m: Mailing) => api.put<Mailing>('/api/v1/dashboards/{id}/mailings/{mailing}', { path: path(m), body: bodyOf(m) }), onSuccess: () => { setEdited(null); void again() } })
  const add = useMutation({ mutationFn: (d: Draft) => api.post<Mailing>('/api/v1/dashboards/{id}/mailings', { path: { id: board.id }, body: bodyOf(d) }), onSuccess: () => void again() })
  const now = useMutation({
    mutationFn: (m: Mailing) => api.post<Sent>('/api/v1/dashboards/{id}/mailings/{mailing}/send', { path: path(m) }),
    onSuccess: ({ items }) => { const sent = items.filter((i) => i.status === 'sent').length; toast(sent ? t('sentNow', { n: sent, of: items.length }) : t('sentNone', { why: items[0]?.detail ?? '' })) }, onError: (e) => toast(say(e)),
  })
  return (
    <Modal opened onClose={onClose} title={t('mailTitle')} centered size={680} lockScroll={false} closeButtonProps={{ 'aria-label': t('closed') }}>
      <p className="muted">{t('mailHelp')}</p>
      <Loaded of={list} lines={3}>
        {(all) => (all.length === 0 ? <p className="small dim">{t('mailNone')}</p> : (
          <ul className="in-people">
            {all.map((m) => (
              <li key={m.id}>
                <One m={m} users={users.data ?? []} />
                <div className="row in-files">
                  <Button small busy={now.isPending && now.variables?.id === m.id} onClick={() => now.mutate(m)}>{t('now')}</Button>
                  <Button small onClick={() => setEdited(m)}>{t('change')}</Button>
                  <Button small onClick={() => put.mutate({ ...m, paused: !m.paused })}>{t(m.paused ? 'resume' : 'pause')}</Button>
                  <Button small onClick={() => drop.mutate(m)}>{t('drop')}</Button>
                </div>
              </li>
            ))}
          </ul>
        ))}
      </Loaded>
      <Edit key={edited?.id ?? `new ${list.data?.length ?? 0}`} start={edited} users={users.data ?? []} error={edited ? put.error : add.error} busy={put.isPending || add.isPending} onDone={(d) => (edited ? put.mutate({ ...edited, ...d }) : add.mutate(d))} />
    </Modal>
  )
}

const nameOf = (to: string, users: Schemas['user'][]) => { const u = to.startsWith('user:') ? users.find((x) => x.id === to.slice(5)) : undefined; return u ? (u.name || u.email) : to }

function One({ m, users }: { m: Mailing; users: Schemas['user'][] }) {
  const t = useWords(boardWords)
  const f = useFormat()
  const day = m.every === 'week' ? ` ${weekdays(t.lang)[(m.weekday || 1) - 1]?.label ?? ''}` : m.every === 'month' ? ` ${m.day || 1}` : ''
  return (
    <>
      <p><b>{t(m.every)}{day} {m.at}</b> · {m.to.map((x) => nameOf(x, users)).join(', ')}</p>
      <p className="small dim">{m.paused ? t('pausedNow') : m.next ? t('next', { at: f.near(m.next) }) : ''}</p>
      {m.last?.done && <p className="small dim">{t('last', { at: f.near(m.last.at), sent: m.last.sent, failed: m.last.failed, unknown: m.last.unknown })}{m.last.detail ? ` · ${m.last.detail}` : ''}</p>}
      {m.last && !m.last.done && m.last.again && <p className="small dim">{t('trying', { at: f.near(m.last.again), why: m.last.detail ?? '' })}</p>}
    </>
  )
}

function Edit({ start, users, error, busy, onDone }: { start: Mailing | null; users: Schemas['user'][]; error: unknown; busy: boolean; onDone: (d: Draft) => void }) {
  const t = useWords(boardWords)
  const say = useErrorText()
  const [d, setD] = useState<Draft>(start ? { every: start.every, weekday: start.weekday || 1, day: start.day || 1, at: start.at, to: start.to, language: start.language, paused: start.paused ?? false } : { every: 'week', weekday: 1, day: 1, at: '09:00', to: [], language: t.lang })
  const [lines, setLines] = useState((start?.to ?? []).filter((x) => !x.startsWith('user:')).join('\n'))
  const [people, setPeople] = useState((start?.to ?? []).filter((x) => x.startsWith('user:')))
  const to = [...people, ...lines.split(/[\s,;，；]+/).filter(Boolean)]
  const at = error instanceof Problem ? error.errors[0]?.path : undefined
  const left = users.filter((u) => !people.includes(`user:${u.id}`))
  return (
    <form className="in-form in-edit" onSubmit={(e) => { e.preventDefault(); onDone({ ...d, to }) }}>
      <div className="in-sentence">
        <span className="in-part">{t('every')} <Pick<Every> label={t('every')} choices={(['day', 'week', 'month'] as const).map((value) => ({ value, label: t(value) }))} value={d.every} onPick={(every) => setD({ ...d, every })} /></span>
        {d.every === 'week' && <span className="in-part">{t('on')} <Pick label={t('on')} choices={weekdays(t.lang)} value={d.weekday} onPick={(weekday) => setD({ ...d, weekday })} /></span>}
        {d.every === 'month' && <span className="in-part">{t('on')} <Pick label={t('on')} choices={Array.from({ length: 28 }, (_, i) => ({ value: i + 1, label: String(i + 1) }))} value={d.day} onPick={(day) => setD({ ...d, day })} /></span>}
        <span className="in-part">{t('at')} <TextInput type="time" aria-label={t('at')} value={d.at} onChange={(e) => setD({ ...d, at: e.currentTarget.value })} required /></span>
        <span className="in-part">{t('language')} <Pick<'zh' | 'en'> label={t('language')} choices={(['zh', 'en'] as const).map((value) => ({ value, label: t(value) }))} value={d.language} onPick={(language) => setD({ ...d, language })} /></span>
      </div>
      <Textarea label={t('to')} description={t('toHelp')} autosize minRows={2} maxRows={6} value={lines} onChange={(e) => setLines(e.currentTarget.value)} error={at?.startsWith('/to') ? say(error) : undefined} />
      <div className="in-sentence">
        {people.map((p) => <button key={p} type="button" className="pick sm" onClick={() => setPeople(people.filter((x) => x !== p))}>{nameOf(p, users)} ×</button>)}
        {left.length > 0 && <Pick small choices={left.map((u) => ({ value: `user:${u.id}`, label: u.name || u.email }))} onPick={(p) => setPeople([...people, p])}>{t('team')}</Pick>}
      </div>
      {error !== null && error !== undefined && !at?.startsWith('/to') && <p className="bad small" role="alert">{say(error)}</p>}
      <div className="row in-do"><Button primary type="submit" disabled={to.length === 0} busy={busy}>{t(start ? 'keep' : 'schedule')}</Button></div>
    </form>
  )
}
