// One question, and the answer at once as a message and a sentence.
import { IconArrowRight, IconBuildingStore, IconCake, IconCalendarRepeat, IconCircle, IconCircleCheckFilled, IconShoppingCart, IconUserHeart, type TablerIcon } from '@tabler/icons-react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { Problem } from '~/api/client'
import { type Line, usePlaybookPreview } from '~/api/playbooks'
import { useSession } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Note, Phone, useErrorText } from '~/parts'
import { useDemo } from '~/parts/demo'
import { Bubble, MailFrame } from '~/parts/message'
import { isMoney } from '~/screens/setup/values'
import { Brand, LanguageSwitch } from '~/shell/frame'
import { firstRunWords } from './words'

type Wish = 'welcome' | 'abandoned-cart' | 'renewal' | 'birthday' | 'demo'
const WISHES: [Wish, TablerIcon][] = [['welcome', IconUserHeart], ['abandoned-cart', IconShoppingCart], ['renewal', IconCalendarRepeat], ['birthday', IconCake], ['demo', IconBuildingStore]]

function Answer({ wish }: { wish: Wish }) {
  const t = useWords(firstRunWords)
  const text = useText()
  const session = useSession()
  const f = useFormat()
  const preview = usePlaybookPreview(wish, { answers: {}, language: t.lang }, wish !== 'demo')
  if (wish === 'demo') return <div className="fr-demo"><IconBuildingStore size={48} stroke={1.25} aria-hidden /><p>{t('demoPreview')}</p></div>
  const first = preview.data?.messages?.[0]
  // Worths with their sign: ¥10 needs no 元 behind it.
  const said = (l: Line) => (l.parts?.[t.lang] ?? []).map((p, i, all) => (isMoney(p.question) ? f.money(Number(p.text)) : isMoney(all[i - 1]?.question) ? (p.text ?? '').replace(/^\s*元/, '') : (p.text ?? ''))).join('').replace(/[“”]/g, '') || text(l.text)
  return (
    <>
      <Phone who={session?.workspace.name || first?.from || 'Beckon'}>
        {first ? (
          <>
            <p className="when">{text(first.after) || t('when')}</p>
            {first.html ? (
              <div className="fr-mail"><p className="b">{first.subject}</p><MailFrame html={first.html} subject={first.subject ?? ''} height={250} natural={420} /></div>
            ) : <Bubble text={first.sms?.text ?? first.text ?? ''} />}
          </>
        ) : preview.error ? <p className="when">{t('noMessage')}</p> : <span className="skeleton fr-wait" />}
      </Phone>
      <p className="fr-say">
        {(preview.data?.sentence ?? []).filter((l) => l.block !== 'rules').slice(0, 4).map((l, i) => <span key={i}>{said(l)}</span>)}
      </p>
    </>
  )
}

export function Choose() {
  const t = useWords(firstRunWords)
  const say = useErrorText()
  const [, go] = useLocation()
  const [wish, setWish] = useState<Wish>('welcome')
  const buttons = useRef<(HTMLButtonElement | null)[]>([])
  const { state, fill } = useDemo()
  const filling = fill.isPending || (wish === 'demo' && state.data?.status === 'filling')
  const started = useRef(false)
  useEffect(() => { if (started.current && state.data?.status === 'ready') go('/', { replace: true }) }, [state.data, go])
  const key = (e: KeyboardEvent, i: number) => {
    const by = e.key === 'ArrowDown' || e.key === 'ArrowRight' ? 1 : e.key === 'ArrowUp' || e.key === 'ArrowLeft' ? -1 : 0
    if (!by) return
    e.preventDefault()
    const next = (i + by + WISHES.length) % WISHES.length
    setWish(WISHES[next]?.[0] ?? 'welcome')
    buttons.current[next]?.focus()
  }
  const start = () => {
    if (wish !== 'demo') return go(`/playbooks/${wish}`)
    if (state.data?.status === 'ready') return go('/')
    started.current = true
    fill.mutate()
  }
  const broken = fill.error ? (fill.error instanceof Problem && fill.error.status === 403 ? t('demoForbidden') : t('demoFailed', { why: say(fill.error) }))
    : wish === 'demo' && state.data?.status === 'failed' ? t('demoFailed', { why: state.data.detail ?? '' }) : null
  return (
    <main className="fr">
      <section className="fr-l">
        <div className="fr-brand"><Brand /></div>
        <h1 id="fr-q">{t('title')}</h1>
        <p className="fr-sub muted">{t('sub')}</p>
        <div className="fr-opts" role="radiogroup" aria-labelledby="fr-q">
          {WISHES.map(([id, I], i) => {
            const on = wish === id
            const C = on ? IconCircleCheckFilled : IconCircle
            return (
              <button key={id} ref={(el) => { buttons.current[i] = el }} type="button" role="radio" aria-checked={on} tabIndex={on ? 0 : -1} className="fr-opt" data-wish={id} onClick={() => setWish(id)} onKeyDown={(e) => key(e, i)}>
                <span className="fr-ic"><I size={20} stroke={1.75} aria-hidden /></span>
                <span><b>{t(id)}</b><span className="fr-d">{t(`${id}Say`)}</span></span>
                <C className="fr-ck" size={20} stroke={1.75} aria-hidden />
              </button>
            )
          })}
        </div>
        {broken && <div className="fr-note"><Note kind="bad">{broken}</Note></div>}
        <div className="fr-bar">
          <Button primary large busy={filling} onClick={start}>{t(`go_${wish}`)}<IconArrowRight size={20} stroke={1.75} aria-hidden /></Button>
          <span className="small dim" role="status">{filling ? t('filling') : t(wish === 'demo' ? 'demoSafe' : 'safe')}</span>
        </div>
      </section>
      <aside className="fr-r" aria-live="polite">
        <div className="fr-lang"><LanguageSwitch /></div>
        <Answer wish={wish} />
      </aside>
    </main>
  )
}
