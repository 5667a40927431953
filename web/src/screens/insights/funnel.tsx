// funnel.tsx: how far customers come from looking to buying, and who stopped at the cart.
import { useMemo } from 'react'
import { useServedVocabulary } from '~/api/vocabulary'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { Button } from '~/parts'
import { type Funnel as Answer, funnelOf, STEP_NAMES, stepsOf, useAnswer } from './ask'
import type { Figure } from './people'
import { Waited } from './wait'
import { insightsWords } from './words'

const ADDED = 1

export function Funnel({ from, open }: { from: string; open: (f: Figure) => void }) {
  const t = useWords(insightsWords)
  const f = useFormat()
  const vocabulary = useServedVocabulary()
  const seen = useMemo(() => vocabulary.data && new Map((vocabulary.data.events ?? []).map((e) => [e.name ?? '', e.count ?? 0])), [vocabulary.data])
  const at = stepsOf(seen)
  const asked = funnelOf(from, at.length > 1 ? at : undefined)
  const answer = useAnswer<Answer>(vocabulary.isPending ? null : asked)
  const nameOf = (i: number) => t(STEP_NAMES[at.length > 1 ? (at[i] ?? 0) : i] ?? 'ordered')
  // The step after the cart, whichever this shop has: who did not come so far stopped at the cart.
  const next = at.length > 1 ? at.indexOf(ADDED) + 1 : ADDED + 1
  const lost = next > 0 ? (answer.data?.steps[next]?.lost ?? 0) : 0
  const cart = () => open({
    asked, at: { step: next + 1, lost: true }, name: t('cartName'), title: (n) => t('cartTitle', { n }),
    act: { to: '/playbooks/abandoned-cart', text: t('cartDo') },
  })
  return (
    <section className="card pad">
      <h2>{t('funnel')}</h2>
      <p className="small dim in-sub">{t('funnelSub')}</p>
      <Waited of={answer} lines={8}>
        {({ steps }) => (!steps[0]?.customers ? <p className="muted">{t('funnelNone')}</p> : (
          <ol className="in-steps">
            {steps.map((s, i) => {
              const name = nameOf(i)
              const then = steps[i + 1]
              return (
                <li key={s.step}>
                  <div className="in-step">
                    <span>{name}</span>
                    <div className="bar" aria-hidden><i style={{ width: `${s.share * 100}%` }} /></div>
                    {s.customers > 0
                      ? <button type="button" className="in-n num" aria-label={t('reached', { step: name, n: f.number(s.customers) })} onClick={() => open({ asked, at: { step: s.step }, name, title: (n) => t('reachedTitle', { n, step: name }) })}>{f.number(s.customers)}</button>
                      : <span className="in-n num dim">0</span>}
                  </div>
                  {then && s.customers > 0 && <p className="in-on small dim">{t('goOn', { share: f.share(then.share_of_previous) })}</p>}
                </li>
              )
            })}
          </ol>
        ))}
      </Waited>
      {lost > 0 && <p className="in-cart"><Button small onClick={cart}>{t('cart', { n: f.number(lost) })}</Button></p>}
    </section>
  )
}
