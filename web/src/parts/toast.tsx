// Done at once, and told for ten seconds with Undo; stays while hovered or focused.
import { useEffect, useRef, useState } from 'react'
import { useWords } from '~/i18n'
import { partsWords } from './words'

type Toast = { id: number; text: string; undo?: (() => void) | undefined }
let next = 1
let show: (t: Toast) => void = () => {}

export function toast(text: string, undo?: () => void) {
  show({ id: next++, text, undo })
}

function One({ toast: x, gone }: { toast: Toast; gone: () => void }) {
  const t = useWords(partsWords)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const run = () => { timer.current = setTimeout(gone, 10_000) }
  const hold = () => clearTimeout(timer.current)
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(() => { run(); return hold }, [])
  return (
    <div className="toast" onMouseEnter={hold} onMouseLeave={run} onFocus={hold} onBlur={run}>
      <span>{x.text}</span>
      {x.undo ? <button type="button" onClick={() => { x.undo?.(); gone() }}>{t('undo')}</button> : <button type="button" onClick={gone}>{t('close')}</button>}
    </div>
  )
}

export function Toasts() {
  const [list, setList] = useState<Toast[]>([])
  useEffect(() => {
    show = (t) => setList((l) => [...l.slice(-2), t])
    return () => { show = () => {} }
  }, [])
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map((x) => <One key={x.id} toast={x} gone={() => setList((l) => l.filter((y) => y.id !== x.id))} />)}
    </div>
  )
}
