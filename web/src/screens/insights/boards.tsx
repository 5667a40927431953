// boards.tsx: the boards there are, and ready ones by one click.
import { IconLayoutDashboard } from '@tabler/icons-react'
import { useLocation } from 'wouter'
import { useQueryOf } from '~/api/search'
import { useText, useWords } from '~/i18n'
import { Button, Card, Empty, Loaded, PageHead, Pick, toast } from '~/parts'
import { BoardActs, OneBoard } from './board'
import { useBoards, useKeeping } from './kept'
import { questionWords } from './question-words'
import { BOARDS, readyBoard } from './ready'
import { InsightTabs } from './tabs'

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
        {list.length > 1 && board && <Pick label={t('boards')} choices={list.map((b) => ({ value: b.id, label: text(b.name, b.id) }))} value={board.id} onPick={(id) => go(`/insights/boards?board=${encodeURIComponent(id)}`)} />}
        {board && <BoardActs key={board.id} board={board} />}
      </PageHead>
      <InsightTabs at="boards" />
      <Loaded of={boards}>{() => (board ? <OneBoard key={board.id} board={board} /> : <Card><Empty icon={IconLayoutDashboard} title={t('boardsEmpty')}>{t('boardsHelp')}</Empty></Card>)}</Loaded>
      {boards.data && <Ready />}
    </main>
  )
}

function Ready() {
  const t = useWords(questionWords)
  const [, go] = useLocation()
  const { make } = useKeeping()
  return (
    <section className="in-groups in-ready">
      <h2>{t('ready')}</h2>
      <ul>
        {BOARDS.map((b) => (
          <li key={b} className="card pad">
            <h3>{t(`b_${b}`)}</h3>
            <p className="small muted">{t(`bd_${b}`)}</p>
            <Button
              small busy={make.isPending} aria-label={`${t('make')}: ${t(`b_${b}`)}`}
              onClick={() => make.mutate(readyBoard(b), { onSuccess: (made) => { toast(t('made', { name: t(`b_${b}`) })); go(`/insights/boards?board=${encodeURIComponent(made.id)}`) } })}
            >{t('make')}</Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
