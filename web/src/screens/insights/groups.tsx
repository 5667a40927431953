// groups.tsx: customers who have bought, in eight groups by last order, number of orders and money.
import { useState } from 'react'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { Button, Loaded } from '~/parts'
import { type Cell, type Groups as Answer, groupsOf, groupsThen, since, useAnswer } from './ask'
import type { Figure } from './people'
import { Waited } from './wait'
import { insightsWords } from './words'

/** In the order of the page: recency, frequency, amount; 2 is the better half. */
const ORDER = ['222', '212', '122', '112', '221', '211', '121', '111'] as const
type Key = (typeof ORDER)[number]
const MONTH = 30
const SHARES = [0.03, 0.06, 0.12, 0.16, 0.3]
const shade = (share: number) => SHARES.filter((s) => share >= s).length
const keyOf = (c: Cell) => `${c.r}${c.f}${c.m}`

export function Groups({ open }: { open: (f: Figure) => void }) {
  const t = useWords(insightsWords)
  const f = useFormat()
  const [compare, setCompare] = useState(false)
  const asked = groupsOf()
  const answer = useAnswer<Answer>(asked)
  const then = useAnswer<Answer>(compare && answer.data ? groupsThen(answer.data.bounds, since(MONTH)) : null)
  const total = answer.data?.total
  return (
    <section className="card pad in-groups">
      <div className="in-head">
        <h2>{t('groups')}</h2>
        {total && total.customers > 0 && <span className="small dim">{t('groupsSub', { n: f.number(total.customers) })}</span>}
        {total && total.customers > 0 && <Button small busy={compare && then.isFetching} aria-pressed={compare} onClick={() => setCompare(!compare)}>{t(compare ? 'compareOff' : 'compare')}</Button>}
      </div>
      <Waited of={answer} lines={6}>
        {(d) => (d.total.customers === 0 ? <p className="muted">{t('groupsNone')}</p> : (
          <>
            <div className="in-cells">{ORDER.map((key) => <Group key={key} at={key} now={d} then={compare ? then.data : undefined} open={(x) => open({ ...x, asked })} />)}</div>
            {compare && then.error ? <Loaded of={{ ...then, data: undefined }}>{() => null}</Loaded> : null}
            <p className="muted in-foot">{t('groupsFoot')}</p>
            <Bounds of={d} />
          </>
        ))}
      </Waited>
    </section>
  )
}

function Bounds({ of }: { of: Answer }) {
  const t = useWords(insightsWords)
  const f = useFormat()
  const { recency_days: [days], frequency: [orders], amount: [amount] } = of.bounds
  if (days === undefined || orders === undefined || amount === undefined) return null
  return <p className="small dim">{t('bounds', { days, orders, amount: f.money(amount) })}</p>
}

function Group({ at, now, then, open }: { at: Key; now: Answer; then: Answer | undefined; open: (x: Omit<Figure, 'asked'>) => void }) {
  const t = useWords(insightsWords)
  const f = useFormat()
  const cell = now.cells.find((c) => keyOf(c) === at)
  const n = cell?.customers ?? 0
  const share = cell && now.total.amount > 0 ? cell.amount / now.total.amount : 0
  const moved = then ? n - (then.cells.find((c) => keyOf(c) === at)?.customers ?? 0) : undefined
  const name = t(`n${at}`)
  const [r, fr, m] = [...at].map(Number)
  return (
    <button type="button" className={`in-cell in-r${shade(share)}`} disabled={n === 0} onClick={() => open({ at: { r, f: fr, m }, name, title: (k) => t('groupTitle', { name, n: k }) })}>
      <b>{name}</b>
      <span className="in-d">{t(`d${at}`)}</span>
      {moved !== undefined && <span className="in-d">{moved === 0 ? t('same') : t('change', { sign: moved > 0 ? '+' : '−', n: f.number(Math.abs(moved)) })}</span>}
      <span className="in-bt"><span className="num">{f.number(n)}</span><span className="in-d">{t('sales', { share: f.share(share) })}</span></span>
    </button>
  )
}
