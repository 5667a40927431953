// rows.tsx: a condition as rows of a sentence. Whoever changes it gets a condition back, never text. Branches and entry
// rules of journeys use the same rows (`journey`).
import { Menu } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { type ReactNode, useContext } from 'react'
import { Bar, Button } from '~/parts'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { DidRow } from './did'
import { FormulaRow, JourneyRow, LONGER, MessageRow, MessagesRow, SequenceRow, StepRow, TaskRow, TriggerRow } from './more'
import { PickOne, ReadOnly } from './picks'
import { AttributeRow, ConsentRow, DateRow, ReachableRow, ScoreRow, SegmentRow, StageRow, TagRow } from './simple'
import type { Journey } from './time'
import { beenIn, isDone, isObject, joined, type Mode, type Predicate, predicateOf, put, rowOf, rowsOf } from './types'
import { useVocabulary, type Vocabulary } from './vocabulary'
import { predicateWords } from './words'
import './predicate.css'

/** How many customers are left after each row at the top. */
export type Counts = { left: (number | null)[] }
type Shared = { v: Vocabulary; journey?: Journey | undefined }

function RowWords({ value, onChange, v, journey }: Shared & { value: Predicate; onChange: (p: Predicate) => void }): ReactNode {
  const t = useWords(predicateWords)
  const { not, kind, body } = rowOf(value)
  const set = (no: boolean, b: Predicate) => onChange(predicateOf(no, b))
  const props = { body, not, onChange: set, v }
  switch (kind) {
    case 'did': return <DidRow {...props} journey={journey} />
    case 'attribute': return <>{not && t('notTrue')}<AttributeRow {...props} /></>
    case 'tag': return <TagRow {...props} />
    case 'segment': return <SegmentRow {...props} />
    case 'stage': return <StageRow {...props} />
    case 'score': return <>{not && t('notTrue')}<ScoreRow {...props} /></>
    case 'date': return <DateRow {...props} />
    case 'consent': return <ConsentRow {...props} />
    case 'reachable': return <ReachableRow {...props} />
    case 'journey': return <JourneyRow {...props} />
    case 'messages': return <MessagesRow {...props} />
    case 'sequence': return <SequenceRow {...props} />
    case 'formula': return <FormulaRow {...props} />
    case 'trigger': return <TriggerRow {...props} journey={journey} />
    case 'message': return <MessageRow {...props} journey={journey} />
    case 'step': return <StepRow {...props} journey={journey} />
    case 'task': return <TaskRow {...props} journey={journey} />
    default: return <span className="muted">{t('unknown')}</span>
  }
}

/** The menu of what can be asked; a new row begins with its most usual words. */
function AddMenu({ v, journey, onAdd }: Shared & { onAdd: (p: Predicate) => void }) {
  const t = useWords(predicateWords)
  const steps = journey?.steps ?? []
  const first = (kinds: string[]) => steps.find((s) => kinds.includes(s.kind))?.id ?? ''
  const channel = v.channels[0]?.value ?? 'email'
  const date = v.attributes.find((a) => a.value === 'birthday' || v.attribute(a.value).type === 'date')?.value ?? 'birthday'
  const model = v.stages[0]
  const usual: [string, Predicate][] = [
    [t('kDid'), { did: 'Product Viewed', within: '30d' }], [t('kNotDid'), { not: { did: 'Order Completed', within: '30d' } }], [t('kOrders'), { did: 'Order Completed', count: { op: '>=', value: 2 }, within: '180d' }],
    [t('kAttribute'), { attribute: v.attributes.find((a) => a.value === 'city')?.value ?? v.attributes[0]?.value ?? '', op: '=', value: '' }], [t('kTag'), { tag: v.tags[0]?.value ?? '' }],
    [t('kDate'), { date, in: '0d', ...(date.includes('birth') ? { anniversary: true } : {}) }], [t('kReachable'), { reachable: channel }], [t('kMessages'), { messages: {}, status: 'clicked', within: '30d' }],
  ]
  const more: [string, Predicate][] = [
    [t('kSegment'), { segment: v.segments[0]?.value ?? '' }], [t('kStage'), { stage: model?.stages[0]?.value ?? '', in: model?.id ?? 'default' }], [t('kScore'), { score: v.scores[0]?.value ?? '', op: '>=', value: 50 }],
    [t('kConsent'), { consent: channel }], [t('kJourney'), beenIn(v.journeys[0]?.value ?? '')], [t('kSequence'), { sequence: [{ did: 'Product Added' }, { did: 'Order Completed' }], within: '1d' }], [t('kFormula'), { formula: LONGER }],
  ]
  const within: [string, Predicate][] = journey ? [
    [t('kMessage'), { message: first(['send', 'reach']), status: 'clicked' }], [t('kTrigger'), { trigger: { property: '', op: '=', value: '' } }],
    ...(first(['wait', 'reach']) ? [[t('kStep'), { step: first(['wait', 'reach']), result: 'met' }] as [string, Predicate]] : []), ...(first(['task']) ? [[t('kTask'), { task: first(['task']), outcome: '' }] as [string, Predicate]] : []),
  ] : []
  const item = ([label, p]: [string, Predicate]) => <Menu.Item key={label} onClick={() => onAdd(p)}>{label}</Menu.Item>
  return (
    <Menu position="bottom-start" withinPortal width={300}>
      <Menu.Target><Button small plain icon={IconPlus}>{t('addRow')}</Button></Menu.Target>
      <Menu.Dropdown className="pick-menu">
        {within.length > 0 && <>{within.map(item)}<Menu.Divider /></>}
        {usual.map(item)}
        <Menu.Label>{t('kMore')}</Menu.Label>
        {more.map(item)}
      </Menu.Dropdown>
    </Menu>
  )
}

function Rows({ value, onChange, depth, counts, v, journey }: Shared & { value: Predicate; onChange: (p: Predicate) => void; depth: number; counts?: Counts | undefined }) {
  const t = useWords(predicateWords)
  const f = useFormat()
  const ro = useContext(ReadOnly)
  const { mode, rows } = rowsOf(value)
  const most = Math.max(1, ...(counts?.left ?? []).map((n) => n ?? 0))
  const nested = depth > 0
  const emit = (next: Predicate[], m: Mode = mode) => onChange(nested ? { [m]: next } : joined(m, next))
  const change = (i: number, p: Predicate | null) => emit(rows.flatMap((r, k) => (k === i ? (p ? [p] : []) : [r])))
  return (
    <>
      {rows.map((row, i) => {
        const at = rowOf(row)
        const left = counts?.left[i]
        return (
          <div key={i} className={`rule ${counts ? 'counted' : ''} ${at.kind === 'group' ? 'grouped' : ''}`}>
            <span className="rule-no">{i > 0 && t(mode === 'any' ? 'or' : 'and')}</span>
            {at.kind === 'group'
              ? <Group not={at.not} body={at.body} depth={depth + 1} v={v} journey={journey} onChange={(p) => change(i, p)} />
              : <div className="rule-say" role="group" aria-label={`${i + 1}`}><RowWords value={row} onChange={(p) => change(i, p)} v={v} journey={journey} /></div>}
            {counts && (
              <>
                <span aria-hidden className="rule-bar"><Bar share={left == null ? 0 : left / most} /></span>
                <span className="rule-v">{isDone(row) ? (left == null ? '' : f.number(left)) : ''}</span>
              </>
            )}
            {!ro && <button type="button" className="tool rule-x" aria-label={t('remove')} onClick={() => change(i, null)}><IconX size={16} stroke={1.75} aria-hidden /></button>}
          </div>
        )
      })}
      {!ro && (
        <div className="rule-add">
          <AddMenu v={v} journey={journey} onAdd={(p) => emit([...rows, p])} />
          {depth < 6 && <Button small plain icon={IconPlus} onClick={() => emit([...rows, { any: [{ did: 'Order Completed', within: '30d' }, { did: 'Product Added', within: '30d' }] }])}>{t('addGroup')}</Button>}
        </div>
      )}
    </>
  )
}

export function ModePick({ mode, not = false, onPick, label, nested }: { mode: Mode; not?: boolean; onPick: (mode: Mode, not: boolean) => void; label: string; nested?: boolean }) {
  const t = useWords(predicateWords)
  const items = [{ value: 'all', label: t('allOf') }, { value: 'any', label: t('anyOf') }, ...(nested ? [{ value: '-any', label: t('noneOf') }, { value: '-all', label: t('notAllOf') }] : [])]
  return <PickOne label={label} items={items} value={`${not ? '-' : ''}${mode}`} onPick={(x) => onPick(x.endsWith('any') ? 'any' : 'all', x.startsWith('-'))} />
}

function Group({ not, body, onChange, depth, v, journey }: Shared & { not: boolean; body: Predicate; onChange: (p: Predicate) => void; depth: number }) {
  const t = useWords(predicateWords)
  const { mode, rows } = rowsOf(body)
  return (
    <div className="rule-group">
      <div className="rule-say">{t.rich('group', { m: <ModePick nested label={t('mode')} mode={mode} not={not} onPick={(m, no) => onChange(predicateOf(no, { [m]: rows }))} /> })}</div>
      <Rows value={body} depth={depth} v={v} journey={journey} onChange={(p) => onChange(predicateOf(not, p))} />
    </div>
  )
}

/**
 * The editor of a condition. `value` may be null or {}: everybody. Rows that are not finished are in what `onChange` gives;
 * `finished(value)` leaves them out. `subject` stands before the mode ("Customers for whom …"); `counts` shows how many are left.
 */
export function PredicateRows({ value, onChange, counts, journey, readOnly, head }: {
  value: Predicate | null | undefined; onChange?: (p: Predicate) => void; counts?: Counts; journey?: Journey; readOnly?: boolean
  /** `one`: about one person (a branch, an entry rule); `none`: no head. */
  head?: 'many' | 'one' | 'none'
}) {
  const t = useWords(predicateWords)
  const v = useVocabulary()
  const whole: Predicate = isObject(value ?? undefined) ? (value as Predicate) : {}
  const { mode, rows } = rowsOf(whole)
  const change = onChange ?? (() => {})
  return (
    <ReadOnly.Provider value={readOnly === true || !onChange}>
      <div className="rules">
        {head !== 'none' && (
          <div className="rules-head">
            <span>{rows.length === 0 ? t('everybody') : t.rich(head === 'one' ? 'headOne' : 'head', { m: <ModePick label={t('mode')} mode={mode} onPick={(m) => change(joined(m, rows))} /> })}</span>
            {counts && rows.length > 0 && <span className="small dim rules-left">{t('left')}</span>}
          </div>
        )}
        <Rows value={put(whole, {})} depth={0} counts={counts} v={v} journey={journey} onChange={change} />
      </div>
    </ReadOnly.Provider>
  )
}
