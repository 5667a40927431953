// board.tsx: one board: what stands for all its questions, its arrangement by pointer and by keys, and what is done with it.
import { Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { IconDots, IconGripVertical, IconRefresh, IconX } from '@tabler/icons-react'
import { type KeyboardEvent, type ReactNode, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { fileOf } from '~/api/client'
import { useMay } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Confirm, Empty, LinkButton, Pick, toast, useErrorText } from '~/parts'
import { useVocabulary } from '~/predicate'
import { askOf, isKind } from './asks'
import { BoardMail } from './board-mail'
import { BoardShare } from './board-share'
import { boardWords } from './board-words'
import { giveBlob } from './files'
import { asking, type Board, type Controls, type Item, placed, useKeeping, useSaved, widthOf, WIDTHS } from './kept'
import { questionWords } from './question-words'
import { Result } from './result'

const DAYS = [0, 7, 30, 90, 365] as const

// ---- what is done with the whole of it ----

export function BoardActs({ board }: { board: Board }) {
  const t = useWords(boardWords), q = useWords(questionWords)
  const text = useText()
  const say = useErrorText()
  const may = useMay()('configuration:write')
  const { remove, make } = useKeeping()
  const [, go] = useLocation()
  const [open, setOpen] = useState<'' | 'share' | 'mail' | 'remove' | 'name'>('')
  const close = () => setOpen('')
  const name = text(board.name, board.id)
  const get = (format: 'xlsx' | 'csv' | 'pdf') => {
    if (format === 'pdf') { print(); return }
    fileOf('GET', '/api/v1/dashboards/{id}/export', { path: { id: board.id }, query: { format, lang: t.lang } }).then((file) => giveBlob(file, `${name}.${format}`), (e: unknown) => toast(say(e)))
  }
  const more = (what: 'name' | 'copy' | 'remove') => {
    if (what === 'copy') make.mutate({ name: t('copyOf', { name }), items: board.items ?? [], ...(board.controls ? { controls: board.controls } : {}) }, { onSuccess: (made) => go(`/insights/boards?board=${encodeURIComponent(made.id)}`) })
    else setOpen(what)
  }
  return (
    <>
      <Pick<'xlsx' | 'csv' | 'pdf'> choices={(['xlsx', 'csv', 'pdf'] as const).map((value) => ({ value, label: t(value) }))} onPick={get}>{t('download')}</Pick>
      {may && <Button onClick={() => setOpen('mail')}>{t('mail')}</Button>}
      {may && <Button primary onClick={() => setOpen('share')}>{t('share')}</Button>}
      {may && <Pick<'name' | 'copy' | 'remove'> label={t('more')} choices={[{ value: 'name', label: t('rename') }, { value: 'copy', label: t('duplicate') }, { value: 'remove', label: q('removeBoard') }]} onPick={more}><IconDots size={18} stroke={1.75} aria-hidden /></Pick>}
      {open === 'share' && <BoardShare board={board} onClose={close} />}
      {open === 'mail' && <BoardMail board={board} onClose={close} />}
      {open === 'name' && <Rename board={board} onClose={close} />}
      <Confirm
        open={open === 'remove'} bad title={q('removeTitle', { name })} yes={q('removeBoard')} busy={remove.isPending} onClose={close}
        onYes={() => remove.mutate(board, { onSuccess: () => { close(); go('/insights/boards') } })}
      >{q('removeBody')}</Confirm>
    </>
  )
}

function Rename({ board, onClose }: { board: Board; onClose: () => void }) {
  const t = useWords(boardWords)
  const text = useText()
  const { change } = useKeeping()
  const [name, setName] = useState(text(board.name, board.id))
  return (
    <Modal opened onClose={onClose} title={t('name')} centered size={480} lockScroll={false} closeButtonProps={{ 'aria-label': t('closed') }}>
      <form onSubmit={(e) => { e.preventDefault(); if (name.trim()) change.mutate({ ...board, name: name.trim() }, { onSuccess: onClose }) }}>
        <TextInput aria-label={t('name')} value={name} maxLength={200} data-autofocus onChange={(e) => setName(e.currentTarget.value)} />
        <div className="row in-do"><Button primary type="submit" disabled={!name.trim()} busy={change.isPending}>{t('save')}</Button></div>
      </form>
    </Modal>
  )
}

// ---- what stands for all of it ----

function ControlsRow({ value, onChange, onRefresh, at, children }: { value: Controls; onChange: (c: Controls) => void; onRefresh: () => void; at: number; children: ReactNode }) {
  const t = useWords(boardWords)
  const f = useFormat()
  const v = useVocabulary()
  const set = (c: Controls) => onChange(Object.fromEntries(Object.entries({ ...value, ...c }).filter(([, x]) => x)) as Controls)
  return (
    <div className="in-sentence in-controls">
      <span className="in-part">{t('when')} <Pick label={t('when')} choices={DAYS.map((n) => ({ value: n as number, label: n ? t('days', { n }) : t('asSet') }))} value={value.days ?? 0} onPick={(days) => set({ days })} /></span>
      <span className="in-part">{t('whom')} <Pick label={t('whom')} choices={[{ value: '', label: t('everybody') }, ...v.segments.map((s) => ({ value: s.value, label: s.label, effect: s.note }))]} value={value.segment ?? ''} onPick={(segment) => set({ segment })} /></span>
      <span className="in-part">{t('byWhat')} <Pick label={t('byWhat')} choices={[{ value: '', label: t('nothing') }, { value: 'channel', label: t('channel') }, { value: 'source', label: t('source') }, ...v.attributes.map((a) => ({ value: `attribute:${a.value}`, label: a.label }))]} value={value.by ?? ''} onPick={(by) => set({ by })} /></span>
      <span className="in-part in-asof small dim">{t('asOf', { at: f.near(at) })}<Button small plain onClick={onRefresh}><IconRefresh size={16} stroke={1.75} aria-hidden /> {t('refresh')}</Button>{children}</span>
    </div>
  )
}

// ---- its questions ----

const moved = (items: Item[], from: number, to: number): Item[] => {
  const next = [...items], [x] = next.splice(from, 1)
  if (x) next.splice(Math.max(0, Math.min(to, next.length)), 0, x)
  return next
}

export function OneBoard({ board }: { board: Board }) {
  const t = useWords(boardWords), q = useWords(questionWords)
  const text = useText()
  const client = useQueryClient()
  const may = useMay()('configuration:write')
  const { change } = useKeeping()
  const saved = useSaved()
  const [items, setItems] = useState(board.items ?? [])
  const [stored, setStored] = useState(board.items)
  const [controls, setControls] = useState<Controls>(board.controls ?? {})
  const [asked, setAsked] = useState({ at: Date.now(), n: 0 })
  const [dragged, setDragged] = useState<number | null>(null)
  const [said, setSaid] = useState('')
  const [arranging, setArranging] = useState(false)
  const grid = useRef<HTMLDivElement>(null)
  // What was kept elsewhere meanwhile (another tab, a question put on it) is shown.
  if (board.items !== stored) { setStored(board.items); setItems(board.items ?? []) }
  // Asked once, so that "the last days" do not move on with every look at the page.
  const asks = useMemo(() => items.map((i) => asking(i, saved.data ?? [], controls)), [items, saved.data, controls, asked.n])
  const keep = (next: Item[]) => { setItems(next); change.mutate({ ...board, controls, items: placed(next) }) }
  const nameOf = (item: Item) => {
    const kept = item.saved ? saved.data?.find((s) => s.id === item.saved) : undefined, kind = askOf(item.chart)?.kind ?? kept?.analysis ?? item.analysis
    return text(item.title ?? kept?.name, isKind(kind) ? q(`q_${kind}`) : (kind ?? ''))
  }
  const setAll = (c: Controls) => { setControls(c); if (may) change.mutate({ ...board, items: placed(items), controls: c }) }
  const refresh = () => { setAsked({ at: Date.now(), n: asked.n + 1 }); void client.invalidateQueries({ queryKey: ['analyses'] }) }
  const off = (i: number) => {
    const was = items, name = nameOf(items[i] as Item)
    setItems(items.filter((_, k) => k !== i))
    change.mutate({ ...board, controls, items: placed(items.filter((_, k) => k !== i)) }, { onSuccess: () => toast(q('gone', { name }), () => keep(was)) })
  }
  const put = (from: number, to: number) => {
    if (to < 0 || to >= items.length) return
    setSaid(t('place', { name: nameOf(items[from] as Item), n: to + 1, of: items.length }))
    keep(moved(items, from, to))
    requestAnimationFrame(() => grid.current?.querySelectorAll<HTMLElement>('.in-grip')[to]?.focus())
  }
  const widen = (i: number, by: number) => {
    const at = WIDTHS.findIndex((w) => w === widthOf(items[i] as Item)), w = WIDTHS[at + by]
    if (w) keep(items.map((x, k) => (k === i ? { ...x, w } : x)))
  }
  const onKey = (i: number) => (e: KeyboardEvent) => {
    const by = e.key === 'ArrowLeft' || e.key === 'ArrowUp' ? -1 : e.key === 'ArrowRight' || e.key === 'ArrowDown' ? 1 : 0
    if (!by) return
    e.preventDefault()
    if (e.shiftKey) widen(i, by)
    else put(i, i + by)
  }
  // The window hears the pointer: the handle itself moves in the page meanwhile, and would lose it.
  const held = dragged !== null
  const drag = useEffectEvent((e: globalThis.PointerEvent) => {
    if (dragged === null) return
    const over = document.elementsFromPoint(e.clientX, e.clientY).map((x) => x.closest('.in-item')).find(Boolean)
    const to = over?.parentElement === grid.current ? [...(grid.current?.children ?? [])].indexOf(over as Element) : -1
    if (to >= 0 && to !== dragged) { setItems(moved(items, dragged, to)); setDragged(to) }
  })
  const drop = useEffectEvent(() => { setDragged(null); keep(items) })
  useEffect(() => {
    if (!held) return
    const move = (e: globalThis.PointerEvent) => drag(e), up = () => drop()
    addEventListener('pointermove', move)
    addEventListener('pointerup', up)
    addEventListener('pointercancel', up)
    return () => { removeEventListener('pointermove', move); removeEventListener('pointerup', up); removeEventListener('pointercancel', up) }
  }, [held])
  return (
    <>
      {items.length > 0 && <ControlsRow value={controls} onChange={setAll} onRefresh={refresh} at={asked.at}>{may && <Button small aria-pressed={arranging} onClick={() => setArranging(!arranging)}>{t(arranging ? 'done' : 'edit')}</Button>}</ControlsRow>}
      {items.length === 0 && <Card><Empty title={q('empty')} action={<LinkButton primary to="/insights/questions">{q('ask')}</LinkButton>} /></Card>}
      <p className="sr" role="status">{said}</p>
      <div className="in-board" ref={grid}>
        {items.map((item, i) => {
          const q1 = asks[i], name = nameOf(item)
          return (
            <section key={`${item.analysis ?? item.saved ?? ''} ${JSON.stringify(item.chart)}`} className={`card pad in-item${dragged === i ? ' held' : ''}`} style={{ gridColumn: `span ${widthOf(item)}` }}>
              <div className="in-head">
                {may && arranging && (
                  <button
                    type="button" className="in-drop in-grip" aria-label={t('move', { name })} title={t('move', { name })} onKeyDown={onKey(i)}
                    onPointerDown={(e) => { e.currentTarget.releasePointerCapture(e.pointerId); setDragged(i) }}
                  ><IconGripVertical size={16} stroke={1.75} aria-hidden /></button>
                )}
                <h2 className="grow">{name}</h2>
                {may && arranging && <span className="in-width"><Pick small label={t('width', { name })} choices={WIDTHS.map((value) => ({ value: value as number, label: t(`w${value}`) }))} value={widthOf(item)} onPick={(w) => keep(items.map((x, k) => (k === i ? { ...x, w } : x)))} /></span>}
                {may && arranging && <button type="button" className="in-drop" disabled={change.isPending} aria-label={q('off', { name })} onClick={() => off(i)}><IconX size={16} stroke={1.75} aria-hidden /></button>}
              </div>
              {q1 ? <Result key={asked.n} ask={q1.ask} given={q1.request} short /> : item.saved && saved.isPending ? null : <p className="muted">{q('asked')}</p>}
            </section>
          )
        })}
      </div>
    </>
  )
}
