// Settings: a list on the left, one part on the right.
import { lazy, type ReactNode, Suspense, useEffect, useRef } from 'react'
import { Link, useParams } from 'wouter'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { Loading } from '~/parts'
import NotFound from '../not-found'
import './settings.css'
import { settingsWords } from './words'

const PARTS = {
  channels: lazy(() => import('./channels')),
  rules: lazy(() => import('./rules')),
  team: lazy(() => import('./team')),
  workspace: lazy(() => import('./workspace')),
  developers: lazy(() => import('./developers')),
  account: lazy(() => import('./account')),
}
const ORDER = ['channels', 'rules', 'data', 'team', 'workspace', 'developers'] as const

export function SettingsFrame({ at, children }: { at: string; children: ReactNode }) {
  const t = useWords(settingsWords)
  const session = useSession()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => { const on = nav.current?.querySelector<HTMLElement>('[aria-current]'); if (on && nav.current) nav.current.scrollLeft = on.offsetLeft - 40 }, [at])
  return (
    <main className="page settings">
      <nav ref={nav} className="settings-nav" aria-label={t('settings')}>
        <p className="small dim settings-label">{t('settings')}</p>
        {[...ORDER, ...(session?.user ? (['account'] as const) : [])].map((x) => (
          <Link key={x} href={x === 'data' ? '/data' : `/settings/${x}`} className="quiet" aria-current={x === at ? 'page' : undefined}>{t(x)}</Link>
        ))}
      </nav>
      <div className="settings-body">{children}</div>
    </main>
  )
}

export default function Settings() {
  const { tab = 'channels' } = useParams<{ tab?: string }>()
  if (!(tab in PARTS)) return <NotFound />
  const Part = PARTS[tab as keyof typeof PARTS]
  return <SettingsFrame at={tab}><Suspense fallback={<Loading />}><Part /></Suspense></SettingsFrame>
}
