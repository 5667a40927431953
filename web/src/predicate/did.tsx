// did.tsx: what somebody did or did not do: the deed, its details, how often or for how much, when.
import { Autocomplete, Menu, NativeSelect, NumberInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useContext } from 'react'
import { Segmented } from '~/parts'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { PanelEnd, PickOne, PickPanel, ReadOnly } from './picks'
import { isObject, type Predicate, put, textIn } from './types'
import { type Journey, WindowPick } from './time'
import { Comparison, useValueText } from './value'
import type { Item, Vocabulary } from './vocabulary'
import { WherePicks, withLeaf } from './where'
import { opWord, predicateWords } from './words'

const AGGREGATES = ['sum', 'avg', 'min', 'max', 'distinct', 'count', 'first', 'last'] as const
type Aggregate = (typeof AGGREGATES)[number]
const SAID = { sum: 'mSum', avg: 'mAvg', min: 'mMin', max: 'mMax', distinct: 'mDistinct', count: 'mCount', first: 'mFirst', last: 'mLast' } as const
const NAMED = { sum: 'sumN', avg: 'avgN', min: 'minN', max: 'maxN', distinct: 'distinctN', count: 'countN', first: 'firstN', last: 'lastN2' } as const
export const aggregateOf = (a: Predicate): Aggregate => AGGREGATES.find((k) => a[k] !== undefined) ?? 'sum'

/** The deed, or that it was not done: one word of the sentence. */
export function DeedPick({ event, not, onPick, v, positive }: { event: string; not: boolean; onPick: (event: string, not: boolean) => void; v: Vocabulary; positive?: boolean }) {
  const t = useWords(predicateWords)
  const word = (e: string, no: boolean) => (e === '*' ? t(no ? 'nothing' : 'anything') : (v.deed(e, no) ?? t(no ? 'didNot' : 'didPlain', { event: v.event(e) })))
  const events = [...new Set([...(event && event !== '*' ? [event] : []), ...v.events])]
  const side = (no: boolean): Item[] => [...events, '*'].map((e) => ({ value: `${no ? '-' : '+'}${e}`, label: word(e, no), note: v.deed(e, no) || e === '*' ? undefined : undefined, ...(positive ? {} : { group: t(no ? 'doesNot' : 'doesIt') }) }))
  return (
    <PickOne free label={t(not ? 'kNotDid' : 'kDid')} items={positive ? side(false) : not ? [...side(true), ...side(false)] : [...side(false), ...side(true)]} value={event ? `${not ? '-' : '+'}${event}` : undefined}
      text={event ? word(event, not) : undefined} onPick={(x) => (/^[+-]/.test(x) ? onPick(x.slice(1), x[0] === '-') : onPick(x, not))} />
  )
}

const COUNT_WORDS = { '>=': 'atLeast', '<=': 'atMost', '=': 'exactly', '>': 'moreThan', '<': 'lessThan' } as const
type CountOp = keyof typeof COUNT_WORDS

/** How often, or for how much. */
export function MeasurePick({ body, event, onChange, v, only }: { body: Predicate; event: string; onChange: (b: Predicate) => void; v: Vocabulary; only?: 'count' }) {
  const t = useWords(predicateWords)
  const value = useValueText()
  const f = useFormat()
  const aggregate = isObject(body.aggregate) ? body.aggregate : undefined
  const count = isObject(body.count) ? body.count : { op: '>=', value: 1 }
  const op = textIn(count.op) as CountOp
  let text: string
  if (aggregate) {
    const fn = aggregateOf(aggregate)
    const p = v.property(textIn(aggregate[fn]), event)
    const o = textIn(aggregate.op) || '>='
    text = t('measured', { m: t(SAID[fn], { p: p.label }), op: opWord(o, p.type, t.lang), v: value(o, aggregate.value) })
  } else if (textIn(count.op) === 'between' && Array.isArray(count.value)) text = t('between2', { a: textIn(count.value[0]), b: textIn(count.value[1]) })
  else text = t(COUNT_WORDS[op] ?? 'atLeast', { n: typeof count.value === 'number' ? count.value : 1 })
  const numbers = v.properties(event)
  const setAggregate = (a: Predicate) => onChange(put(body, { aggregate: a, count: undefined }))
  return (
    <PickPanel label={t('measure')} text={text}>
      {(close) => (
        <div className="stack">
          {!only && (
            <Segmented label={t('measure')} value={aggregate ? 'much' : 'often'} options={[{ value: 'often', label: t('howOften') }, { value: 'much', label: t('howMuch') }]}
              onChange={(x) => (x === 'much' ? setAggregate({ sum: event === 'Order Completed' ? 'total' : (numbers[0]?.value ?? 'total'), op: '>=', value: 100 }) : onChange(put(body, { aggregate: undefined, count: { op: '>=', value: 2 } })))} />
          )}
          {aggregate ? (
            <>
              <NativeSelect label={t('measure')} value={aggregateOf(aggregate)} data={AGGREGATES.map((k) => ({ value: k, label: t(NAMED[k]) }))}
                onChange={(e) => { const { op: o, value: x } = aggregate; setAggregate({ [e.currentTarget.value]: aggregate[aggregateOf(aggregate)], op: o ?? '>=', value: x ?? 100 }) }} />
              <Autocomplete label={t('ofWhat')} value={textIn(aggregate[aggregateOf(aggregate)])} onChange={(x) => setAggregate({ ...aggregate, [aggregateOf(aggregate)]: x })} data={numbers.map((n) => n.value)} comboboxProps={{ withinPortal: false }}
                renderOption={({ option }) => <>{numbers.find((n) => n.value === option.value)?.label ?? option.value}</>} />
              <Comparison body={aggregate} label={t('amount')} type={['first', 'last', 'min', 'max'].includes(aggregateOf(aggregate)) ? (v.property(textIn(aggregate[aggregateOf(aggregate)]), event).type ?? 'decimal') : 'decimal'} onChange={setAggregate} />
            </>
          ) : (
            <>
              <div className="pick-two">
                <NativeSelect label={t('howOften')} value={op in COUNT_WORDS ? op : '>='} onChange={(e) => onChange(put(body, { count: { ...count, op: e.currentTarget.value } }))} data={(Object.keys(COUNT_WORDS) as CountOp[]).map((o) => ({ value: o, label: opWord(o === '>=' || o === '<=' ? o : o, 'int', t.lang) }))} />
                <NumberInput label={t('times')} min={1} max={100000} allowDecimal={false} allowNegative={false} value={typeof count.value === 'number' ? count.value : 1} onChange={(x) => { if (typeof x === 'number') onChange(put(body, { count: { op: op in COUNT_WORDS ? op : '>=', value: x } })) }} />
              </div>
              {(op === '<' || op === '<=') && !only && <p className="small dim">{t('atMostNote')}</p>}
              {count.value === 0 && <p className="small dim">{f.number(0)} {t('times')}: {t('atMostNote')}</p>}
            </>
          )}
          <PanelEnd close={close} remove={body.aggregate || body.count ? () => onChange(put(body, { aggregate: undefined, count: undefined })) : undefined} />
        </div>
      )}
    </PickPanel>
  )
}

/** What else can be said about the deed. */
function MoreAbout({ body, not, onChange, journey }: { body: Predicate; not: boolean; onChange: (b: Predicate) => void; journey: Journey | undefined }) {
  const t = useWords(predicateWords)
  const ro = useContext(ReadOnly)
  if (ro) return null
  const order = body.did === 'Order Completed'
  const offers = [
    { label: t('partWhere'), add: () => onChange(put(body, { where: withLeaf(body.where) })) },
    ...(not && !body.count && !body.aggregate ? [{ label: t('partCount'), add: () => onChange(put(body, { count: { op: '>=', value: 2 } })) }] : []),
    ...(order ? [{ label: body.net ? `✓ ${t('partNet')}` : t('partNet'), add: () => onChange(put(body, { net: body.net ? undefined : true })) }] : []),
    ...(journey ? ['cart_id', 'product_id', 'order_id'].map((p) => ({ label: t('partMatch', { what: p }), add: () => onChange(put(body, { match: body.match === p ? undefined : p })) })) : []),
  ]
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target><button type="button" className="pick-plus" aria-label={t('addPart')} title={t('addPart')}><IconPlus size={16} stroke={1.75} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown>{offers.map((o) => <Menu.Item key={o.label} onClick={o.add}>{o.label}</Menu.Item>)}</Menu.Dropdown>
    </Menu>
  )
}

export function DidRow({ body, not, onChange, v, journey }: { body: Predicate; not: boolean; onChange: (not: boolean, b: Predicate) => void; v: Vocabulary; journey?: Journey | undefined }) {
  const t = useWords(predicateWords)
  const event = textIn(body.did)
  const set = (b: Predicate) => onChange(not, b)
  const match = textIn(body.match)
  // What is only read leaves out what goes without saying.
  const ro = useContext(ReadOnly)
  const once = !body.aggregate && (!isObject(body.count) || (body.count.op === '>=' && body.count.value === 1))
  const timed = body.within || body.between || body.since || body.since_last
  return (
    <>
      {t.rich('did', {
        e: <DeedPick event={event} not={not} v={v} onPick={(e, no) => onChange(no, e === event ? (no ? put(body, { count: undefined }) : body) : put(body, { did: e, where: undefined, aggregate: undefined, net: undefined, ...(no ? { count: undefined } : {}) }))} />,
        where: <WherePicks where={body.where} event={event} v={v} onChange={(w) => set(put(body, { where: w }))} />,
        c: (ro ? !once : !not || body.count || body.aggregate) ? <MeasurePick body={body} event={event} v={v} onChange={set} /> : <></>,
        s: <>{body.net === true && <span className="muted"> {t('net')}</span>}{match && <span className="muted"> {t('match', { p: v.property(match).label })}</span>}</>,
        w: ro && !timed ? <></> : <WindowPick body={body} v={v} journey={journey} onChange={set} />,
      })}
      <MoreAbout body={body} not={not} onChange={set} journey={journey} />
    </>
  )
}
