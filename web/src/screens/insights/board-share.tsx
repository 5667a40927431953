// board-share.tsx: links that show a board without sign-in: made, told once, withdrawn.
import { Modal, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { all, api } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Copy, Loaded, Note, Pick, toast, useErrorText } from '~/parts'
import { boardWords } from './board-words'
import type { Board } from './kept'

type Share = { id: string; name?: string; until: string; url?: string }
const LIVES = [7, 30, 90, 365] as const

export function BoardShare({ board, onClose }: { board: Board; onClose: () => void }) {
  const t = useWords(boardWords)
  const f = useFormat()
  const say = useErrorText()
  const client = useQueryClient()
  const key = ['dashboards', board.id, 'shares']
  const shares = useQuery({ queryKey: key, queryFn: () => all<Share>('/api/v1/dashboards/{id}/shares', { path: { id: board.id } }) })
  const [name, setName] = useState('')
  const [days, setDays] = useState<number>(30)
  const again = () => client.invalidateQueries({ queryKey: key })
  const onError = (e: unknown) => toast(say(e))
  const make = useMutation({ mutationFn: () => api.post<Share>('/api/v1/dashboards/{id}/shares', { path: { id: board.id }, body: { days, ...(name.trim() ? { name: name.trim() } : {}) } }), onSuccess: () => { setName(''); void again() }, onError })
  const end = useMutation({ mutationFn: (s: Share) => api.delete('/api/v1/dashboards/{id}/shares/{share}', { path: { id: board.id, share: s.id } }), onSuccess: (_, s) => { toast(t('withdrawn', { name: s.name ?? t('unnamed') })); if (make.data?.id === s.id) make.reset(); void again() }, onError })
  return (
    <Modal opened onClose={onClose} title={t('shareTitle')} centered size={620} lockScroll={false} closeButtonProps={{ 'aria-label': t('closed') }}>
      <p className="muted">{t('shareHelp')}</p>
      <form className="in-form" onSubmit={(e) => { e.preventDefault(); make.mutate() }}>
        <TextInput label={t('shareName')} value={name} maxLength={100} onChange={(e) => setName(e.currentTarget.value)} />
        <span className="in-part">{t('lives')} <Pick label={t('lives')} choices={LIVES.map((n) => ({ value: n as number, label: t('days', { n }) }))} value={days} onPick={setDays} /></span>
        <Button primary type="submit" busy={make.isPending}>{t('make')}</Button>
      </form>
      {make.data?.url && <Note kind="good" action={<span><Copy text={make.data.url} label={t('copy')} /></span>}><a className="wrap" href={make.data.url} target="_blank" rel="noreferrer">{make.data.url}</a><br /><span className="small">{t('once')}</span></Note>}
      <Loaded of={shares} lines={3}>
        {(list) => (list.length === 0 ? <p className="small dim">{t('shareNone')}</p> : (
          <ul className="in-people">
            {list.map((s) => {
              const over = Date.parse(s.until) < Date.now()
              return <li key={s.id} className="row"><span className="grow m">{s.name ?? t('unnamed')}</span><span className="small dim">{t(over ? 'over' : 'until', { at: f.day(s.until) })}</span><Button small busy={end.isPending && end.variables?.id === s.id} onClick={() => end.mutate(s)}>{t('withdraw')}</Button></li>
            })}
          </ul>
        ))}
      </Loaded>
    </Modal>
  )
}
