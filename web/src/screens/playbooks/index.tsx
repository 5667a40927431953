// Playbooks: the ready ones first, ordered by how many of one's own customers they would meet; the others say what is missing.
import { IconListCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { type Playbook, usePlaybooks } from '~/api/playbooks'
import { useWords } from '~/i18n'
import { Button, Empty, Loaded, PageHead, Segmented } from '~/parts'
import { Card } from './card'
import './playbooks.css'
import { playbooksWords } from './words'

const GOALS = ['win', 'recover', 'keep', 'reward'] as const
type Goal = (typeof GOALS)[number] | 'all'

function Group({ title, sub, items, first }: { title: string; sub: string; items: Playbook[]; first: string | undefined }) {
  if (!items.length) return null
  return (
    <section>
      <div className="pb-grp"><h2>{title}</h2><span className="dim">{sub}</span></div>
      <div className="pb-g3">{items.map((p) => <Card key={p.id} p={p} first={p.id === first} />)}</div>
    </section>
  )
}

function List({ items, goal, all }: { items: Playbook[]; goal: Goal; all: () => void }) {
  const t = useWords(playbooksWords)
  const shown = items.filter((p) => goal === 'all' || p.goal === goal)
  const ready = shown.filter((p) => p.ready)
  const away = shown.filter((p) => !p.ready)
  const first = (ready.find((p) => !p.installed) ?? away.find((p) => !p.installed))?.id
  const counted = ready.some((p) => typeof p.people_month?.count === 'number')
  return (
    <>
      {!shown.length && <Empty icon={IconListCheck} title={t('noneHere')} action={<Button onClick={all}>{t('showAll')}</Button>}>{t('noneHereSay')}</Empty>}
      <Group title={t('now')} sub={t(counted ? 'nowSub' : 'nowSubPlain')} items={ready} first={first} />
      <Group title={t('away')} sub={t('awaySub')} items={away} first={first} />
      {items.length > 0 && <p className="dim small pb-used">{t('used', { n: items.filter((p) => p.installed).length, of: items.length })}</p>}
    </>
  )
}

export default function Playbooks() {
  const t = useWords(playbooksWords)
  const [goal, setGoal] = useState<Goal>('all')
  const list = usePlaybooks()
  const items = list.data?.items ?? []
  const goals = GOALS.filter((g) => items.some((p) => p.goal === g))
  return (
    <main className="page">
      <PageHead title={t('title')} sub={t('sub')}>
        {goals.length > 1 && <Segmented<Goal> label={t('filter')} value={goal} onChange={setGoal} options={[{ value: 'all', label: t('all', { n: items.length }) }, ...goals.map((g) => ({ value: g, label: t(g) }))]} />}
      </PageHead>
      <Loaded of={list} lines={8}>{(d) => <List items={d.items} goal={goal} all={() => setGoal('all')} />}</Loaded>
    </main>
  )
}
