// Today: the title counts what needs a person; then what goes out in 24 hours, then what runs. Before the first journey: the steps
// that are left.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { useLive } from '~/api/live'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { ErrorNote, Loading, Note, PageHead } from '~/parts'
import { type Today as Data, useToday } from '../journeys'
import { Ahead } from './ahead'
import { Better, Goals } from './goals'
import { Needs } from './needs'
import { Running } from './running'
import { FirstSteps } from './steps'
import './today.css'
import { todayWords } from './words'

export default function Today() {
  const client = useQueryClient()
  const q = useToday()
  const fresh = () => void client.invalidateQueries({ queryKey: ['today'] })
  useLive('alert', fresh)
  useLive('pause', fresh)
  useLive('channels', fresh)
  useLive('journeys', fresh)
  if (q.error && !q.data) return <main className="page"><ErrorNote error={q.error} retry={() => void q.refetch()} /></main>
  if (!q.data) return <main className="page"><Loading lines={8} /></main>
  const { first_steps: steps } = q.data
  const beginning = !steps.playbook.done && q.data.journeys.length === 0
  return beginning ? <FirstSteps today={q.data} /> : <Day today={q.data} />
}

function Day({ today }: { today: Data }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const session = useSession()
  const n = today.needs.length
  const running = today.journeys.some((j) => j.status === 'live')
  const when = t.lang === 'zh' ? `${f.day(today.at)}，${f.weekday(today.at)}，${f.clock(today.at)}` : `${f.weekday(today.at)} ${f.day(today.at)}, ${f.clock(today.at)}`
  const stop = t.lang === 'zh' ? '。' : '. '
  return (
    <main className="page today">
      <PageHead title={n ? t('needs', { n }) : t('quiet')} sub={`${when}${stop}${running ? (n ? t('restWell') : t('nothing')) : t('noneRuns')}`} />
      <div className="cols">
        <div className="stack-5">
          {n > 0 && <Needs needs={today.needs} />}
          {session?.environment === 'demo' && <Note>{t('demoBanner')} <Link href="/data" className="m">{t('demoDo')}</Link></Note>}
          <Ahead today={today} />
          <Running today={today} />
        </div>
        <aside className="stack-5"><Goals today={today} /><Better today={today} /></aside>
      </div>
      <p className="td-all"><Link href="/journeys" className="m">{t('all')}</Link></p>
    </main>
  )
}
