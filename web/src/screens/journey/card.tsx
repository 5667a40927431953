// card.tsx: the journey on one card, to hand around or print: for whom, what, when it ends, what it is for, who looks after it.
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button } from '~/parts'
import { lines, pathKey, type Shown } from './model'
import type { Figures } from './report'
import { bold, type Say } from './say'
import { journeyWords } from './words'

export function JourneyCard({ journey, figures, say }: { journey: Shown; figures: Figures | undefined; say: Say }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const text = useText()
  const category = journey.policy?.category ?? 'promotion'
  const quiet = journey.policy?.quiet ?? (category === 'transactional' ? 'ignore' : 'defer')
  const rule = t(category === 'transactional' ? 'ruleTransactional' : category === 'service' ? 'ruleService' : 'rulePromotion')
  const rules = category === 'transactional' ? rule : `${rule}${say.lang === 'zh' ? '；' : '; '}${t(quiet === 'drop' ? 'quietDrop' : quiet === 'ignore' ? 'quietIgnore' : 'quietDefer')}`
  const percent = journey.release?.percent ?? 100
  const holdout = journey.release?.holdout ?? 0
  const exits = say.exits(journey)
  const rows: [string, React.ReactNode][] = [
    [t('kStart'), bold(say.trigger(journey.trigger))],
    [t('kWho'), say.who(journey)],
    [t('kAgain'), say.again(journey)],
    [t('kSteps'), <ol key="s" className="jc-steps">{lines(journey.steps).map((l) => <li key={pathKey(l.path) + l.kind} style={{ marginLeft: l.depth * 20 }} className={l.kind === 'arm' ? 'muted' : ''}>{bold(l.kind === 'arm' ? say.arm(l.arm) : say.step(l.step))}</li>)}</ol>],
    [t('kExit'), exits.length ? bold(exits) : t('noExit')],
    [t('kGoal'), bold(say.goal(journey))],
    [t('kRules'), rules],
    [t('kShare'), (percent < 100 ? t('kSharePart', { n: percent }) : t('kShareAll')) + (holdout ? t('kAside', { n: holdout }) : '')],
    [t('kOwner'), journey.owner || t('nobody')],
    [t('kSince'), figures?.since ? f.day(figures.since) : t('versionDraft')],
  ]
  return (
    <section className="card pad" aria-label={t('card')}>
      <div className="between" style={{ marginBottom: 16 }}>
        <h2>{text(journey.name, journey.id)}</h2>
        <Button small className="no-print" onClick={() => window.print()}>{t('print')}</Button>
      </div>
      <dl className="jc">{rows.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
    </section>
  )
}
