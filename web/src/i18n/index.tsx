// One language at a time, switched without a reload. Each screen keeps its sentences beside it, in both languages, as ICU
// messages: `words({ en: {…}, zh: {…} })`; a key that one of them lacks does not compile.
import { setupI18n } from '@lingui/core'
import { compileMessage } from '@lingui/message-utils/compileMessage'
import { TransNoContext } from '@lingui/react/server'
import { createContext, type ReactElement, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'

export type Lang = 'zh' | 'en'
export type Values = Record<string, string | number | Date | null | undefined>
export type Words<K extends string> = { en: Record<K, string>; zh: Record<K, string> }
/** A text of the server: plain, or one for each language. */
export type Text = string | { zh?: string; en?: string } | null | undefined

export function words<const E extends Record<string, string>>(w: { en: E; zh: { [K in keyof E]: string } }): Words<keyof E & string> {
  return w
}

const messages = { en: {} as Record<string, ReturnType<typeof compileMessage>>, zh: {} as Record<string, ReturnType<typeof compileMessage>> }
const i18ns = { en: setupI18n({ locale: 'en', messages: { en: messages.en } }), zh: setupI18n({ locale: 'zh', messages: { zh: messages.zh } }) }

function known(lang: Lang, text: string) {
  if (!(text in messages[lang])) {
    messages[lang][text] = compileMessage(text)
    i18ns[lang].load(lang, { [text]: messages[lang][text] })
  }
  return i18ns[lang]
}

/** A name that runs from right to left, or turns the direction, turns no more than itself (U+2068 … U+2069). */
const TURNS = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc]/
function isolated(values: Values | undefined): Values | undefined {
  if (!values) return values
  const turning = Object.entries(values).filter(([, v]) => typeof v === 'string' && TURNS.test(v))
  return turning.length ? { ...values, ...Object.fromEntries(turning.map(([k, v]) => [k, `\u2068${String(v)}\u2069`])) } : values
}

export function say(lang: Lang, text: string, values?: Values): string {
  return known(lang, text)._(text, isolated(values) as Record<string, unknown>)
}

type Context = { lang: Lang; setLang: (l: Lang) => void }
const LangContext = createContext<Context>({ lang: 'en', setLang: () => {} })

function firstLang(): Lang {
  const kept = localStorage.getItem('beckon.lang')
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

export function LangProvider({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(firstLang)
  useEffect(() => {
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en'
    localStorage.setItem('beckon.lang', lang)
  }, [lang])
  const value = useMemo(() => ({ lang, setLang }), [lang])
  return <LangContext.Provider value={value}>{children}</LangContext.Provider>
}

export const useLang = () => useContext(LangContext)

export type T<K extends string> = {
  (key: K, values?: Values): string
  /** With elements: 'Wait <b>{time}</b>' and { b: <b /> }. */
  rich: (key: K, elements: Record<string, ReactElement>, values?: Values) => ReactNode
  lang: Lang
}

export function useWords<K extends string>(w: Words<K>): T<K> {
  const { lang } = useLang()
  return useMemo(() => {
    const t = ((key: K, values?: Values) => say(lang, w[lang][key], values)) as T<K>
    t.rich = (key, elements, values) => {
      const text = w[lang][key]
      return <TransNoContext lingui={{ i18n: known(lang, text) }} id={text} values={isolated(values) as Record<string, unknown>} components={elements} />
    }
    t.lang = lang
    return t
  }, [lang, w])
}

/** A text of the server in the reader's language, else in the other, else the fallback. */
export function textOf(text: Text, lang: Lang, fallback = ''): string {
  if (!text) return fallback
  if (typeof text === 'string') return text || fallback
  return text[lang] || text[lang === 'zh' ? 'en' : 'zh'] || fallback
}
export function useText() {
  const { lang } = useLang()
  return useMemo(() => (text: Text, fallback?: string) => textOf(text, lang, fallback), [lang])
}
