// overview.tsx: three questions about the shop, each with the act that follows; every number opens its customers.
import { IconChartBar } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useWords } from '~/i18n'
import { Card, Empty, LinkButton, PageHead, Segmented } from '~/parts'
import { useDemo } from '~/parts/demo'
import { type Funnel as FunnelAnswer, funnelOf, type Groups as GroupsAnswer, groupsOf, since, useAnswer } from './ask'
import { Drill, type Figure } from './people'
import { Funnel } from './funnel'
import { Groups } from './groups'
import { Hours } from './hours'
import { InsightTabs } from './tabs'
import { Waited } from './wait'
import { insightsWords } from './words'

const PERIODS = ['7', '30', '90'] as const
type Days = (typeof PERIODS)[number]
/** As far back as this a shop that shows nothing is one that is not connected. */
const LONG = 3650

export function Overview() {
  const t = useWords(insightsWords)
  const [days, setDays] = useState<Days>('30')
  const [figure, setFigure] = useState<Figure | null>(null)
  const from = useMemo(() => since(Number(days)), [days])
  const ever = useMemo(() => since(LONG), [])
  const demo = useDemo()
  const bought = useAnswer<GroupsAnswer>(groupsOf())
  const nobody = bought.data?.total.customers === 0
  const looked = useAnswer<FunnelAnswer>(nobody ? funnelOf(ever) : null)
  const empty = nobody && looked.data?.steps[0]?.customers === 0
  return (
    <main className="page in-page">
      <PageHead title={t('title')} sub={demo.state.data?.status === 'ready' ? t('demo') : undefined}>
        {!empty && <Segmented value={days} onChange={setDays} label={t('period')} options={PERIODS.map((value) => ({ value, label: t('days', { n: value }) }))} />}
      </PageHead>
      <InsightTabs at="overview" />
      <Waited of={bought} lines={10}>
        {() => (empty
          ? <Card><Empty icon={IconChartBar} title={t('emptyTitle')} action={<LinkButton primary to="/data">{t('connect')}</LinkButton>}>{t('empty')}</Empty></Card>
          : (
            <>
              <div className="in-two"><Funnel from={from} open={setFigure} /><Hours from={from} open={setFigure} /></div>
              <Groups open={setFigure} />
            </>
          ))}
      </Waited>
      <Drill figure={figure} onClose={() => setFigure(null)} />
    </main>
  )
}
