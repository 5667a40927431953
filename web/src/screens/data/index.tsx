// Data: sources with keys and snippet, files, what arrives now, what was refused.
import { useQuery } from '@tanstack/react-query'
import { useLocation, useParams } from 'wouter'
import { api } from '~/api/client'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { PageHead, Tabs } from '~/parts'
import { SettingsFrame } from '../settings'
import { Demo } from './demo'
import './data.css'
import { Imports } from './files'
import { LiveTail } from './live'
import { Rejected } from './rejected'
import { Sources } from './sources'
import { dataWords } from './words'

const TABS = ['sources', 'imports', 'live', 'rejected'] as const
type Tab = (typeof TABS)[number]

export default function Data() {
  const t = useWords(dataWords)
  const session = useSession()
  const [, go] = useLocation()
  const { tab } = useParams<{ tab?: string }>()
  const at: Tab = TABS.includes(tab as Tab) ? (tab as Tab) : 'sources'
  const steps = useQuery({ queryKey: ['today'], queryFn: () => api.get('/api/v1/today') })
  const n = steps.data?.first_steps.data.customers
  return (
    <SettingsFrame at="data">
      <PageHead title={t('title')} sub={n === 0 ? t('empty') : undefined} />
      <div className="stack-5">
        {session?.environment === 'demo' && <Demo />}
        <Tabs value={at} onChange={(x) => go(x === 'sources' ? '/data' : `/data/${x}`)} tabs={TABS.map((x) => ({ value: x, label: t(x) }))} />
        {at === 'sources' ? <Sources /> : at === 'imports' ? <Imports /> : at === 'live' ? <LiveTail /> : <Rejected />}
      </div>
    </SettingsFrame>
  )
}
