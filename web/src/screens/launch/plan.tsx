// Who gets it when. The button states how many it touches; the default begins with every tenth.
import { useState } from 'react'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Confirm, Note, Pick, useErrorText } from '~/parts'
import type { Checks, Journey } from './data'
import { launchWords } from './words'

export type Start = { percent: number; holdout: number }

export function Plan({ journey, checks, busy, error, onStart }: { journey: Journey; checks: Checks; busy: boolean; error: unknown; onStart: (s: Start) => void }) {
  const t = useWords(launchWords)
  const text = useText()
  const f = useFormat()
  const say = useErrorText()
  const [percent, setPercent] = useState(10)
  const [holdout, setHoldout] = useState(journey.release?.holdout ?? 0)
  const [asks, setAsks] = useState(false)
  const people = checks.people ? checks.people : undefined
  const kept = people === undefined ? undefined : Math.round((people * holdout) / 100)
  const rest = people === undefined || kept === undefined ? undefined : people - kept
  const first = rest === undefined ? undefined : Math.max(rest > 0 ? 1 : 0, Math.round((rest * percent) / 100))
  const when = journey.trigger?.at ? t('atTime', { time: journey.trigger.at }) : t('atOnce')
  const blocking = (checks.checks ?? []).find((c) => c.severity === 'error')
  const share = f.share(percent / 100)
  const number = (n: number | undefined) => (n === undefined ? <span className="dim">–</span> : <>{f.number(n)}<small>{t('people')}</small></>)
  const event = !journey.trigger?.date
  return (
    <aside className="la-side">
      <Card title={t('plan')}>
        <div className="la-rel">
          <span className="dot f" />
          <p><b className="b">{t(event ? 'firstEvent' : 'first', { percent: share })}</b><br /><span className="muted">{t('firstSay')}</span>{' '}
            <Pick<number> small label={t('share')} value={percent} onPick={setPercent} choices={[5, 10, 20, 50].map((n) => ({ value: n, label: f.share(n / 100), ...(rest ? { effect: f.number(Math.round((rest * n) / 100)) } : {}) }))} /></p>
          <span className="v num">{number(first)}</span>
          <span className={`dot ${holdout ? '' : 'x'}`} />
          <p><b className="b">{t('rest')}</b><br /><span className="muted">{t('restSay')}</span></p>
          <span className="v num">{number(rest !== undefined && first !== undefined ? rest - first : undefined)}</span>
          <span className="dot g x" />
          <p className="lastp"><b className="b">{holdout ? t('aside') : t('asideNone')}</b><br />{holdout > 0 && <span className="muted">{t('asideSay', { n: holdout })} </span>}
            <Pick<number> small label={t('asidePick')} value={holdout} onPick={setHoldout} choices={[...new Set([0, 5, 10, 20, holdout])].sort((a, b) => a - b).map((n) => ({ value: n, label: f.share(n / 100), ...(people ? { effect: f.number(Math.round((people * n) / 100)) } : {}) }))} /></p>
          <span className="v num">{holdout ? number(kept) : ''}</span>
        </div>
        {people !== undefined && Object.keys(checks.reachable ?? {}).length > 0 && (
          <div className="la-sums">
            {Object.entries(checks.reachable ?? {}).map(([c, n]) => <div key={c} className="small muted between"><span>{t('reach', { channel: c === 'email' ? t('email') : c === 'sms' ? t('sms') : c })}</span><b className="num">{f.number(n)}</b></div>)}
          </div>
        )}
        {error ? <Note kind="bad"><p className="m">{t('failed')}</p><p>{say(error)}</p></Note> : null}
        <Button primary large className="la-go" busy={busy} disabled={!!blocking} onClick={() => onStart({ percent, holdout })}>
          {first === undefined ? t('startNone', { percent: share }) : t('start', { n: first, when })}
        </Button>
        <div className="row la-more">
          {blocking ? <span className="small dim" role="status">{t('waitFirst', { what: text(blocking.words) || text(blocking.title) })}</span>
            : <Button small plain disabled={busy} onClick={() => setAsks(true)}>{rest === undefined ? t('startAllNone') : t(event ? 'startAllMonth' : 'startAll', { n: rest })}</Button>}
        </div>
      </Card>
      <p className="small dim la-safe">{journey.version ? `${t('live')} ` : ''}{t('safe')}</p>
      <Confirm open={asks} onClose={() => setAsks(false)} title={t('allTitle')} yes={rest === undefined || event ? t('allYes') : t('startAll', { n: rest })} safer={t('allNo', { percent: share })} busy={busy} onSafer={() => { setAsks(false); onStart({ percent, holdout }) }} onYes={() => { setAsks(false); onStart({ percent: 100, holdout }) }}>
        {rest === undefined ? t('allBodyNone') : t('allBody', { n: rest })}
      </Confirm>
    </aside>
  )
}
