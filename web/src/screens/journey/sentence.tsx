// sentence.tsx: the journey read aloud; each line carries its own waiting, sent, not sent.
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Glyph, IconDoorExit, stepIcon, triggerIcon } from './icons'
import { armsOf, type Journey, kindOf } from './model'
import type { Ask } from './people'
import { type Figures, tookArm } from './report'
import { type Row, rowsOf } from './rows'
import { bold, type Say, type Said } from './say'
import { journeyWords } from './words'

type Cell = { n: number | undefined; ask?: Ask | undefined; label: string }

export function Count({ n, ask, label, open }: Cell & { open: (ask: Ask) => void }) {
  const f = useFormat()
  if (!n) return <span className="jr-n" />
  return (
    <span className="jr-n num">
      {ask ? <button type="button" className="count" aria-label={`${label}: ${f.number(n)}`} onClick={() => open(ask)}><span className="jr-label" aria-hidden>{label}</span>{f.number(n)}</button> : f.number(n)}
    </span>
  )
}

/** The words of a line: whose way it is, then what is done, in one sentence. */
function lineOf(row: Row, say: Say, took: number | undefined, f: ReturnType<typeof useFormat>, goesOn: string): Said {
  const zh = say.lang === 'zh'
  const join = zh ? '，' : ', '
  const out: Said = []
  const put = (said: Said) => { if (out.length) out.push({ text: join, strong: false }); out.push(...(out.length && !zh ? lower(said) : said)) }
  if (row.arm) {
    out.push(...say.arm(row.arm.arm))
    if (took !== undefined) out.push({ text: zh ? `（${f.number(took)} 人）` : ` (${f.number(took)})`, strong: false })
    if (!row.steps.length) put([{ text: goesOn, strong: false }])
  }
  for (const s of row.steps) if (!armsOf(s)) put(say.step(s))
  return out
}
function lower(said: Said): Said {
  const [first, ...rest] = said
  return first && !first.strong ? [{ ...first, text: first.text.charAt(0).toLowerCase() + first.text.slice(1) }, ...rest] : said
}

export function Sentence({ journey, figures, say, open }: { journey: Journey; figures: Figures | undefined; say: Say; open: (ask: Ask) => void }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const rows = rowsOf(journey)
  const report = figures?.report
  const exits = say.exits(journey)
  const left = report?.ended_by?.exit ?? 0
  const aside = report?.refused_by?.holdout ?? 0
  return (
    <section className="card jr-list" aria-label={t('sentence')}>
      <div className="jr hd" aria-hidden>
        <span /><span />
        {(['cWaiting', 'cSent', 'cDelivered', 'cClicked', 'cNotSent'] as const).map((k) => <span key={k} className="jr-n">{t(k)}</span>)}
      </div>
      <div className="jr first">
        <span className="jr-line"><Glyph icon={triggerIcon(journey.trigger)} start /></span>
        <div className="jr-text wide">
          {bold(say.trigger(journey.trigger))}
          {report && report.entered > 0 && (
            <span className="dim jr-note">
              <button type="button" className="count" onClick={() => open({ of: 'entered' })}>{t('cameIn', { n: report.entered })}</button>
              {aside > 0 && <span>{say.lang === 'zh' ? '，' : ', '}{t('aside', { n: aside })}</span>}
            </span>
          )}
        </div>
      </div>
      {rows.map((row, i) => {
        const n = row.main?.id ? figures?.of.get(row.main.id) : undefined
        const what = say.step(row.main ?? row.steps[0] ?? {}).filter((p) => p.strong).map((p) => p.text).join(' ')
        const step = row.main?.id ?? ''
        const icon = row.steps[0] ? stepIcon(row.steps[0]) : row.arm ? stepIcon(row.arm.of) : undefined
        const waiting = kindOf(row.main ?? {}) === 'branch' ? undefined : n?.now
        return (
          <div key={row.key} className={`jr ${row.depth ? 'in' : ''} ${i === rows.length - 1 && !exits.length ? 'last' : ''} ${row.depth > 1 ? 'deep' : ''}`}>
            <span className="jr-line">{icon && <Glyph icon={icon} />}</span>
            <div className="jr-text">{bold(lineOf(row, say, row.arm ? tookArm(figures, row.arm.of, row.arm.index) : undefined, f, t('goes_on')))}</div>
            <Count n={waiting} label={t('cWaiting')} ask={{ of: 'waiting', step, what }} open={open} />
            <Count n={n?.sent} label={t('cSent')} ask={{ of: 'sent', step, what }} open={open} />
            <Count n={n?.delivered} label={t('cDelivered')} ask={{ of: 'delivered', step, what }} open={open} />
            <Count n={n?.clicked} label={t('cClicked')} ask={{ of: 'clicked', step, what }} open={open} />
            <Count n={n?.notSent} label={t('cNotSent')} ask={{ of: 'not_sent', step, what }} open={open} />
          </div>
        )
      })}
      {exits.length > 0 && (
        <div className="jr last">
          <span className="jr-line"><Glyph icon={IconDoorExit} /></span>
          <div className="jr-text wide">{bold(exits)}{report && <span className="dim jr-note">{left ? <button type="button" className="count" onClick={() => open({ of: 'ended' })}>{t('left', { n: left })}</button> : t('left', { n: 0 })}</span>}</div>
        </div>
      )}
      {figures && figures.elsewhere > 0 && <p className="small dim jr-foot">{t('elsewhere', { n: figures.elsewhere })}</p>}
    </section>
  )
}
