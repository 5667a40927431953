// frame.tsx: one bar, six words, search, badge, pause all, help, language, gear; on a phone a bar of four words below.
import { Menu, Popover } from '@mantine/core'
import {
  IconAdjustments, IconChecklist, IconDatabase, IconHelpCircle, IconHome, IconInbox, IconLogout, IconMoon, IconPlayerPause, IconPlayerPlay, IconRoute, IconSearch,
  IconSettings, IconSun, IconUser, IconUsers,
} from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api, setCsrf } from '~/api/client'
import { useConnected, useLive } from '~/api/live'
import { useSession } from '~/api/session'
import { useLang, useWords } from '~/i18n'
import { Confirm, Note, toast, useErrorText } from '~/parts'
import { useScheme } from '~/theme/scheme'
import { Search } from './search'
import { shellWords } from './words'

export const NAV = [
  ['/', 'today'], ['/playbooks', 'playbooks'], ['/journeys', 'journeys'], ['/customers', 'customers'], ['/content', 'content'], ['/insights', 'insights'],
] as const
const PHONE = [['/', 'today', IconHome], ['/journeys', 'journeys', IconRoute], ['/customers', 'customers', IconUsers], ['/messages', 'messages', IconInbox]] as const
const at = (path: string, to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`))

export function Brand({ to = '/' }: { to?: string }) {
  const t = useWords(shellWords)
  return (
    <Link href={to} className="brand quiet" aria-label={t('home')}>
      <svg viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="8" fill="var(--accent)" /><path d="M9.2 5.8v11.1a5 5 0 1 0 5-5" fill="none" stroke="var(--on-accent)" strokeWidth="2.6" strokeLinecap="round" /></svg>
      <span className="brand-name">Beckon</span>
    </Link>
  )
}

export function LanguageSwitch() {
  const t = useWords(shellWords)
  const { lang, setLang } = useLang()
  const session = useSession()
  const other = lang === 'zh' ? 'en' : 'zh'
  return (
    <button type="button" className="tool" aria-label={`${t('languageShort')}: ${t('language')}`} lang={other === 'zh' ? 'zh-CN' : 'en'}
      onClick={() => { setLang(other); if (session?.user) void api.patch('/api/v1/session', { body: { language: other } }).catch(() => {}) }}>
      {t('languageShort')}
    </button>
  )
}

export function useGlobalPause() {
  const client = useQueryClient()
  const state = useQuery({ queryKey: ['pause'], queryFn: () => api.get('/api/v1/pause'), staleTime: 30_000 })
  useLive('pause', () => void client.invalidateQueries({ queryKey: ['pause'] }))
  return state
}

function PauseAll() {
  const t = useWords(shellWords)
  const words = useErrorText()
  const client = useQueryClient()
  const { data } = useGlobalPause()
  const [ask, setAsk] = useState(false)
  const paused = data?.paused ?? false
  const change = useMutation({
    mutationFn: () => (paused ? api.delete('/api/v1/pause') : api.post('/api/v1/pause', { body: {} })),
    onSuccess: () => { setAsk(false); toast(t(paused ? 'resumedToast' : 'pausedToast')); void client.invalidateQueries() },
    onError: (e) => { setAsk(false); toast(words(e)) },
  })
  const I = paused ? IconPlayerPlay : IconPlayerPause
  return (
    <>
      <button type="button" className={`tool pause ${paused ? 'is-paused' : ''}`} onClick={() => setAsk(true)}>
        <I size={18} stroke={1.75} aria-hidden /><span className="wide">{t(paused ? 'resumeAll' : 'pauseAll')}</span><span className="sr narrow">{t(paused ? 'resumeAll' : 'pauseAll')}</span>
      </button>
      <Confirm open={ask} onClose={() => setAsk(false)} busy={change.isPending} onYes={() => change.mutate()}
        title={t(paused ? 'resumeTitle' : 'pauseTitle')} yes={t(paused ? 'resumeYes' : 'pauseYes')}>
        {paused ? t('resumeBody', { n: data?.waiting ?? 0 }) : t('pauseBody')}
      </Confirm>
    </>
  )
}

function Badge() {
  const t = useWords(shellWords)
  const session = useSession()
  const connected = useConnected()
  const demo = session?.environment === 'demo'
  return <span className={`env ${demo ? 'demo' : ''} ${connected ? '' : 'off'}`} title={t(demo ? 'demoHelp' : 'liveHelp')}>{connected ? t(demo ? 'demo' : 'live') : t('offline')}</span>
}

function Help() {
  const t = useWords(shellWords)
  const [path] = useLocation()
  const topic = path.startsWith('/customers/segments') ? 'segments' : (['playbooks', 'journeys', 'customers', 'content', 'messages', 'insights', 'tasks', 'data', 'settings'] as const).find((x) => at(path, `/${x}`)) ?? 'today'
  return (
    <Popover width={320} position="bottom-end" trapFocus>
      <Popover.Target><button type="button" className="tool" aria-label={t('help')}><IconHelpCircle size={20} stroke={1.75} aria-hidden /></button></Popover.Target>
      <Popover.Dropdown>
        <div style={{ padding: 12 }} className="stack-2">
          <h3>{t('helpTitle')}</h3>
          <p className="muted">{t(`help_${topic}`)}</p>
          <p className="small"><a href="/docs" target="_blank" rel="noreferrer">{t('helpDocs')}</a></p>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

function Gear() {
  const t = useWords(shellWords)
  const session = useSession()
  const { choice, choose } = useScheme()
  const [, go] = useLocation()
  const client = useQueryClient()
  const signOut = useMutation({
    mutationFn: () => api.delete('/api/v1/session'),
    onSuccess: () => { setCsrf(''); client.removeQueries({ queryKey: ['session'] }); void client.invalidateQueries({ queryKey: ['setup'] }); go('/') },
  })
  const item = (to: string, I: typeof IconSettings, text: string) => <Menu.Item leftSection={<I size={18} stroke={1.75} aria-hidden />} onClick={() => go(to)}>{text}</Menu.Item>
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target><button type="button" className="tool" aria-label={t('gear')}><IconSettings size={20} stroke={1.75} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown>
        {item('/tasks', IconChecklist, t('tasks'))}
        {item('/messages', IconInbox, t('outbox'))}
        {item('/data', IconDatabase, t('data'))}
        {item('/settings', IconAdjustments, t('settings'))}
        <Menu.Divider />
        <Menu.Label>{t('theme')}</Menu.Label>
        {([['light', IconSun], ['dark', IconMoon], ['system', IconAdjustments]] as const).map(([c, I]) => (
          <Menu.Item key={c} closeMenuOnClick={false} className={choice === c ? 'chosen' : ''} leftSection={<I size={18} stroke={1.75} aria-hidden />} onClick={() => choose(c)}>{t(c)}</Menu.Item>
        ))}
        {session?.user && (
          <>
            <Menu.Divider />
            <Menu.Label>{t('signedInAs', { name: session.user.name || session.user.email })}</Menu.Label>
            {item('/settings/account', IconUser, t('account'))}
            <Menu.Item leftSection={<IconLogout size={18} stroke={1.75} aria-hidden />} onClick={() => signOut.mutate()}>{t('signOut')}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

export function Frame({ children }: { children: ReactNode }) {
  const t = useWords(shellWords)
  const [path] = useLocation()
  const [finding, setFinding] = useState(false)
  const pause = useGlobalPause()
  const session = useSession()
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); setFinding((x) => !x) }
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [])
  return (
    <>
      <header className="top">
        <Brand />
        <nav className="nav" aria-label={t('nav')}>
          {NAV.map(([to, word]) => <Link key={to} href={to} className="quiet" aria-current={at(path, to) ? 'page' : undefined}>{t(word)}</Link>)}
        </nav>
        <div className="tools">
          <button type="button" className="tool find" onClick={() => setFinding(true)} aria-label={`${t('find')} Ctrl K`}>
            <IconSearch size={18} stroke={1.75} aria-hidden /><span className="wide">{t('find')}</span><kbd className="wide">Ctrl K</kbd>
          </button>
          <Badge />
          <PauseAll />
          <Help />
          <LanguageSwitch />
          <Gear />
        </div>
      </header>
      {(pause.data?.paused || session?.sending_held) && (
        <div className="banner">
          <Note kind="warn">{pause.data?.paused ? t('bannerPaused', { by: pause.data.by || 'none' }) : t('bannerHeld')}</Note>
        </div>
      )}
      {children}
      <nav className="phone-nav" aria-label={t('nav')}>
        {PHONE.map(([to, word, I]) => (
          <Link key={to} href={to} className="quiet" aria-current={at(path, to) ? 'page' : undefined}><I size={26} stroke={1.75} aria-hidden /><span>{t(word)}</span></Link>
        ))}
      </nav>
      {finding && <Search close={() => setFinding(false)} />}
    </>
  )
}

/** The way back, for screens without the frame. */
export function WayBack({ to, name, title, status, children }: { to: string; name: string; title: ReactNode; status?: ReactNode; children?: ReactNode }) {
  return (
    <header className="top bare">
      <Link href={to} className="row quiet muted way-back"><span aria-hidden>←</span><span className="clip">{name}</span></Link>
      <span className="bare-title b clip">{title}</span>
      {status && <span className="small dim nowrap">{status}</span>}
      <div className="tools">{children}<LanguageSwitch /></div>
    </header>
  )
}
