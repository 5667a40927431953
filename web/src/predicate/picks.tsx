// picks.tsx: the words of a sentence that may be changed: one of a list with a search, or a small panel. In a sentence that
// is only read they are plain words.
import { Combobox, Popover, useCombobox } from '@mantine/core'
import { IconAlertTriangle, IconChevronDown, IconPlus } from '@tabler/icons-react'
import { createContext, type ReactNode, useContext, useState } from 'react'
import { Button } from '~/parts'
import { useWords } from '~/i18n'
import type { Item } from './vocabulary'
import { predicateWords } from './words'

export const ReadOnly = createContext(false)

/** One of a list. `free`: also what is typed and is not in it. */
export function PickOne({ items, value, label, text, onPick, free, warn }: {
  items: Item[]; value?: string | undefined; label: string; text?: ReactNode; onPick: (v: string) => void; free?: boolean; warn?: boolean
}) {
  const t = useWords(predicateWords)
  const ro = useContext(ReadOnly)
  const [q, setQ] = useState('')
  const box = useCombobox({ onDropdownClose: () => { box.resetSelectedOption(); setQ('') }, onDropdownOpen: () => { if (searchable) box.focusSearchInput(); box.updateSelectedOptionIndex('active') } })
  const searchable = free || items.length > 8
  const said = text ?? items.find((i) => i.value === value)?.label ?? value
  if (ro) return <b className="pick ro">{said}</b>
  const found = items.filter((i) => `${i.label} ${i.value}`.toLowerCase().includes(q.trim().toLowerCase()))
  const own = free && q.trim() && !found.some((i) => i.value === q.trim())
  const groups = [...new Set(found.map((i) => i.group))]
  const option = (i: Item) => (
    <Combobox.Option key={i.value} value={i.value} active={i.value === value} data-checked={i.value === value || undefined}>
      <span className="between"><span className="clip">{i.label}</span>{i.note && <span className="dim num small">{i.note}</span>}</span>
    </Combobox.Option>
  )
  return (
    <Combobox store={box} width={300} position="bottom-start" withinPortal onOptionSubmit={(v) => { onPick(v); box.closeDropdown() }}>
      <Combobox.Target targetType="button">
        <button type="button" className={`pick ${warn || !said ? 'warn' : ''}`} aria-label={said && typeof said === 'string' ? `${label}: ${said}` : label} onClick={() => box.toggleDropdown()}>
          {(warn || !said) && <IconAlertTriangle aria-hidden />}{said || t('choose')}<IconChevronDown aria-hidden />
        </button>
      </Combobox.Target>
      <Combobox.Dropdown>
        {searchable && <Combobox.Search value={q} onChange={(e) => setQ(e.currentTarget.value)} placeholder={t('search')} aria-label={t('search')} />}
        <Combobox.Options className="pick-options" aria-label={label}>
          {groups.map((g) => (g === undefined ? found.filter((i) => i.group === undefined).map(option) : <Combobox.Group key={g} label={g}>{found.filter((i) => i.group === g).map(option)}</Combobox.Group>))}
          {own && <Combobox.Option value={q.trim()}>{t('useThis', { q: q.trim() })}</Combobox.Option>}
          {found.length === 0 && !own && <Combobox.Empty>{t('nothingFound')}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}

/** A word behind which a small panel opens; what is set in it counts at once. */
export function PickPanel({ label, text, warn, children, wide, plus }: {
  label: string; text?: ReactNode; warn?: boolean; wide?: boolean; plus?: boolean; children: (close: () => void) => ReactNode
}) {
  const t = useWords(predicateWords)
  const ro = useContext(ReadOnly)
  const [open, setOpen] = useState(false)
  if (ro) return plus ? null : <b className="pick ro">{text}</b>
  const close = () => setOpen(false)
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" withinPortal trapFocus returnFocus width={wide ? 420 : 320}>
      <Popover.Target>
        {plus
          ? <button type="button" className="pick-plus" aria-label={label} title={label} onClick={() => setOpen(!open)}><IconPlus size={16} stroke={1.75} aria-hidden /></button>
          : (
            <button type="button" className={`pick ${warn || !text ? 'warn' : ''}`} aria-label={typeof text === 'string' ? `${label}: ${text}` : label} onClick={() => setOpen(!open)}>
              {(warn || !text) && <IconAlertTriangle aria-hidden />}{text || t('choose')}<IconChevronDown aria-hidden />
            </button>
          )}
      </Popover.Target>
      <Popover.Dropdown className="pick-panel" aria-label={label}>{open && children(close)}</Popover.Dropdown>
    </Popover>
  )
}

/** The end of a panel: the button that closes it, and one that takes the part out of the sentence. */
export function PanelEnd({ close, remove }: { close: () => void; remove?: (() => void) | undefined }) {
  const t = useWords(predicateWords)
  return (
    <div className="between">
      {remove ? <Button small plain onClick={() => { close(); remove() }}>{t('removePart')}</Button> : <span />}
      <Button small onClick={close}>{t('done')}</Button>
    </div>
  )
}
