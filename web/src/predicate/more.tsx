// more.tsx: conditions asked for less often: our messages, one deed after another, formulas, and what happened within a
// journey.
import { NativeSelect, Textarea } from '@mantine/core'
import { useContext } from 'react'
import { Button } from '~/parts'
import { useWords } from '~/i18n'
import { DeedPick, MeasurePick } from './did'
import { PanelEnd, PickOne, PickPanel, ReadOnly } from './picks'
import type { RowProps } from './simple'
import { DurationFields, type Journey, useDuration, WindowPick } from './time'
import { isObject, type Predicate, put, textIn } from './types'
import type { Item, Vocabulary } from './vocabulary'
import { OneDetail, WherePicks } from './where'
import { predicateWords } from './words'

const STATUS = { sent: 'msSent', delivered: 'msDelivered', opened: 'msOpened', read: 'msRead', clicked: 'msClicked', replied: 'msReplied', bounced: 'msBounced', complained: 'msComplained', unsubscribed: 'msUnsubscribed', refused: 'msRefused' } as const
type MessageStatus = keyof typeof STATUS
function useStatuses(): Item[] {
  const t = useWords(predicateWords)
  return (Object.keys(STATUS) as MessageStatus[]).map((s) => ({ value: s, label: t(STATUS[s]) }))
}

export function MessagesRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const statuses = useStatuses()
  const which = isObject(body.messages) ? body.messages : {}
  const set = (b: Predicate) => onChange(not, b)
  const status = textIn(body.status) || 'sent'
  const label = (items: Item[], id: string) => items.find((i) => i.value === id)?.label ?? id
  const said = [
    which.template && t('ofTemplate', { template: label(v.templates, textIn(which.template)) }),
    which.journey && t('ofJourney', { journey: label(v.journeys, textIn(which.journey)) }),
    which.channel && t('ofChannel', { channel: v.channel(textIn(which.channel)) }),
  ].filter(Boolean).join(' ')
  const field = (name: 'journey' | 'template' | 'channel', items: Item[]) => (
    <NativeSelect key={name} label={t(name)} value={textIn(which[name])} onChange={(e) => set({ ...body, messages: put(which, { [name]: e.currentTarget.value || undefined }) })} data={[{ value: '', label: t('all') }, ...items.map(({ value, label: l }) => ({ value, label: l }))]} />
  )
  return t.rich('messages', {
    s: <PickOne label={t('kMessages')} value={`${not ? '-' : '+'}${status}`} text={not ? t('not', { x: label(statuses, status) }) : label(statuses, status)} onPick={(x) => onChange(x[0] === '-', put(body, { status: x.slice(1) }))}
      items={[...statuses.map((s) => ({ value: `+${s.value}`, label: s.label, group: t('doesIt') })), ...statuses.map((s) => ({ value: `-${s.value}`, label: s.label, group: t('doesNot') }))]} />,
    m: (
      <PickPanel label={t('kMessages')} text={said || t('anyMessage')}>
        {(close) => <div className="stack">{field('journey', v.journeys)}{field('template', v.templates)}{field('channel', v.channels)}<PanelEnd close={close} /></div>}
      </PickPanel>
    ),
    c: not ? <></> : <MeasurePick only="count" body={body} event="" v={v} onChange={set} />,
    w: <WindowPick session={false} body={body} v={v} onChange={set} />,
  })
}

export function JourneyRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const id = isObject(body.where) ? textIn(body.where.value) : ''
  return t.rich('beenIn', {
    s: <PickOne label={t('kJourney')} value={not ? '-' : '+'} text={t(not ? 'neverIn' : 'wasIn')} onPick={(x) => onChange(x === '-', body)} items={[{ value: '+', label: t('wasIn') }, { value: '-', label: t('neverIn') }]} />,
    j: <PickOne label={t('journey')} value={id} text={v.journeys.find((x) => x.value === id)?.label ?? (id || undefined)} items={v.journeys} onPick={(x) => onChange(not, put(body, { where: { property: 'journey', op: '=', value: x } }))} />,
    w: <WindowPick session={false} body={body} v={v} onChange={(b) => onChange(not, b)} />,
  })
}

export function SequenceRow({ body, not, onChange, v }: RowProps) {
  const t = useWords(predicateWords)
  const say = useDuration()
  const ro = useContext(ReadOnly)
  const steps = Array.isArray(body.sequence) ? body.sequence.filter(isObject) : []
  const within = textIn(body.within)
  const set = (b: Predicate) => onChange(not, b)
  const change = (i: number, step: Predicate | null) => set({ ...body, sequence: steps.flatMap((s, k) => (k === i ? (step ? [step] : []) : [s])) })
  return (
    <>
      {not && t('notTrue')}
      {t('first')}
      {steps.map((s, i) => (
        <span key={i}>
          {i > 0 && t('then')}
          <DeedPick positive event={textIn(s.did)} not={false} v={v} onPick={(e) => change(i, e === s.did ? s : { did: e })} />
          <WherePicks where={s.where} event={textIn(s.did)} v={v} onChange={(w) => change(i, put(s, { where: w }))} />
        </span>
      ))}
      {t('within')}
      <PickPanel label={t('window')} text={within ? say(within) : t('anyTime')}>
        {(close) => <div className="stack"><DurationFields units={['m', 'h', 'd', 'w']} value={within || '1d'} onChange={(w) => set({ ...body, within: w })} /><PanelEnd close={close} remove={() => set(put(body, { within: undefined }))} /></div>}
      </PickPanel>
      {!ro && steps.length < 16 && <Button small plain onClick={() => set({ ...body, sequence: [...steps, { did: 'Order Completed' }] })}>{t('addStep')}</Button>}
      {!ro && steps.length > 2 && <Button small plain onClick={() => change(steps.length - 1, null)}>{t('removePart')}</Button>}
    </>
  )
}

export const LONGER = "days_since(last('Order Completed')) > 1.5 * median_interval('Order Completed')"
export function FormulaRow({ body, not, onChange }: RowProps) {
  const t = useWords(predicateWords)
  const text = textIn(body.formula)
  return (
    <>
      {not && t('notTrue')}
      {t.rich('formula', {
        f: (
          <PickPanel wide label={t('formulaText')} text={text === LONGER ? t('formulaLonger') : text ? <span className="clip pick-long">{text}</span> : undefined}>
            {(close) => (
              <div className="stack">
                <ul className="pick-list"><li><button type="button" className={text === LONGER ? 'on' : ''} onClick={() => onChange(not, { formula: LONGER })}>{t('formulaLonger')}</button></li></ul>
                <Textarea label={t('formulaText')} description={t('formulaHelp')} rows={3} spellCheck={false} value={text} onChange={(e) => onChange(not, { formula: e.currentTarget.value })} />
                <PanelEnd close={close} />
              </div>
            )}
          </PickPanel>
        ),
      })}
    </>
  )
}

// ---- within a journey ----

export function TriggerRow({ body, not, onChange, v, journey }: RowProps & { journey: Journey | undefined }) {
  const t = useWords(predicateWords)
  const inner = isObject(body.trigger) ? body.trigger : { property: '' }
  return <>{not && t('notTrue')}{t.rich('trigger', { p: <OneDetail body={inner} event={journey?.event ?? ''} v={v} onChange={(b) => onChange(not, { trigger: b })} /> })}</>
}

type StepKind = 'send' | 'reach' | 'wait' | 'task'
const stepItems = (journey: Journey | undefined, kinds: StepKind[]): Item[] => (journey?.steps ?? []).filter((s) => kinds.includes(s.kind)).map((s) => ({ value: s.id, label: s.label ?? s.id }))

export function MessageRow({ body, not, onChange, journey }: RowProps & { journey: Journey | undefined }) {
  const t = useWords(predicateWords)
  const statuses = useStatuses()
  const id = textIn(body.message)
  const items = stepItems(journey, ['send', 'reach'])
  return t.rich('message', {
    m: <PickOne free label={t('kMessage')} items={items} value={id || undefined} text={id ? t('messageOf', { m: items.find((i) => i.value === id)?.label ?? id }) : undefined} onPick={(x) => onChange(not, put(body, { message: x }))} />,
    h: <PickOne label={t('kMessage')} items={[{ value: 'yes', label: t('was') }, { value: 'no', label: t('wasNot') }]} value={not ? 'no' : 'yes'} onPick={(x) => onChange(x === 'no', body)} />,
    s: <PickOne label={t('kMessage')} items={statuses} value={textIn(body.status) || 'sent'} onPick={(x) => onChange(not, put(body, { status: x }))} />,
  })
}

export function StepRow({ body, not, onChange, journey }: RowProps & { journey: Journey | undefined }) {
  const t = useWords(predicateWords)
  const id = textIn(body.step)
  const items = stepItems(journey, ['wait', 'reach'])
  const reach = journey?.steps?.find((s) => s.id === id)?.kind === 'reach'
  const results: Item[] = reach ? [{ value: 'read', label: t('rRead') }, { value: 'unread', label: t('rUnread') }, { value: 'unreachable', label: t('rUnreachable') }] : [{ value: 'met', label: t('met') }, { value: 'timeout', label: t('timeout') }]
  return (
    <>
      {not && t('notTrue')}
      {t.rich('stepRow', {
        s: <PickOne free label={t('kStep')} items={items} value={id || undefined} text={id ? t('waitOf', { s: items.find((i) => i.value === id)?.label ?? id }) : undefined} onPick={(x) => onChange(not, put(body, { step: x }))} />,
        r: <PickOne label={t('kStep')} items={results} value={textIn(body.result) || undefined} onPick={(x) => onChange(not, put(body, { result: x }))} />,
      })}
    </>
  )
}

export function TaskRow({ body, not, onChange, journey }: RowProps & { journey: Journey | undefined; v: Vocabulary }) {
  const t = useWords(predicateWords)
  const id = textIn(body.task)
  const items = stepItems(journey, ['task'])
  const outcomes = journey?.steps?.find((s) => s.id === id)?.outcomes ?? []
  return t.rich('taskRow', {
    k: <PickOne free label={t('kTask')} items={items} value={id || undefined} text={id ? t('taskOf', { k: items.find((i) => i.value === id)?.label ?? id }) : undefined} onPick={(x) => onChange(not, put(body, { task: x }))} />,
    h: <PickOne label={t('kTask')} items={[{ value: 'yes', label: t('is') }, { value: 'no', label: t('isNot') }]} value={not ? 'no' : 'yes'} onPick={(x) => onChange(x === 'no', body)} />,
    o: <PickOne free label={t('kTask')} items={outcomes.map((o) => ({ value: o, label: o }))} value={textIn(body.outcome) || undefined} onPick={(x) => onChange(not, put(body, { outcome: x }))} />,
  })
}
