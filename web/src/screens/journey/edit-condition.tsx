// edit-condition.tsx: which customers a way is for: the usual answers in a menu, everything else in the rows of conditions.
import { Modal } from '@mantine/core'
import { useState } from 'react'
import { type JourneyContext, type Predicate as Rows, PredicateRows } from '~/predicate'
import { useWords } from '~/i18n'
import { Button, Pick } from '~/parts'
import { editWords } from './edit-words'
import { allSteps, type Journey, kindOf, type Predicate } from './model'
import { plain, type Say } from './say'

export function contextOf(journey: Journey, say: Say): JourneyContext {
  const steps = allSteps(journey.steps).flatMap((s) => {
    const kind = kindOf(s)
    if (!s.id || !(kind === 'send' || kind === 'reach' || kind === 'wait' || kind === 'task')) return []
    return [{ id: s.id, kind, label: plain(say.step(s)), ...(s.task?.outcomes ? { outcomes: s.task.outcomes } : {}) } as const]
  })
  return { ...(journey.trigger.event ? { event: journey.trigger.event } : {}), steps }
}

type Props = { value: Predicate | undefined; onChange: (p: Predicate) => void; journey: Journey; say: Say; title: string }

export function ConditionModal({ value, onChange, journey, say, title, close }: Props & { close: () => void }) {
  const t = useWords(editWords)
  const [p, setP] = useState<Rows>((value ?? {}) as Rows)
  return (
    <Modal opened onClose={close} title={title} size={820} closeButtonProps={{ 'aria-label': t('cancel') }}>
      <PredicateRows value={p} onChange={setP} journey={contextOf(journey, say)} head="one" />
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 24 }}>
        <Button onClick={close}>{t('cancel')}</Button>
        <Button primary onClick={() => { onChange(p as Predicate); close() }}>{t('done')}</Button>
      </div>
    </Modal>
  )
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** In a sentence: the words are the button. */
export function ConditionPick({ value, onChange, journey, say, title, label }: Props & { label: string }) {
  const t = useWords(editWords)
  const [open, setOpen] = useState(false)
  const sends = allSteps(journey.steps).filter((s) => s.send && s.id)
  const usual: { value: Predicate; label: string }[] = [
    ...sends.slice(-3).flatMap((s) => [{ value: { message: s.id, status: 'clicked' }, label: t('cClicked', { what: plain(say.step(s).filter((x) => x.strong)) }) }, { value: { message: s.id, status: 'opened' }, label: t('cOpened', { what: plain(say.step(s).filter((x) => x.strong)) }) }]),
    { value: { did: 'Order Completed', since: 'entry' }, label: t('cOrdered') }, { value: { not: { did: 'Order Completed', since: 'entry' } }, label: t('cNotOrdered') },
  ]
  const known = usual.find((u) => same(u.value, value))
  return (
    <>
      <Pick<Predicate> value={known?.value ?? value ?? {}} label={`${label}: ${say.predicate(value)}`} choices={usual} onPick={onChange} custom={{ label: t('cOther'), onClick: () => setOpen(true) }}>{say.predicate(value)}</Pick>
      {open && <ConditionModal value={value} onChange={onChange} journey={journey} say={say} title={title} close={() => setOpen(false)} />}
    </>
  )
}

/** As a field: what it says, and a button to change it. */
export function Condition({ value, onChange, journey, say, title, label, clearable, empty }: Omit<Props, 'onChange'> & { onChange: (p: Predicate | undefined) => void; label?: string; clearable?: boolean; empty?: string }) {
  const t = useWords(editWords)
  const [open, setOpen] = useState(false)
  return (
    <div>
      <span className="mantine-InputWrapper-label">{label ?? title}</span>
      <div className="row ed-cond">
        <span className="grow">{value ? say.predicate(value, 'many') : (empty ?? '')}</span>
        <Button small onClick={() => setOpen(true)}>{t('change')}</Button>
        {clearable && value && <Button small plain onClick={() => onChange(undefined)}>{t('everyone')}</Button>}
      </div>
      {open && <ConditionModal value={value} onChange={onChange} journey={journey} say={say} title={title} close={() => setOpen(false)} />}
    </div>
  )
}
