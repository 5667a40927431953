// edit-rows.tsx: the steps as lines that can be added, moved and removed by keyboard alone; as sentences or as a table.
import { Menu, Modal } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconDots, IconPlus, IconX } from '@tabler/icons-react'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useWords } from '~/i18n'
import { Button, toast } from '~/parts'
import { ConditionPick } from './edit-condition'
import { StepFields } from './edit-fields'
import { ADDABLE, newStep, type Stock } from './edit-kinds'
import { holes, StepLine } from './edit-line'
import type { Editor } from './edit-state'
import { editWords } from './edit-words'
import { Glyph, stepIcon } from './icons'
import { armsOf, type Arm, insertAt, type Kind, type Line, lines, moveBy, type Path, pathKey, removeAt, replaceAt, type Step, stepAt } from './model'
import { bold, plain, type Say } from './say'
import { sayWords } from './say-words'
import { afterText, earliest } from './table'

export type RowsProps = { editor: Editor; say: Say; stock: Stock }

/** What can be put in at a place. */
export function AddMenu({ at, editor, stock, label, big, added }: { at: Path; editor: Editor; stock: Stock; label: string; big?: boolean; added?: (path: Path) => void }) {
  const t = useWords(editWords)
  const lacks: Partial<Record<Kind, string>> = { send: t('noTemplates'), notify: t('noTemplates'), coupon: t('noCoupons'), enter: t('noJourneys') }
  return (
    <Menu position="bottom-start" width={320} withinPortal>
      <Menu.Target>{big ? <Button small icon={IconPlus}>{label}</Button> : <button type="button" className="ed-add" aria-label={label}><IconPlus size={16} stroke={2} aria-hidden /></button>}</Menu.Target>
      <Menu.Dropdown>
        {ADDABLE.map((kind) => {
          const step = newStep(kind, editor.journey, stock)
          const I = stepIcon(step ?? ({ [kind]: {} } as Step))
          return <Menu.Item key={kind} disabled={!step} leftSection={<I size={18} stroke={1.75} aria-hidden />} rightSection={step ? undefined : <span className="small dim">{lacks[kind]}</span>} onClick={() => { if (step) { editor.steps(insertAt(editor.journey.steps, at, step)); added?.(at) } }}>{t(`a_${kind}` as 'a_wait')}</Menu.Item>
        })}
      </Menu.Dropdown>
    </Menu>
  )
}

export function useRowActions({ editor, say }: RowsProps) {
  const t = useWords(editWords)
  const box = useRef<HTMLDivElement>(null)
  const focus = (path: Path) => setTimeout(() => box.current?.querySelector<HTMLElement>(`[data-row="${pathKey(path)}"]`)?.focus(), 30)
  const move = (path: Path, by: 1 | -1) => { const to = moveBy(editor.journey.steps, path, by); if (to) { editor.steps(to.steps); focus(to.path) } }
  const remove = (path: Path) => {
    const step = stepAt(editor.journey.steps, path)
    const before = editor.journey
    editor.steps(removeAt(editor.journey.steps, path))
    if (step) toast(t('removed', { what: plain(say.step(step)) }), () => editor.change(before))
    const i = path[path.length - 1] ?? 0
    focus([...path.slice(0, -1), Math.max(0, i - 1)])
  }
  const keys = (path: Path, details: () => void) => (e: KeyboardEvent) => {
    if (e.target !== e.currentTarget) return
    if (e.altKey && e.key === 'ArrowUp') { e.preventDefault(); move(path, -1) }
    else if (e.altKey && e.key === 'ArrowDown') { e.preventDefault(); move(path, 1) }
    else if (e.key === 'Delete' || e.key === 'Backspace') { e.preventDefault(); remove(path) }
    else if (e.key === 'Enter') { e.preventDefault(); details() }
    else if (e.key === 'ArrowUp' || e.key === 'ArrowDown') {
      e.preventDefault()
      const all = [...(box.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
      all[all.indexOf(e.currentTarget as HTMLElement) + (e.key === 'ArrowUp' ? -1 : 1)]?.focus()
    }
  }
  return { box, move, remove, keys, focus }
}

export function StepTools({ path, step, say, move, remove, details }: { path: Path; step: Step; say: Say; move: (p: Path, by: 1 | -1) => void; remove: (p: Path) => void; details?: () => void }) {
  const t = useWords(editWords)
  const what = plain(say.step(step))
  const tool = (label: string, I: typeof IconX, run: () => void) => <button type="button" className="tool" aria-label={label} title={label} onClick={run}><I size={16} stroke={1.75} aria-hidden /></button>
  return (
    <span className="ed-tools">
      {tool(t('up', { what }), IconArrowUp, () => move(path, -1))}
      {tool(t('down', { what }), IconArrowDown, () => move(path, 1))}
      {details && tool(t('details', { what }), IconDots, details)}
      {tool(t('remove', { what }), IconX, () => remove(path))}
    </span>
  )
}

export function DetailsModal({ path, editor, say, stock, close }: RowsProps & { path: Path; close: () => void }) {
  const t = useWords(editWords)
  const step = stepAt(editor.journey.steps, path)
  if (!step) return null
  return (
    <Modal opened onClose={close} title={plain(say.step(step))} size={560} closeButtonProps={{ 'aria-label': t('done') }}>
      <StepFields step={step} onChange={(s) => editor.steps(replaceAt(editor.journey.steps, path, s))} journey={editor.journey} stock={stock} say={say} />
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 24 }}><Button primary onClick={close}>{t('done')}</Button></div>
    </Modal>
  )
}

/** Whose way it is, as a picker; the last way has nobody to choose. */
function ArmLine({ line, editor, say }: { line: Line & { kind: 'arm' }; editor: Editor; say: Say }) {
  const t = useWords(editWords)
  const path = line.path.slice(0, -1)
  const arms = armsOf(line.of) ?? []
  const put = (next: Arm[]) => editor.steps(replaceAt(editor.journey.steps, path, line.of.branch ? { ...line.of, branch: next } : { ...line.of, split: next }))
  return (
    <>
      {line.arm.if ? holes(sayWords[say.lang].if, { cond: <ConditionPick label={t('fCondition')} title={t('condTitle')} value={line.arm.if} journey={editor.journey} say={say} onChange={(p) => put(arms.map((a, i) => (i === line.index ? { ...a, if: p } : a)))} /> }) : <span className="muted">{bold(say.arm(line.arm))}</span>}
      {arms.length > 2 && !line.arm.else && <button type="button" className="tool" aria-label={t('removeWay')} title={t('removeWay')} onClick={() => put(arms.filter((_, i) => i !== line.index))}><IconX size={16} stroke={1.75} aria-hidden /></button>}
    </>
  )
}

export function StepRows({ editor, say, stock }: RowsProps) {
  const t = useWords(editWords)
  const [open, setOpen] = useState<Path>()
  const { box, move, remove, keys, focus } = useRowActions({ editor, say, stock })
  const put = (path: Path) => (s: Step) => editor.steps(replaceAt(editor.journey.steps, path, s))
  return (
    <div ref={box}>
      {lines(editor.journey.steps).map((l) => {
        const key = pathKey(l.path)
        const wrong = l.kind === 'step' && editor.wrong.has(key)
        return (
          <div key={`${key}${l.kind}`} className={`ed-row ${l.kind} ${wrong ? 'wrong' : ''}`} style={{ paddingLeft: l.depth * 28, ['--ed-in' as string]: `${l.depth * 28}px` }}>
            {l.kind === 'step' ? (
              <>
                <div className="ed-line" data-row={key} tabIndex={0} aria-label={plain(say.step(l.step))} onKeyDown={keys(l.path, () => setOpen(l.path))} role="group">
                  <Glyph icon={stepIcon(l.step)} />
                  <span className="ed-say"><StepLine step={l.step} onChange={put(l.path)} journey={editor.journey} stock={stock} say={say} details={() => setOpen(l.path)} /></span>
                  <StepTools path={l.path} step={l.step} say={say} move={move} remove={remove} details={() => setOpen(l.path)} />
                </div>
                {!armsOf(l.step) && !(l.path.length === 1 && l.path[0] === editor.journey.steps.length - 1) && <AddMenu at={[...l.path.slice(0, -1), (l.path[l.path.length - 1] ?? 0) + 1]} editor={editor} stock={stock} label={t('add')} added={focus} />}
              </>
            ) : (
              <div className="ed-line arm"><span className="ed-say"><ArmLine line={l} editor={editor} say={say} /></span><AddMenu at={[...l.path, 0]} editor={editor} stock={stock} label={t('add')} added={focus} /></div>
            )}
          </div>
        )
      })}
      <div className="ed-row end"><AddMenu at={[editor.journey.steps.length]} editor={editor} stock={stock} label={t('addEnd')} big added={focus} /></div>
      {open && <DetailsModal path={open} editor={editor} say={say} stock={stock} close={() => setOpen(undefined)} />}
    </div>
  )
}

export function StepTable({ editor, say, stock }: RowsProps) {
  const t = useWords(editWords)
  const [open, setOpen] = useState<Path>()
  const { box, move, remove, keys, focus } = useRowActions({ editor, say, stock })
  const after = earliest(editor.journey.steps)
  let n = 0
  return (
    <div ref={box} className="card pad table-scroll">
      <table className="tbl ed-table">
        <thead><tr><th scope="col">#</th><th scope="col">{t('colAfter')}</th><th scope="col">{t('colWhat')}</th><th scope="col"><span className="sr">{t('change')}</span></th></tr></thead>
        <tbody>
          {lines(editor.journey.steps).map((l) => {
            const key = pathKey(l.path)
            const pad = { paddingLeft: l.depth * 24 }
            if (l.kind === 'arm') return <tr key={`${key}a`}><td /><td className="dim">{t('way')}</td><td style={pad}><span className="ed-say"><ArmLine line={l} editor={editor} say={say} /></span></td><td><AddMenu at={[...l.path, 0]} editor={editor} stock={stock} label={t('add')} added={focus} /></td></tr>
            return (
              <tr key={key} className={editor.wrong.has(key) ? 'wrong' : ''}>
                <td className="dim num">{++n}</td><td className="dim nowrap">{afterText(after.get(l.step), say)}</td>
                <td style={pad}><div className="ed-say" data-row={key} tabIndex={0} role="group" aria-label={plain(say.step(l.step))} onKeyDown={keys(l.path, () => setOpen(l.path))}><StepLine step={l.step} onChange={(s) => editor.steps(replaceAt(editor.journey.steps, l.path, s))} journey={editor.journey} stock={stock} say={say} details={() => setOpen(l.path)} /></div></td>
                <td className="n"><span className="ed-end"><AddMenu at={[...l.path.slice(0, -1), (l.path[l.path.length - 1] ?? 0) + 1]} editor={editor} stock={stock} label={t('add')} added={focus} /><StepTools path={l.path} step={l.step} say={say} move={move} remove={remove} details={() => setOpen(l.path)} /></span></td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <AddMenu at={[editor.journey.steps.length]} editor={editor} stock={stock} label={t('addEnd')} big added={focus} />
      {open && <DetailsModal path={open} editor={editor} say={say} stock={stock} close={() => setOpen(undefined)} />}
    </div>
  )
}
