// Every sentence stands in both languages, is a message that can be read, and names the same values in both.
import { compileMessage } from '@lingui/message-utils/compileMessage'
import { describe, expect, test } from 'vitest'

type Pair = { en: Record<string, string>; zh: Record<string, string> }
const files = import.meta.glob<Record<string, unknown>>('../src/**/{words,*-words,*words*}.ts', { eager: true })
const isPair = (x: unknown): x is Pair => typeof x === 'object' && x !== null && 'en' in x && 'zh' in x && typeof (x as Pair).en === 'object'

/** The names of values in a compiled message, and of elements in its text. */
function names(text: string): { values: Set<string>; elements: Set<string> } {
  const values = new Set<string>()
  const walk = (x: unknown) => {
    if (!Array.isArray(x)) return
    for (const part of x) {
      if (Array.isArray(part) && typeof part[0] === 'string') {
        values.add(part[0])
        const cases = part[2] as Record<string, unknown> | undefined
        if (cases && typeof cases === 'object') for (const c of Object.values(cases)) walk(c)
      }
    }
  }
  walk(compileMessage(text))
  return { values, elements: new Set([...text.matchAll(/<(\w+)\/?>/g)].map((m) => m[1] as string)) }
}

describe('words', () => {
  const pairs = Object.entries(files).flatMap(([file, module]) => Object.entries(module).filter((e): e is [string, Pair] => isPair(e[1])).map(([name, pair]) => ({ where: `${file} ${name}`, pair })))
  test('there are some', () => expect(pairs.length).toBeGreaterThan(10))
  test.each(pairs)('$where', ({ pair }) => {
    expect(Object.keys(pair.zh).sort()).toEqual(Object.keys(pair.en).sort())
    for (const key of Object.keys(pair.en)) {
      const en = names(pair.en[key] as string)
      const zh = names(pair.zh[key] as string)
      // A language may leave a value out (Chinese has no plural), but never name one that the other does not know.
      for (const v of zh.values) expect([key, [...en.values]]).toEqual([key, expect.arrayContaining([v])])
      expect([key, [...zh.elements].sort()]).toEqual([key, [...en.elements].sort()])
    }
  })
})
