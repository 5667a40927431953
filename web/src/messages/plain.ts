// plain.ts: a text of a message as it reads in a list: what is put in for each customer by a word in brackets, no Liquid.
import type { Lang } from '~/i18n'

const WORDS: [what: RegExp, en: string, zh: string][] = [
  [/^customer\.(first_name|name)\b/, 'name', '姓名'], [/^coupon\.value\b/, 'amount', '面额'], [/^coupon\.code\b/, 'code', '券码'], [/^coupon\.expires\b/, 'last day', '到期日'],
  [/^event\.order_id\b/, 'order number', '订单号'], [/^event\.(name|product_name)\b/, 'product', '商品'], [/^event\.total\b/, 'total', '金额'],
]

/** Of a condition the last branch is shown: what stands for everybody else. */
export function plainText(source: string, lang: Lang, shop?: string): string {
  return source
    .replace(/\{%-?\s*if\b[^]*?%\}([^]*?)\{%-?\s*endif\s*-?%\}/g, (_, inner: string) => { const parts = inner.split(/\{%-?\s*(?:else|elsif\b[^%]*)\s*-?%\}/); return parts.length > 1 ? (parts[parts.length - 1] ?? '') : '' })
    .replace(/\{%[^]*?%\}/g, '')
    .replace(/\{\{-?\s*([^]*?)\s*-?\}\}/g, (_, what: string) => {
      if (/^workspace\.name\b/.test(what) && shop) return shop
      const known = WORDS.find(([of]) => of.test(what))
      return known ? `[${known[lang === 'zh' ? 2 : 1]}]` : '…'
    })
    .replace(/\s+/g, ' ').trim()
}
