// value.tsx: what a value is compared with: a number, a day, a text with what the shop's own data say, several, two.
import { Autocomplete, NativeSelect, NumberInput, TagsInput, TextInput } from '@mantine/core'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import type { Json, Predicate } from './types'
import { textIn } from './types'
import { OPS, opsFor, opWord, predicateWords } from './words'

type Typed = { type: string | null; samples?: readonly unknown[] }
const isNumeric = (type: string | null) => type === 'int' || type === 'decimal'
const isOrder = (op: string) => ['<', '<=', '>', '>=', 'between'].includes(op)
const numberOr = (text: string, sure: boolean): Json => (text.trim() !== '' && (sure || /^-?\d+(\.\d+)?$/.test(text.trim())) && Number.isFinite(Number(text)) ? Number(text) : text)

/** What stands in the sentence for it; empty while it is not chosen. */
export function useValueText() {
  const f = useFormat()
  const t = useWords(predicateWords)
  const one = (v: Json | undefined): string => (typeof v === 'number' ? f.number(v) : v === true ? t('yes') : v === false ? t('no') : textIn(v))
  return (op: string, v: Json | undefined): string => {
    const kind = OPS[op]?.value ?? 'one'
    if (kind === 'none') return ''
    if (Array.isArray(v)) {
      if (kind === 'two') return v.length === 2 && v.every((x) => one(x) !== '') ? t('and2', { a: one(v[0]), b: one(v[1]) }) : ''
      return v.map(one).join(t.lang === 'zh' ? '、' : ', ')
    }
    return one(v)
  }
}

function One({ type, op, value, onChange, label, samples = [] }: Typed & { op: string; value: Json | undefined; onChange: (v: Json) => void; label: string }) {
  const t = useWords(predicateWords)
  if (type === 'bool')
    return <NativeSelect label={label} value={value === false ? 'no' : 'yes'} onChange={(e) => onChange(e.currentTarget.value === 'yes')} data={[{ value: 'yes', label: t('yes') }, { value: 'no', label: t('no') }]} />
  if (type === 'date' || type === 'time')
    return <TextInput type="date" label={label} value={textIn(value).slice(0, 10)} onChange={(e) => onChange(e.currentTarget.value)} />
  if (isNumeric(type))
    return <NumberInput label={label} value={typeof value === 'number' ? value : ''} onChange={(v) => onChange(typeof v === 'number' ? v : numberOr(v, true))} thousandSeparator="," decimalScale={type === 'int' ? 0 : 4} />
  return <Autocomplete label={label} value={textIn(value)} onChange={(v) => onChange(type === null && isOrder(op) ? numberOr(v, false) : v)} data={[...new Set(samples.map(String))]} comboboxProps={{ withinPortal: false }} />
}

export function ValueInput({ type, op, value, onChange, samples = [], label }: Typed & { op: string; value: Json | undefined; onChange: (v: Json) => void; label: string }) {
  const t = useWords(predicateWords)
  const kind = OPS[op]?.value ?? 'one'
  if (kind === 'none') return null
  if (kind === 'two') {
    const [a, b] = Array.isArray(value) ? value : [value, undefined]
    return (
      <div className="pick-two">
        <One type={type} op={op} label={t('from')} value={a} onChange={(v) => onChange([v, b ?? ''])} />
        <One type={type} op={op} label={label} value={b} onChange={(v) => onChange([a ?? '', v])} />
      </div>
    )
  }
  if (kind === 'list') {
    const list = Array.isArray(value) ? value : value === undefined || value === '' ? [] : [value]
    return (
      <TagsInput label={label} description={t('values')} value={list.map((v) => textIn(v))} data={[...new Set(samples.map(String))]} comboboxProps={{ withinPortal: false }} acceptValueOnBlur
        onChange={(v) => onChange(v.map((x) => (isNumeric(type) ? numberOr(x, true) : x)))} />
    )
  }
  return <One type={type} op={op} samples={samples} label={label} value={Array.isArray(value) ? value[0] : value} onChange={onChange} />
}

/** Another operator keeps what it can of the value. */
export function withOp(body: Predicate, op: string): Predicate {
  const kind = OPS[op]?.value ?? 'one'
  const next: Predicate = { ...body, op }
  const v = body.value
  if (kind === 'none') delete next.value
  else if (kind === 'list') next.value = Array.isArray(v) ? v : v === undefined || v === '' ? [] : [v]
  else if (kind === 'two') next.value = Array.isArray(v) && v.length === 2 ? v : [Array.isArray(v) ? (v[0] ?? '') : (v ?? ''), '']
  else if (Array.isArray(v)) next.value = v[0] ?? ''
  return next
}

/** Operator and value, as two fields of a panel. */
export function Comparison({ body, onChange, type, samples, label }: Typed & { body: Predicate; onChange: (b: Predicate) => void; label: string }) {
  const t = useWords(predicateWords)
  const op = textIn(body.op) || '='
  return (
    <>
      <NativeSelect label={label} value={op} onChange={(e) => onChange(withOp(body, e.currentTarget.value))} data={[...new Set([...opsFor(type), op])].map((o) => ({ value: o, label: opWord(o, type, t.lang) }))} />
      <ValueInput type={type} op={op} samples={samples ?? []} value={body.value} label={t('value')} onChange={(value) => onChange({ ...body, op, value })} />
    </>
  )
}
