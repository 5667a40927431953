// Words of a template are one text, or one for each language. An editor shows one language at a time; a second one makes a
// pair of it.
import type { Schemas } from '~/api/client'
import type { Lang } from '~/i18n'

export type Said = string | { zh?: string; en?: string } | undefined
export type Block = Omit<Schemas['block'], 'type' | 'text' | 'columns' | 'items'> & { type: Schemas['block']['type']; id?: string; text?: Said; columns?: number | { blocks: Block[] }[]; items?: Record<string, unknown>[]; [more: string]: unknown }
export type Template = Omit<Schemas['template'], 'subject' | 'html' | 'text' | 'preheader' | 'blocks' | 'name'> & { id?: string; name?: Said; subject?: Said; html?: Said; text?: Said; preheader?: Said; blocks?: Block[]; version?: number }

export const inLang = (s: Said, lang: Lang): string => (typeof s === 'string' ? s : (s?.[lang] ?? ''))
/** What shows where this language has nothing yet. */
export const standIn = (s: Said, lang: Lang): string => (typeof s === 'string' ? '' : (s?.[lang === 'zh' ? 'en' : 'zh'] ?? ''))

export function withLang(s: Said, lang: Lang, text: string, both: boolean): Said {
  if (!both && (typeof s !== 'object' || s === undefined)) return text
  const pair = typeof s === 'string' ? { [lang === 'zh' ? 'en' : 'zh']: s, [lang]: text } : { ...s, [lang]: text }
  return pair
}

/** Does any word of it stand in two languages? */
export function isBoth(t: Template): boolean {
  const look = (v: unknown): boolean => Array.isArray(v) ? v.some(look) : typeof v === 'object' && v !== null ? ('zh' in v && 'en' in v) || Object.values(v).some(look) : false
  return look(t)
}
