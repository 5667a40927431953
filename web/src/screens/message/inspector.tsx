// The chosen block's members, each a word and a field; nothing that can break the mail.
import { Checkbox, ColorInput, NumberInput, Textarea, TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconCopy, IconPlus, IconTrash } from '@tabler/icons-react'
import { type Lang, useWords } from '~/i18n'
import { Button, Segmented } from '~/parts'
import { type BlockType } from './blocks'
import { WordsField } from './field'
import { Picture } from './picture'
import { type Block, inLang, type Said, standIn, withLang } from './said'
import { messageWords } from './words'

type Member = { name: string; kind: 'words' | 'long' | 'href' | 'src' | 'number' | 'choice' | 'check' | 'color' | 'html'; label: keyof typeof messageWords.en; choices?: [string | number, keyof typeof messageWords.en][]; initial?: string | number | boolean; min?: number; max?: number }
const ALIGN: Member = { name: 'align', kind: 'choice', label: 'f_align', initial: 'left', choices: [['left', 'left'], ['center', 'center'], ['right', 'right']] }
const MEMBERS: Record<BlockType, Member[]> = {
  logo: [{ name: 'src', kind: 'src', label: 'f_src' }, { name: 'alt', kind: 'words', label: 'f_alt' }, { name: 'width', kind: 'number', label: 'f_width', min: 20, max: 600, initial: 140 }, { name: 'href', kind: 'href', label: 'f_href' }, ALIGN],
  heading: [{ name: 'text', kind: 'words', label: 'f_text' }, { name: 'level', kind: 'choice', label: 'f_level', initial: 1, choices: [[1, 'l1'], [2, 'l2'], [3, 'l3']] }, ALIGN],
  text: [{ name: 'text', kind: 'long', label: 'f_text' }, { name: 'size', kind: 'choice', label: 'f_size', initial: 'normal', choices: [['small', 'small'], ['normal', 'normal'], ['large', 'large']] }, ALIGN],
  image: [{ name: 'src', kind: 'src', label: 'f_src' }, { name: 'alt', kind: 'words', label: 'f_alt' }, { name: 'href', kind: 'href', label: 'f_href' }, { name: 'full', kind: 'check', label: 'f_full' }],
  button: [{ name: 'text', kind: 'words', label: 'f_text' }, { name: 'href', kind: 'href', label: 'f_href' }, { name: 'look', kind: 'choice', label: 'f_look', initial: 'filled', choices: [['filled', 'filled'], ['outline', 'outline'], ['link', 'link']] }, ALIGN],
  columns: [{ name: 'split', kind: 'choice', label: 'f_split', initial: '1:1', choices: [['1:1', 's_1:1'], ['1:2', 's_1:2'], ['2:1', 's_2:1']] }],
  products: [{ name: 'title', kind: 'words', label: 'f_title' }, { name: 'columns', kind: 'number', label: 'f_columns', min: 1, max: 3, initial: 3 }, { name: 'limit', kind: 'number', label: 'f_limit', min: 1, max: 12, initial: 3 }],
  coupon: [{ name: 'title', kind: 'words', label: 'f_title' }, { name: 'note', kind: 'words', label: 'f_note' }],
  divider: [{ name: 'color', kind: 'color', label: 'f_color' }],
  spacer: [{ name: 'height', kind: 'number', label: 'f_height', min: 4, max: 200, initial: 24 }],
  social: [ALIGN],
  footer: [{ name: 'text', kind: 'long', label: 'f_text' }, { name: 'address', kind: 'words', label: 'f_address' }, { name: 'unsubscribe', kind: 'words', label: 'f_unsubscribe' }, { name: 'preferences', kind: 'words', label: 'f_preferences' }],
  code: [{ name: 'html', kind: 'html', label: 'f_html' }],
}
const HELP: Partial<Record<BlockType, keyof typeof messageWords.en>> = { footer: 'footerFixed', products: 'productsHelp', coupon: 'couponHelp' }
const KINDS = ['wechat', 'weibo', 'xiaohongshu', 'douyin', 'instagram', 'facebook', 'x', 'youtube', 'tiktok', 'linkedin', 'website']

type Acts = { change: (b: Block) => void; move: (by: number) => void; copy: () => void; remove: () => void }

export function Inspector({ block, lang, both, acts, errorAt }: { block: Block; lang: Lang; both: boolean; acts: Acts; errorAt: (member: string) => string | undefined }) {
  const t = useWords(messageWords)
  const { change } = acts
  const set = (name: string, value: unknown) => {
    const next = { ...block, [name]: value } as Block
    if (value === '' || value === undefined) delete (next as Record<string, unknown>)[name]
    change(next)
  }
  const one = (m: Member) => {
    const value = block[m.name]
    const label = t(m.label)
    const words = { label, value: inLang(value as Said, lang), placeholder: standIn(value as Said, lang), error: errorAt(m.name), onChange: (v: string) => set(m.name, withLang(value as Said, lang, v, both)) }
    switch (m.kind) {
      case 'words': return <WordsField key={m.name} {...words} />
      case 'long': return <WordsField key={m.name} {...words} lines={4} help={block.type === 'text' ? t('textHelp') : undefined} />
      case 'html': return <Textarea key={m.name} label={label} autosize minRows={8} maxRows={24} classNames={{ input: 'mono' }} error={errorAt(m.name)} value={words.value} onChange={(e) => words.onChange(e.currentTarget.value)} />
      case 'src': return <Picture key={m.name} label={label} value={typeof value === 'string' ? value : ''} onChange={(v) => set(m.name, v)} />
      case 'href': return <TextInput key={m.name} label={label} error={errorAt(m.name)} value={typeof value === 'string' ? value : ''} placeholder="https://, /…" onChange={(e) => set(m.name, e.currentTarget.value)} />
      case 'number': return <NumberInput key={m.name} label={label} min={m.min ?? 0} max={m.max ?? 1000} value={typeof value === 'number' ? value : Number(m.initial ?? 0)} onChange={(v) => set(m.name, Number(v) || m.initial)} />
      case 'check': return <Checkbox key={m.name} label={label} checked={value === true} onChange={(e) => set(m.name, e.currentTarget.checked || undefined)} />
      case 'color': return <ColorInput key={m.name} withEyeDropper={false} label={label} format="hex" error={errorAt(m.name)} value={typeof value === 'string' ? value : ''} onChange={(v) => set(m.name, v)} />
      default: return (
        <div key={m.name}>
          <p className="mantine-InputWrapper-label">{label}</p>
          <Segmented label={label} value={String(value ?? m.initial)} onChange={(v) => set(m.name, m.choices?.find(([x]) => String(x) === v)?.[0])} options={(m.choices ?? []).map(([v, w]) => ({ value: String(v), label: t(w) }))} />
        </div>
      )
    }
  }
  const help = HELP[block.type]
  return (
    <div className="stack-5">
      <div className="between">
        <h2>{t(`b_${block.type}`)}</h2>
        <div className="row" style={{ gap: 4 }}>
          {([[IconArrowUp, 'up', () => acts.move(-1)], [IconArrowDown, 'down', () => acts.move(1)], [IconCopy, 'duplicate', acts.copy], [IconTrash, 'removeBlock', acts.remove]] as const).map(([I, w, go]) => (
            <button key={w} type="button" className="tool" aria-label={t(w)} title={t(w)} onClick={go}><I size={18} stroke={1.75} aria-hidden /></button>
          ))}
        </div>
      </div>
      {help && <p className="small muted">{t(help)}</p>}
      {(MEMBERS[block.type] ?? []).map(one)}
      {block.type === 'social' && <Social items={(block.items ?? []) as { kind: string; href: string }[]} set={(items) => set('items', items)} />}
    </div>
  )
}

function Social({ items, set }: { items: { kind: string; href: string }[]; set: (items: { kind: string; href: string }[]) => void }) {
  const t = useWords(messageWords)
  return (
    <div className="stack">
      {items.map((x, i) => (
        <div key={i} className="row" style={{ alignItems: 'flex-end' }}>
          <label className="grow"><span className="mantine-InputWrapper-label">{t('f_kind')}</span>
            <select className="field" value={x.kind} onChange={(e) => set(items.map((y, j) => (j === i ? { ...y, kind: e.currentTarget.value } : y)))}>{KINDS.map((k) => <option key={k}>{k}</option>)}</select></label>
          <TextInput className="grow" label={t('f_href')} value={x.href} onChange={(e) => set(items.map((y, j) => (j === i ? { ...y, href: e.currentTarget.value } : y)))} />
          <button type="button" className="tool" aria-label={t('removeBlock')} onClick={() => set(items.filter((_, j) => j !== i))}><IconTrash size={18} stroke={1.75} aria-hidden /></button>
        </div>
      ))}
      <Button small icon={IconPlus} onClick={() => set([...items, { kind: 'website', href: 'https://' }])}>{t('addLink')}</Button>
    </div>
  )
}
