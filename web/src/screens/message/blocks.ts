// The parts a mail is made of: what a new one holds, and small acts on the list.
import {
  IconBrandHtml5, IconClick, IconColumns2, IconCopyright, IconGridDots, IconH1, IconLetterSpacing, IconMinus, IconPhoto, IconShare, IconSpacingVertical, IconTicket, IconTypography, type TablerIcon,
} from '@tabler/icons-react'
import type { Lang } from '~/i18n'
import type { Block } from './said'
import { messageWords } from './words'

export type BlockType = Block['type']
export const BLOCKS: [BlockType, TablerIcon][] = [
  ['heading', IconH1], ['text', IconTypography], ['image', IconPhoto], ['button', IconClick], ['products', IconGridDots], ['coupon', IconTicket], ['columns', IconColumns2], ['divider', IconMinus], ['spacer', IconSpacingVertical],
  ['logo', IconLetterSpacing], ['social', IconShare], ['footer', IconCopyright], ['code', IconBrandHtml5],
]
export const iconOf = (type: BlockType): TablerIcon => BLOCKS.find(([t]) => t === type)?.[1] ?? IconTypography

let n = 0
const id = () => `b${Date.now().toString(36)}${(n++).toString(36)}`

export function newBlock(type: BlockType, lang: Lang): Block {
  const w = messageWords[lang]
  const base = { type, id: id() }
  switch (type) {
    case 'heading': return { ...base, text: w.heading1 }
    case 'text': return { ...base, text: w.text1 }
    case 'button': return { ...base, text: w.button1, href: '{{ workspace.url }}' }
    case 'image': return { ...base, src: '', alt: '' }
    case 'columns': return { ...base, columns: [{ blocks: [newBlock('text', lang)] }, { blocks: [newBlock('text', lang)] }] }
    case 'spacer': return { ...base, height: 24 }
    case 'social': return { ...base, items: [{ kind: lang === 'zh' ? 'wechat' : 'instagram', href: 'https://' }] }
    case 'code': return { ...base, html: '<p></p>' }
    default: return base
  }
}
export const newMail = (lang: Lang): Block[] => [{ type: 'logo', id: id() }, newBlock('heading', lang), newBlock('text', lang), newBlock('button', lang), { type: 'footer', id: id() }]

/** Where a block is: its place, or a place within a column of a place. */
export type Path = [number] | [number, number, number]
export const same = (a: Path | null, b: Path | null) => JSON.stringify(a) === JSON.stringify(b)

export function blockAt(blocks: Block[], p: Path): Block | undefined {
  const top = blocks[p[0]]
  return p.length === 1 ? top : Array.isArray(top?.columns) ? top.columns[p[1]]?.blocks[p[2]] : undefined
}
function inList(blocks: Block[], p: Path, act: (list: Block[], i: number) => Block[]): Block[] {
  if (p.length === 1) return act(blocks, p[0])
  return blocks.map((b, i) => (i !== p[0] || !Array.isArray(b.columns) ? b : { ...b, columns: b.columns.map((c, j) => (j === p[1] ? { ...c, blocks: act(c.blocks, p[2]) } : c)) }))
}
export const changed = (blocks: Block[], p: Path, b: Block) => inList(blocks, p, (l, i) => l.map((x, j) => (j === i ? b : x)))
export const removed = (blocks: Block[], p: Path) => inList(blocks, p, (l, i) => l.filter((_, j) => j !== i))
export const inserted = (blocks: Block[], p: Path, b: Block) => inList(blocks, p, (l, i) => [...l.slice(0, i), b, ...l.slice(i)])
export const moved = (blocks: Block[], p: Path, by: number) => inList(blocks, p, (l, i) => {
  const to = i + by
  const one = l[i]
  if (!one || to < 0 || to >= l.length) return l
  const rest = l.filter((_, j) => j !== i)
  return [...rest.slice(0, to), one, ...rest.slice(to)]
})
export const copied = (b: Block): Block => JSON.parse(JSON.stringify(b), (k, v: unknown) => (k === 'id' ? id() : v)) as Block
