// simple.tsx: who somebody is: what we know, tags, segments, stages, scores, days, what they allowed and where they can
// be reached.
import { Autocomplete, NumberInput } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '~/i18n'
import { PanelEnd, PickOne, PickPanel } from './picks'
import { type Predicate, put, textIn } from './types'
import { useValueText, ValueInput, withOp } from './value'
import type { Item, Vocabulary } from './vocabulary'
import { OPS, opsFor, opWord, predicateWords } from './words'

export type RowProps = { body: Predicate; not: boolean; onChange: (not: boolean, b: Predicate) => void; v: Vocabulary }
const two = (yes: string, no: string): Item[] => [{ value: 'yes', label: yes }, { value: 'no', label: no }]

function OpPick({ body, type, onChange }: { body: Predicate; type: string | null; onChange: (b: Predicate) => void }) {
  const t = useWords(predicateWords)
  const op = textIn(body.op) || '='
  return <PickOne label={t('what')} value={op} text={opWord(op, type, t.lang)} items={[...new Set([...opsFor(type), op])].map((o) => ({ value: o, label: opWord(o, type, t.lang) }))} onPick={(o) => onChange(withOp(body, o))} />
}
function ValuePick({ body, type, samples, onChange }: { body: Predicate; type: string | null; samples?: readonly unknown[]; onChange: (b: Predicate) => void }) {
  const t = useWords(predicateWords)
  const value = useValueText()
  const op = textIn(body.op) || '='
  if (OPS[op]?.value === 'none') return <></>
  return (
    <PickPanel label={t('value')} text={value(op, body.value) || undefined}>
      {(close) => (
        <div className="stack">
          <ValueInput type={type} op={op} samples={samples ?? []} value={body.value} label={t('value')} onChange={(x) => onChange({ ...body, value: x })} />
          <PanelEnd close={close} />
        </div>
      )}
    </PickPanel>
  )
}

export function AttributeRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const name = textIn(body.attribute)
  const a = v.attribute(name)
  const set = (b: Predicate) => onChange(not, b)
  return t.rich('attribute', {
    a: <PickOne free label={t('what')} items={v.attributes} value={name || undefined} text={name ? a.label : undefined} onPick={(x) => set(x === name ? body : { attribute: x, op: opsFor(v.attribute(x).type)[0] ?? '=', value: v.attribute(x).type === 'bool' ? true : '' })} />,
    o: <OpPick body={body} type={a.type} onChange={set} />,
    v: <ValuePick body={body} type={a.type} samples={a.samples} onChange={set} />,
  })
}

export function TagRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const tag = textIn(body.tag)
  const folders = [...new Set(v.tags.flatMap((x) => (x.value.includes('/') ? [`${x.value.split('/')[0]}/*`] : [])))]
  const items = [...v.tags, ...folders.map((f) => ({ value: f, label: t('anyBelow', { tag: f.slice(0, -2) }) }))]
  return t.rich('tag', {
    h: <PickOne label={t('kTag')} items={two(t('hasTag'), t('hasNoTag'))} value={not ? 'no' : 'yes'} onPick={(x) => onChange(x === 'no', body)} />,
    t: <PickOne free label={t('kTag')} items={items} value={tag || undefined} onPick={(x) => onChange(not, { tag: x })} />,
  })
}

export function SegmentRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  return t.rich('segment', {
    h: <PickOne label={t('kSegment')} items={two(t('inSegment'), t('notInSegment'))} value={not ? 'no' : 'yes'} onPick={(x) => onChange(x === 'no', body)} />,
    s: <PickOne label={t('kSegment')} items={v.segments} value={textIn(body.segment) || undefined} onPick={(x) => onChange(not, { segment: x })} />,
  })
}

export function StageRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const model = v.stages.find((m) => m.id === (textIn(body.in) || 'default')) ?? v.stages[0]
  const parts = {
    h: <PickOne label={t('kStage')} items={two(t('isAt'), t('isNotAt'))} value={not ? 'no' : 'yes'} onPick={(x) => onChange(x === 'no', body)} />,
    s: <PickOne free label={t('kStage')} items={model?.stages ?? []} value={textIn(body.stage) || undefined} onPick={(x) => onChange(not, put(body, { stage: x, in: model?.id ?? 'default' }))} />,
    m: <PickOne label={t('kStage')} items={v.stages.map((m) => ({ value: m.id, label: m.name }))} value={model?.id} onPick={(x) => onChange(not, { stage: v.stages.find((m) => m.id === x)?.stages[0]?.value ?? '', in: x })} />,
  }
  return v.stages.length > 1 ? t.rich('stageIn', parts) : t.rich('stage', parts)
}

export function ScoreRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const set = (b: Predicate) => onChange(not, b)
  return t.rich('score', {
    s: <PickOne free label={t('kScore')} items={v.scores} value={textIn(body.score) || undefined} onPick={(x) => set(put(body, { score: x }))} />,
    o: <OpPick body={body} type="decimal" onChange={set} />,
    v: <ValuePick body={body} type="decimal" onChange={set} />,
  })
}

export function ReachableRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  return t.rich('reachable', {
    h: <PickOne label={t('kReachable')} items={two(t('can'), t('cannot'))} value={not ? 'no' : 'yes'} onPick={(x) => onChange(x === 'no', body)} />,
    c: <PickOne label={t('channel')} items={v.channels} value={textIn(body.reachable) || undefined} text={v.channel(textIn(body.reachable))} onPick={(x) => onChange(not, { reachable: x })} />,
  })
}

export function ConsentRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const channel = textIn(body.consent)
  const topic = textIn(body.topic)
  const state = not ? 'not' : body.is === false ? 'refused' : 'agreed'
  const said = channel && (topic ? t('topicOf', { channel: v.channel(channel), topic }) : v.channel(channel))
  return t.rich('consent', {
    h: <PickOne label={t('kConsent')} value={state} items={[{ value: 'agreed', label: t('agreed') }, { value: 'refused', label: t('refused') }, { value: 'not', label: t('notAgreed') }]} onPick={(x) => onChange(x === 'not', put(body, { is: x === 'refused' ? false : undefined }))} />,
    c: (
      <PickPanel label={t('channel')} text={said || undefined}>
        {(close) => (
          <div className="stack">
            <ul className="pick-list">{v.channels.map((c) => <li key={c.value}><button type="button" className={c.value === channel ? 'on' : ''} onClick={() => { onChange(not, put(body, { consent: c.value })); close() }}>{c.label}</button></li>)}</ul>
            <Autocomplete label={t('topic')} value={topic} onChange={(x) => onChange(not, put(body, { topic: x || undefined }))} data={[]} />
            <PanelEnd close={close} />
          </div>
        )}
      </PickPanel>
    ),
  })
}

// ---- days that come and went ----

const daysOf = (text: string): number | null => { const m = /^(-?\d+)(d|w)$/.exec(text); return m ? Number(m[1]) * (m[2] === 'w' ? 7 : 1) : null }
function rangeOf(body: Predicate): [number, number] {
  const list = Array.isArray(body.in) ? body.in.map((x) => daysOf(textIn(x)) ?? 0) : [daysOf(textIn(body.in)) ?? 0]
  return [list[0] ?? 0, list[1] ?? list[0] ?? 0]
}
export function DateRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const [custom, setCustom] = useState(false)
  const name = textIn(body.date)
  const [a, b] = rangeOf(body)
  const say = (x: number, y: number): string => {
    if (x === y) return x === 0 ? t('dToday') : x === 1 ? t('dTomorrow') : x === -1 ? t('dYesterday') : x > 0 ? t('dIn', { n: x }) : t('dAgo', { n: -x })
    if (x === 0) return t('dNext', { n: y })
    if (y === 0) return t('dPast', { n: -x })
    return t('dRange', { a: x, b: y })
  }
  const set = (x: number, y: number) => onChange(not, put(body, { in: x === y ? `${x}d` : [`${Math.min(x, y)}d`, `${Math.max(x, y)}d`] }))
  const dates = v.attributes.filter((i) => ['date', 'time', null].includes(v.attribute(i.value).type) || i.value === name)
  const kind = body.lunar ? 'lunar' : body.anniversary ? 'year' : 'day'
  return t.rich('date', {
    d: <PickOne free label={t('kDate')} items={dates} value={name || undefined} text={name ? v.attribute(name).label : undefined} onPick={(x) => onChange(not, put(body, { date: x, ...(x.includes('birth') ? { anniversary: true } : {}) }))} />,
    k: <PickOne label={t('kDate')} value={kind} items={[{ value: 'year', label: t('eachYear') }, { value: 'day', label: t('thatDay') }, { value: 'lunar', label: t('lunar') }]} onPick={(x) => onChange(not, put(body, { anniversary: x === 'year' ? true : undefined, lunar: x === 'lunar' ? true : undefined }))} />,
    r: (
      <PickPanel label={t('window')} text={not ? t('not', { x: say(a, b) }) : say(a, b)}>
        {(close) => (custom ? (
          <div className="stack">
            <div className="pick-two">
              <NumberInput label={t('dFrom')} allowDecimal={false} value={a} min={-3660} max={3660} onChange={(x) => { if (typeof x === 'number') set(x, Math.max(x, b)) }} />
              <NumberInput label={t('dTo')} allowDecimal={false} value={b} min={-3660} max={3660} onChange={(x) => { if (typeof x === 'number') set(Math.min(a, x), x) }} />
            </div>
            <PanelEnd close={() => { close(); setCustom(false) }} />
          </div>
        ) : (
          <ul className="pick-list">
            {([[0, 0], [1, 1], [3, 3], [7, 7], [0, 7], [0, 30], [-1, -1], [-7, 0], [-30, 0]] as const).map(([x, y]) => <li key={`${x} ${y}`}><button type="button" className={x === a && y === b ? 'on' : ''} onClick={() => { set(x, y); close() }}>{say(x, y)}</button></li>)}
            <li><button type="button" onClick={() => setCustom(true)}>{t('customRange')}</button></li>
          </ul>
        ))}
      </PickPanel>
    ),
  })
}
