// held-back.tsx: what was not sent, by rule; what was sent and did not arrive.
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Bar, Button, Card } from '~/parts'
import { refusalName, statusName } from '~/messages/words'
import type { Ask } from './people'
import type { Figures } from './report'
import { journeyWords } from './words'

export function HeldBack({ figures, open, lang }: { figures: Figures; open: (ask: Ask) => void; lang: 'zh' | 'en' }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const reasons = Object.entries(figures.reasons).sort((a, b) => b[1] - a[1])
  const n = reasons.reduce((s, [, k]) => s + k, 0)
  const failed = Object.entries(figures.failed).sort((a, b) => b[1] - a[1])
  const gone = failed.reduce((s, [, k]) => s + k, 0)
  const most = reasons[0]?.[1] ?? 1
  return (
    <Card title={n ? t('whyTitle', { n }) : t('whyNone')}>
      {n === 0 && <p className="muted">{t('whyNoneHelp')}</p>}
      {reasons.map(([reason, k]) => (
        <div key={reason} className="held-row">
          <span>{refusalName(lang, reason)}</span>
          <Bar share={k / most} label={`${f.number(k)} / ${f.number(n)}`} />
          <button type="button" className="count b num" aria-label={`${refusalName(lang, reason)}: ${f.number(k)}`} onClick={() => open({ of: 'not_sent', what: '', reason })}>{f.number(k)}</button>
        </div>
      ))}
      {gone > 0 && <p className="muted" style={{ marginTop: 14 }}>{t('failed', { n: gone, list: failed.map(([s, k]) => `${statusName(lang, s)} ${f.number(k)}`).join(lang === 'zh' ? '，' : ', ') })}</p>}
      {n > 0 && <p style={{ marginTop: 12 }}><Button plain small className="flush" onClick={() => open({ of: 'not_sent', what: '' })}>{t('seePeople')}</Button></p>}
    </Card>
  )
}
