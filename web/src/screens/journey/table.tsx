// table.tsx: the same journey as rows and columns: every step, when at the earliest, and all its numbers.
import { useWords } from '~/i18n'
import { type Journey, lines, milliseconds, pathKey, type Step } from './model'
import type { Ask } from './people'
import { type Figures, tookArm } from './report'
import { plain, type Say } from './say'
import { Count } from './sentence'
import { journeyWords } from './words'

/** Since the entry, at the earliest: the sum of the plain waits on the way; undefined after a wait whose end is open. */
export function earliest(steps: Step[], since: number | null = 0, out = new Map<Step, number | undefined>()): Map<Step, number | undefined> {
  let at: number | undefined = since ?? undefined
  for (const s of steps) {
    out.set(s, at)
    if (s.wait) { const ms = milliseconds(s.wait.for); at = at === undefined || ms === undefined ? undefined : at + ms }
    for (const arm of [...(s.branch ?? []), ...(s.split ?? [])]) earliest(arm.steps, at ?? null, out)
  }
  return out
}
export function afterText(ms: number | undefined, say: Say): string {
  if (ms === undefined) return ''
  const [unit, size] = ms >= 172_800_000 && ms % 86_400_000 < 3_600_000 ? (['d', 86_400_000] as const) : ms >= 3_600_000 ? (['h', 3_600_000] as const) : ms >= 60_000 ? (['m', 60_000] as const) : (['s', 1000] as const)
  return ms === 0 ? '' : say.time(`${Math.round(ms / size)}${unit}`)
}

export function JourneyTable({ journey, figures, say, open }: { journey: Journey; figures: Figures | undefined; say: Say; open: (ask: Ask) => void }) {
  const t = useWords(journeyWords)
  const after = earliest(journey.steps)
  let n = 0
  return (
    <section className="card pad table-scroll" aria-label={t('table')} tabIndex={0}>
      <table className="tbl jt">
        <thead>
          <tr><th scope="col">{t('cStep')}</th><th scope="col">{t('cWhat')}</th>{(['cAfter', 'cCame', 'cWaiting', 'cSent', 'cDelivered', 'cOpened', 'cClicked', 'cNotSent'] as const).map((k) => <th key={k} scope="col" className="n">{t(k)}</th>)}</tr>
        </thead>
        <tbody>
          <tr><td className="dim">0</td><td>{plain(say.trigger(journey.trigger))}</td><td className="n" /><td className="n"><Count n={figures?.report.entered} label={t('cCame')} ask={{ of: 'entered' }} open={open} /></td><td className="n" colSpan={6} /></tr>
          {lines(journey.steps).map((l) => {
            const pad = { paddingLeft: 16 + l.depth * 20 }
            if (l.kind === 'arm') {
              const took = tookArm(figures, l.of, l.index)
              return <tr key={`${pathKey(l.path)}a`} className="jt-arm"><td /><td style={pad}>{plain(say.arm(l.arm))}</td><td className="n" /><td className="n"><Count n={took} label={t('cCame')} open={open} /></td><td className="n" colSpan={6} /></tr>
            }
            const x = l.step.id ? figures?.of.get(l.step.id) : undefined
            const said = say.step(l.step)
            const what = said.filter((p) => p.strong).map((p) => p.text).join(' ')
            const ask = (of: Ask['of']): Ask => ({ of, step: l.step.id ?? '', what } as Ask)
            return (
              <tr key={pathKey(l.path)}>
                <td className="dim">{++n}</td><td style={pad}>{plain(said)}</td><td className="n dim">{afterText(after.get(l.step), say)}</td>
                <td className="n"><Count n={x?.came} label={t('cCame')} open={open} /></td>
                <td className="n"><Count n={x?.now} label={t('cWaiting')} ask={ask('waiting')} open={open} /></td>
                <td className="n"><Count n={x?.sent} label={t('cSent')} ask={ask('sent')} open={open} /></td>
                <td className="n"><Count n={x?.delivered} label={t('cDelivered')} ask={ask('delivered')} open={open} /></td>
                <td className="n"><Count n={x?.opened} label={t('cOpened')} ask={ask('opened')} open={open} /></td>
                <td className="n"><Count n={x?.clicked} label={t('cClicked')} ask={ask('clicked')} open={open} /></td>
                <td className="n"><Count n={x?.notSent} label={t('cNotSent')} ask={ask('not_sent')} open={open} /></td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
