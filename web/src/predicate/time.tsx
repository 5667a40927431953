// time.tsx: when it was done: in the last days, in this visit, between two days, since something else.
import { NativeSelect, NumberInput, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '~/i18n'
import { PanelEnd, PickPanel } from './picks'
import { duration, isObject, type Predicate, put, textIn } from './types'
import type { Vocabulary } from './vocabulary'
import { predicateWords } from './words'

const WINDOW = ['within', 'between', 'since_last', 'since'] as const
const NONE: Predicate = { within: undefined, between: undefined, since_last: undefined, since: undefined }

export function useDuration() {
  const t = useWords(predicateWords)
  return (text: string): string => {
    const d = duration(text)
    if (!d) return text
    const key = ({ s: 'seconds', m: 'minutes', h: 'hours', d: 'dayN', w: 'weeks', mo: 'months' } as const)[d[1] as 's' | 'm' | 'h' | 'd' | 'w' | 'mo']
    return t(key, { n: d[0] })
  }
}

export function DurationFields({ value, onChange, units = ['h', 'd', 'w', 'mo'] }: { value: string; onChange: (v: string) => void; units?: ('m' | 'h' | 'd' | 'w' | 'mo')[] }) {
  const t = useWords(predicateWords)
  const [n, unit] = duration(value) ?? [30, 'd']
  const named = { m: t('uM'), h: t('uH'), d: t('uD'), w: t('uW'), mo: t('uMo') }
  return (
    <div className="pick-two">
      <NumberInput label={t('length')} min={1} max={9999} allowDecimal={false} allowNegative={false} value={n} onChange={(x) => { if (typeof x === 'number' && x > 0) onChange(`${x}${unit}`) }} />
      <NativeSelect label={t('unit')} value={unit} onChange={(e) => onChange(`${n}${e.currentTarget.value}`)} data={[...new Set([...units, unit as 'd'])].map((u) => ({ value: u, label: named[u] ?? u }))} />
    </div>
  )
}

export type Journey = {
  /** What started it, for its details. */
  event?: string
  steps?: { id: string; kind: 'send' | 'reach' | 'wait' | 'task'; label?: string; outcomes?: string[] }[]
}

export function WindowPick({ body, onChange, v, journey, session = true }: { body: Predicate; onChange: (b: Predicate) => void; v: Vocabulary; journey?: Journey | undefined; session?: boolean }) {
  const t = useWords(predicateWords)
  const say = useDuration()
  const [form, setForm] = useState<'list' | 'days' | 'between' | 'since'>('list')
  const set = (change: Predicate) => onChange(put(body, { ...NONE, ...change }))
  const within = textIn(body.within)
  const between = Array.isArray(body.between) ? body.between.map(textIn) : undefined
  const last = isObject(body.since_last) ? textIn(body.since_last.did) : textIn(body.since_last)
  const since = textIn(body.since)
  const parts = [
    between && t('between', { from: between[0], to: between[1] }),
    within === 'session' ? t('session') : within && t('lastN', { n: say(within) }),
    last && t('sinceLast', { event: v.deed(last, false) ?? v.event(last) }),
    since && (since === 'entry' ? t('sinceEntry') : t('sinceStep', { step: since })),
  ].filter(Boolean)
  const text = parts.length > 0 ? parts.join(t.lang === 'zh' ? '，' : ', ') : t('ever')
  const zh = t.lang === 'zh'
  const choices: [string, Predicate][] = [
    [t('ever'), {}], ...['1d', '7d', '30d', '90d', '180d', '365d'].map((d): [string, Predicate] => [t('lastN', { n: say(d) }), { within: d }]),
    ...(session ? [[t('session'), { within: 'session' }] as [string, Predicate]] : []), ...(journey ? [[t('sinceEntry'), { since: 'entry' }] as [string, Predicate]] : []),
  ]
  const same = (p: Predicate) => WINDOW.every((k) => JSON.stringify(p[k]) === JSON.stringify(body[k]))
  return (
    <>
      {zh && parts.length > 0 && '在'}
      <PickPanel label={t('window')} text={text}>
        {(close) => (form === 'list' ? (
          <ul className="pick-list">
            {choices.map(([label, p]) => <li key={label}><button type="button" className={same(p) ? 'on' : ''} onClick={() => { set(p); close() }}>{label}</button></li>)}
            <li><button type="button" onClick={() => { if (!duration(within)) set({ within: '30d' }); setForm('days') }}>{t('custom')}</button></li>
            <li><button type="button" onClick={() => setForm('between')}>{t('betweenDays')}</button></li>
            <li><button type="button" onClick={() => setForm('since')}>{t('sinceLastOf')}</button></li>
          </ul>
        ) : (
          <div className="stack">
            {form === 'days' && <DurationFields value={within} onChange={(w) => set({ within: w })} />}
            {form === 'between' && (
              <div className="pick-two">
                <TextInput type="date" label={t('from')} value={between?.[0]?.slice(0, 10) ?? ''} onChange={(e) => { const x = e.currentTarget.value; if (x) set({ between: [x, between?.[1] || x] }) }} />
                <TextInput type="date" label={t('to')} value={between?.[1]?.slice(0, 10) ?? ''} onChange={(e) => { const x = e.currentTarget.value; if (x) set({ between: [between?.[0] || x, x] }) }} />
              </div>
            )}
            {form === 'since' && <Select label={t('sinceLastOf')} searchable value={last || null} data={v.events.map((e) => ({ value: e, label: v.deed(e, false) ?? v.event(e) }))} onChange={(x) => { if (x) set({ since_last: x }) }} comboboxProps={{ withinPortal: false }} />}
            <PanelEnd close={() => { close(); setForm('list') }} remove={() => { set({}); setForm('list') }} />
          </div>
        ))}
      </PickPanel>
      {zh && parts.length > 0 && '里，'}
    </>
  )
}
