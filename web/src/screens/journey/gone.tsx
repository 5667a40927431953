// A journey that is not there, or not any more.
import { IconRoute } from '@tabler/icons-react'
import { useWords } from '~/i18n'
import { Empty, LinkButton } from '~/parts'
import { journeyWords } from './words'

export function JourneyGone() {
  const t = useWords(journeyWords)
  return <main className="page"><section className="card"><Empty icon={IconRoute} title={<span role="heading" aria-level={1}>{t('notFound')}</span>} action={<LinkButton to="/journeys">{t('toList')}</LinkButton>}>{t('notFoundHelp')}</Empty></section></main>
}
