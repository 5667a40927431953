// sentence.tsx: a question as words that can be changed.
import { IconX } from '@tabler/icons-react'
import { type ReactNode } from 'react'
import { useWords } from '~/i18n'
import { Button, type Choice, Pick } from '~/parts'
import { finished, PredicateRows, useVocabulary } from '~/predicate'
import { type Ask, HAS, type Unit, ITEMS, OF_ORDERS } from './asks'
import { questionWords } from './question-words'

const DAYS = [7, 30, 90, 365]
const WINDOWS: [string, number][] = [['1d', 1], ['3d', 3], ['7d', 7], ['14d', 14], ['30d', 30]]
const MODELS = ['first', 'last', 'linear', 'decay', 'position'] as const
const AGO = [0, 30, 90, 180, 365]
const UNITS: Unit[] = ['day', 'week', 'month']
const MOST = 8

export function Sentence({ ask, onChange }: { ask: Ask; onChange: (a: Ask) => void }) {
  const t = useWords(questionWords)
  const v = useVocabulary()
  const has = (k: keyof Ask) => HAS[ask.kind].includes(k)
  const set = (change: Partial<Ask>) => onChange({ ...ask, ...change })
  const events = v.events.map((e): Choice<string> => ({ value: e, label: v.event(e) }))
  const part = (say: string, pick: ReactNode) => <span key={say} className="in-part">{say}{pick}</span>
  const segments: Choice<string>[] = [{ value: '', label: t('everybody') }, ...v.segments.map((s) => ({ value: s.value, label: s.label, effect: s.note }))]
  const parts: Choice<string>[] = [{ value: '', label: t('nothing') }, { value: 'channel', label: t('channel') }, { value: 'source', label: t('source') }, ...(OF_ORDERS.includes(ask.kind) ? ITEMS.map((i) => ({ value: `item:${i}`, label: t(`i_${i}`) })) : []), ...v.attributes.map((a) => ({ value: `attribute:${a.value}`, label: a.label }))]
  return (
    <div className="in-sentence">
      {has('event') && part(t('say_event'), <Pick choices={events} value={ask.event} onPick={(event) => set({ event })}>{v.event(ask.event)}</Pick>)}
      {has('after') && part(t('say_after'), <Pick choices={events} value={ask.after} onPick={(after) => set({ after })}>{v.event(ask.after)}</Pick>)}
      {has('steps') && part(t(ask.kind === 'funnel' ? 'say_steps' : 'say_touches'), <Steps ask={ask} choices={events} set={set} />)}
      {has('window') && part(t('say_window'), <Pick choices={WINDOWS.map(([value, n]) => ({ value, label: t('days', { n }) }))} value={ask.window} onPick={(window) => set({ window })} />)}
      {has('model') && part(t('say_model'), <Pick choices={MODELS.map((value) => ({ value: value as string, label: t(value) }))} value={ask.model} onPick={(model) => set({ model })} />)}
      {has('unit') && part(t('say_unit'), <Pick choices={UNITS.map((value) => ({ value, label: t(`unit_${value}`) }))} value={ask.unit} onPick={(unit) => set({ unit })} />)}
      {has('days') && part(t('say_days'), <Pick choices={DAYS.map((value) => ({ value, label: t('days', { n: value }) }))} value={ask.days} onPick={(days) => set({ days })} />)}
      {has('moved') && part(t('say_moved'), <Pick choices={AGO.map((value) => ({ value, label: value ? t('ago', { n: value }) : t('asNow') }))} value={ask.moved} onPick={(moved) => set({ moved })} />)}
      {has('by') && part(t('say_by'), <Pick choices={parts} value={ask.by} onPick={(by) => set({ by })} />)}
      {part(t('say_segment'), <Pick choices={segments} value={ask.segment} onPick={(segment) => set({ segment })} />)}
      <Button small plain onClick={() => set({ filter: ask.filter ? null : { all: [] } })}>{t(ask.filter ? 'noFilter' : 'filter')}</Button>
      {ask.filter && <div className="in-filter"><PredicateRows value={ask.filter} head="many" onChange={(filter) => set({ filter })} /></div>}
    </div>
  )
}

/** What can be asked of it now: rows that are not finished are left out. */
export const complete = (a: Ask): Ask => ({ ...a, filter: a.filter ? finished(a.filter).predicate : null })

function Steps({ ask, choices, set }: { ask: Ask; choices: Choice<string>[]; set: (c: Partial<Ask>) => void }) {
  const t = useWords(questionWords)
  const v = useVocabulary()
  const least = ask.kind === 'funnel' ? 2 : 1
  return (
    <span className="in-picks">
      {ask.steps.map((s, i) => (
        <span key={i} className="in-part">
          {i > 0 && (ask.kind === 'funnel' ? ' → ' : ' · ')}
          <Pick choices={choices} value={s} onPick={(x) => set({ steps: ask.steps.map((y, k) => (k === i ? x : y)) })}>{v.event(s)}</Pick>
          {ask.steps.length > least && <button type="button" className="in-drop" aria-label={t('dropStep', { n: i + 1 })} onClick={() => set({ steps: ask.steps.filter((_, k) => k !== i) })}><IconX size={16} stroke={1.75} aria-hidden /></button>}
        </span>
      ))}
      {ask.steps.length < MOST && <Button small plain onClick={() => set({ steps: [...ask.steps, 'Order Completed'] })}>{t('addStep')}</Button>}
    </span>
  )
}
