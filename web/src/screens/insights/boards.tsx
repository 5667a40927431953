// boards.tsx: boards of questions: ready ones by one click, moved by buttons, taken off with Undo.
import { IconArrowDown, IconArrowUp, IconLayoutDashboard, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { useQueryOf } from '~/api/search'
import { useText, useWords } from '~/i18n'
import { Button, Card, Confirm, Empty, LinkButton, Loaded, PageHead, Pick, toast } from '~/parts'
import { type Ask, askOf, firstAsk, type Kind } from './asks'
import { type Board, type Item, itemOf, useBoards, useKeeping } from './kept'
import { questionWords } from './question-words'
import { Result } from './result'
import { InsightTabs } from './tabs'

const of = (kind: Kind, change: Partial<Ask> = {}): Ask => ({ ...firstAsk(kind), ...change })
const READY = {
  sales: [of('orders'), of('heatmap'), of('rfm'), of('returns')],
  lifecycle: [of('lifecycle'), of('retention'), of('repurchase')],
  marketing: [of('sources'), of('attribution'), of('funnel')],
  journey: [of('trend', { event: 'Message Sent' }), of('trend', { event: 'Message Opened' }), of('interval')],
} as const
const NAMES = ['sales', 'lifecycle', 'marketing', 'journey'] as const

export function Boards() {
  const t = useWords(questionWords)
  const text = useText()
  const [, go] = useLocation()
  const boards = useBoards()
  const wanted = useQueryOf().get('board')
  const list = boards.data ?? []
  const board = list.find((b) => b.id === wanted) ?? list[0]
  return (
    <main className="page in-page">
      <PageHead title={board ? text(board.name, board.id) : t('boards')} sub={board ? undefined : t('boardsHelp')}>
        {list.length > 1 && board && <Pick choices={list.map((b) => ({ value: b.id, label: text(b.name, b.id) }))} value={board.id} onPick={(id) => go(`/insights/boards?board=${encodeURIComponent(id)}`)} />}
        {board && <Remove board={board} />}
      </PageHead>
      <InsightTabs at="boards" />
      <Loaded of={boards}>{() => (board ? <One key={board.id} board={board} /> : <Card><Empty icon={IconLayoutDashboard} title={t('boardsEmpty')}>{t('boardsHelp')}</Empty></Card>)}</Loaded>
      {boards.data && <Ready />}
    </main>
  )
}

function One({ board }: { board: Board }) {
  const t = useWords(questionWords)
  const text = useText()
  const { change } = useKeeping()
  const items = board.items ?? []
  const put = (next: Item[]) => change.mutate({ ...board, items: next })
  const move = (i: number, by: number) => {
    const next = [...items], [x] = next.splice(i, 1)
    if (x) next.splice(i + by, 0, x)
    put(next)
  }
  if (items.length === 0) return <Card><Empty title={t('empty')} action={<LinkButton primary to="/insights/questions">{t('ask')}</LinkButton>} /></Card>
  return (
    <div className="in-board">
      {items.map((item, i) => {
        const ask = askOf(item.chart)
        const name = ask ? text(item.title, t(`q_${ask.kind}`)) : text(item.title, item.analysis ?? '')
        const off = () => change.mutate({ ...board, items: items.filter((_, k) => k !== i) }, { onSuccess: () => toast(t('gone', { name }), () => put(items)) })
        return (
          <section key={`${i} ${items.length} ${JSON.stringify(item.chart)}`} className="card pad">
            <div className="in-head">
              <h2 className="grow">{name}</h2>
              <button type="button" className="in-drop" disabled={i === 0 || change.isPending} aria-label={t('up', { name })} onClick={() => move(i, -1)}><IconArrowUp size={16} stroke={1.75} aria-hidden /></button>
              <button type="button" className="in-drop" disabled={i === items.length - 1 || change.isPending} aria-label={t('down', { name })} onClick={() => move(i, 1)}><IconArrowDown size={16} stroke={1.75} aria-hidden /></button>
              <button type="button" className="in-drop" disabled={change.isPending} aria-label={t('off', { name })} onClick={off}><IconX size={16} stroke={1.75} aria-hidden /></button>
            </div>
            {ask ? <Result ask={ask} short /> : <p className="muted">{t('asked')}</p>}
          </section>
        )
      })}
    </div>
  )
}

function Remove({ board }: { board: Board }) {
  const t = useWords(questionWords)
  const text = useText()
  const { remove } = useKeeping()
  const [, go] = useLocation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('removeBoard')}</Button>
      <Confirm
        open={open} bad title={t('removeTitle', { name: text(board.name, board.id) })} yes={t('removeBoard')} busy={remove.isPending} onClose={() => setOpen(false)}
        onYes={() => remove.mutate(board, { onSuccess: () => { setOpen(false); go('/insights/boards') } })}
      >{t('removeBody')}</Confirm>
    </>
  )
}

function Ready() {
  const t = useWords(questionWords)
  const [, go] = useLocation()
  const { make } = useKeeping()
  const title = (a: Ask) => ({ zh: questionWords.zh[`q_${a.kind}`], en: questionWords.en[`q_${a.kind}`] })
  return (
    <section className="in-groups in-ready">
      <h2>{t('ready')}</h2>
      <ul>
        {NAMES.map((b) => (
          <li key={b} className="card pad">
            <h3>{t(`b_${b}`)}</h3>
            <p className="small muted">{t(`bd_${b}`)}</p>
            <Button
              small busy={make.isPending} aria-label={`${t('make')}: ${t(`b_${b}`)}`}
              onClick={() => make.mutate({ name: { zh: questionWords.zh[`b_${b}`], en: questionWords.en[`b_${b}`] }, items: READY[b].map((a) => itemOf(a, title(a))) }, {
                onSuccess: (made) => { toast(t('made', { name: t(`b_${b}`) })); go(`/insights/boards?board=${encodeURIComponent(made.id)}`) },
              })}
            >{t('make')}</Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
