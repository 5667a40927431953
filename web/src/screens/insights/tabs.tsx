// tabs.tsx: the three parts of Insights.
import { useLocation } from 'wouter'
import { useWords } from '~/i18n'
import { Tabs } from '~/parts'
import { questionWords } from './question-words'

const PLACES = { overview: '/insights', questions: '/insights/questions', boards: '/insights/boards' } as const
export function InsightTabs({ at }: { at: keyof typeof PLACES }) {
  const t = useWords(questionWords)
  const [, go] = useLocation()
  return <Tabs value={at} onChange={(v) => go(PLACES[v])} tabs={(['overview', 'questions', 'boards'] as const).map((value) => ({ value, label: t(`tab_${value}`) }))} />
}
