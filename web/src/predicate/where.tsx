// where.tsx: details of a deed: "with category is shoes". Each is one word of the sentence with its own panel.
import { Checkbox, NativeSelect } from '@mantine/core'
import { Autocomplete } from '@mantine/core'
import { useWords } from '~/i18n'
import { PanelEnd, PickPanel } from './picks'
import { isObject, type Json, type Predicate, put, textIn } from './types'
import { Comparison, useValueText } from './value'
import type { Vocabulary } from './vocabulary'
import { opWord, predicateWords } from './words'

type Leaf = { not: boolean; item: boolean; body: Predicate }
/** Details as a plain list; null: they nest deeper than a sentence. */
function leavesOf(w: Json | undefined): { mode: 'all' | 'any'; leaves: Leaf[] } | null {
  if (w === undefined) return { mode: 'all', leaves: [] }
  if (!isObject(w)) return null
  const mode = Array.isArray(w.any) ? 'any' : 'all'
  const list = Array.isArray(w.all) ? w.all : Array.isArray(w.any) ? w.any : [w]
  const leaves: Leaf[] = []
  for (const one of list) {
    if (!isObject(one)) return null
    const not = isObject(one.not)
    const inner = isObject(one.not) ? one.not : one
    const item = isObject(inner.item)
    const body = isObject(inner.item) ? inner.item : inner
    if (body.property === undefined) return null
    leaves.push({ not, item, body })
  }
  return { mode, leaves }
}
function whereOf(mode: 'all' | 'any', leaves: Leaf[]): Predicate | undefined {
  const list = leaves.map(({ not, item, body }): Predicate => {
    const inner: Predicate = item ? { item: body } : body
    return not ? { not: inner } : inner
  })
  return list.length === 0 ? undefined : list.length === 1 ? list[0] : { [mode]: list }
}
export const withLeaf = (w: Json | undefined): Predicate | undefined => {
  const at = leavesOf(w)
  return at ? whereOf(at.mode, [...at.leaves, { not: false, item: false, body: { property: '', op: '=', value: '' } }]) : isObject(w) ? w : undefined
}

export function WherePicks({ where, event, onChange, v }: { where: Json | undefined; event: string; onChange: (w: Predicate | undefined) => void; v: Vocabulary }) {
  const t = useWords(predicateWords)
  const value = useValueText()
  const at = leavesOf(where)
  if (!at) return <b className="pick ro">{t('keptDetail')}</b>
  const change = (i: number, leaf: Leaf | null) => onChange(whereOf(at.mode, at.leaves.flatMap((l, k) => (k === i ? (leaf ? [leaf] : []) : [l]))))
  return (
    <>
      {at.leaves.map((leaf, i) => {
        const name = textIn(leaf.body.property)
        const p = v.property(name, event)
        const op = textIn(leaf.body.op) || '='
        const said = value(op, leaf.body.value)
        const words = { p: p.label, op: opWord(op, p.type, t.lang), v: said }
        const text = name && (said || op === 'exists' || op === 'missing') ? t(leaf.not ? 'notDetail' : leaf.item ? 'withItem' : 'withDetail', words).trim() : undefined
        const names = leaf.item ? v.items : v.properties(event)
        return (
          <span key={i}>
            {i > 0 && <span className="muted"> {t(at.mode === 'any' ? 'or' : 'and')} </span>}
            <PickPanel label={t('detail')} text={text}>
              {(close) => (
                <div className="stack">
                  <Autocomplete label={t('detail')} value={name} onChange={(x) => change(i, { ...leaf, body: { ...leaf.body, property: names.find((n) => n.label === x)?.value ?? x } })} data={[...new Set(names.map((n) => n.value))]} comboboxProps={{ withinPortal: false }}
                    renderOption={({ option }) => <>{names.find((n) => n.value === option.value)?.label ?? option.value}</>} />
                  <Comparison body={leaf.body} onChange={(body) => change(i, { ...leaf, body })} type={p.type} samples={p.samples} label={t('what')} />
                  <Checkbox label={t('item')} checked={leaf.item} onChange={(e) => change(i, { ...leaf, item: e.currentTarget.checked })} />
                  <Checkbox label={t('mustNot')} checked={leaf.not} onChange={(e) => change(i, { ...leaf, not: e.currentTarget.checked })} />
                  {at.leaves.length > 1 && <NativeSelect label={t('detail')} value={at.mode} onChange={(e) => onChange(whereOf(e.currentTarget.value === 'any' ? 'any' : 'all', at.leaves))} data={[{ value: 'all', label: t('and') }, { value: 'any', label: t('or') }]} />}
                  <PanelEnd close={close} remove={() => change(i, null)} />
                </div>
              )}
            </PickPanel>
          </span>
        )
      })}
      {at.leaves.length > 0 && ' '}
    </>
  )
}

/** A single comparison of a property, as in "what started it". */
export function OneDetail({ body, event, onChange, v }: { body: Predicate; event: string; onChange: (b: Predicate) => void; v: Vocabulary }) {
  return <WherePicks where={body} event={event} v={v} onChange={(w) => onChange(w ?? put(body, { property: '', value: '' }))} />
}
