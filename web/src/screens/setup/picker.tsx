// One word of the sentence: choices with how many people each has, or a value of one's own.
import { Modal, NumberInput, Select, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { Question } from '~/api/playbooks'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Pick } from '~/parts'
import { choicesOf, mayType, parseDuration, type Unit, UNITS, valueWords } from './values'
import { setupWords } from './words'

function Own({ q, value, onTake, onClose }: { q: Question; value: unknown; onTake: (v: unknown) => void; onClose: () => void }) {
  const t = useWords(setupWords)
  const text = useText()
  const d = parseDuration(value)
  const [n, setN] = useState<number | string>(q.type === 'duration' ? (d?.n ?? 1) : q.type === 'offset' ? Math.abs(d?.n ?? 0) : Number(value) || 0)
  const [unit, setUnit] = useState<Unit>(d?.unit ?? 'h')
  const [word, setWord] = useState(String(value ?? ''))
  const label = text(q.label, q.id)
  const numeric = q.type === 'duration' || q.type === 'offset' || q.type === 'number' || q.type === 'percent'
  const names = { s: t('seconds'), m: t('minutes'), h: t('hours'), d: t('days'), w: t('weeks') }
  const take = (e: FormEvent) => {
    e.preventDefault()
    const v = q.type === 'duration' ? `${n}${unit}` : q.type === 'offset' ? `${Number(n) ? '-' : ''}${n}d` : numeric ? Number(n) : word.trim()
    if (v !== '') onTake(v)
  }
  return (
    <Modal opened onClose={onClose} title={label} centered size={420} withCloseButton={false}>
      <form onSubmit={take} className="stack">
        {numeric ? (
          <div className="row" style={{ alignItems: 'flex-end' }}>
            <NumberInput className="grow" data-autofocus label={q.type === 'offset' ? t('daysBefore') : t('value')} min={q.minimum ?? 0} {...(q.maximum !== undefined ? { max: q.maximum } : {})} hideControls value={n} onChange={setN} />
            {q.type === 'duration' && <Select label={t('unit')} allowDeselect={false} data={UNITS.map((u) => ({ value: u, label: names[u] }))} value={unit} onChange={(v) => v && setUnit(v as Unit)} />}
          </div>
        ) : <TextInput data-autofocus label={label} type={q.type === 'time' ? 'time' : 'text'} step={1} required value={word} onChange={(e) => setWord(e.currentTarget.value)} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}><Button onClick={onClose}>{t('cancel')}</Button><Button primary type="submit">{t('ok')}</Button></div>
      </form>
    </Modal>
  )
}

export function Picker({ q, value, warn, small, onChange }: { q: Question; value: unknown; warn?: boolean; small?: boolean; onChange: (v: unknown) => void }) {
  const t = useWords(setupWords)
  const text = useText()
  const f = useFormat()
  const [own, setOwn] = useState(false)
  const words = (v: unknown) => valueWords(q, v, t, f, text)
  const people = (v: unknown) => q.choices?.find((c) => c.value === v)?.customers
  const values = choicesOf(q, value)
  return (
    <>
      <Pick<unknown> label={`${text(q.label, q.id)}: ${words(value)}`} value={value} onPick={onChange} {...(warn ? { warn } : {})} {...(small ? { small } : {})}
        choices={values.map((v) => { const n = people(v); return { value: v, label: words(v), ...(typeof n === 'number' ? { effect: t('nPeople', { n }) } : {}) } })}
        {...(mayType(q) ? { custom: { label: t('other'), onClick: () => setOwn(true) } } : {})}>
        {words(value)}
      </Pick>
      {own && <Own q={q} value={value} onClose={() => setOwn(false)} onTake={(v) => { setOwn(false); onChange(v) }} />}
    </>
  )
}
