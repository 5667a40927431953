// What stands in lists in the place of Liquid, when a goal is judged, and which steps a shop's funnel has.
import { describe, expect, test } from 'vitest'
import { plainText } from '../src/messages/plain'
import { cellsOf, reasonOf } from '../src/imports/refused'
import { funnelOf, stepsOf } from '../src/screens/insights/ask'
import { judged } from '../src/screens/today/goals'

describe('a text of a message in a list', () => {
  test('has no Liquid', () => {
    expect(plainText('Welcome to {{ workspace.name }}', 'en', 'Harbour Books')).toBe('Welcome to Harbour Books')
    expect(plainText('{{ coupon.value | money }} off what is in your cart', 'en')).toBe('[amount] off what is in your cart')
    expect(plainText("{{ customer.name | default: '您好' }}，送您 {{ coupon.value }} 元券", 'zh')).toBe('[姓名]，送您 [面额] 元券')
    expect(plainText('{% if event.name %}“{{ event.name }}”{% else %}What you chose{% endif %} is still in your cart.', 'en')).toBe('What you chose is still in your cart.')
    expect(plainText('Hello {{ customer["Größe"] }}', 'en')).toBe('Hello …')
  })
})

describe('a goal', () => {
  const goal = (reached: number, entered: number, target = 0.15) => ({ reached, target, rate: reached / entered })
  test('is not judged while those who came in are still on their way', () => {
    expect(judged({ entered: 120, waiting: 120, goal: goal(0, 120) })).toBe(false)
    expect(judged({ entered: 120, waiting: 80, goal: goal(2, 120) })).toBe(true)
    expect(judged({ entered: 29, waiting: 0, goal: goal(0, 29) })).toBe(false)
  })
  test('that is reached already is said to be', () => expect(judged({ entered: 120, waiting: 100, goal: goal(20, 120) })).toBe(true))
})

describe('from looking to buying', () => {
  test('a step that the shop never tells of is left out', () => {
    const seen = new Map([['Product Viewed', 180], ['Product Added', 120], ['Checkout Started', 0], ['Order Completed', 48]])
    expect(stepsOf(seen)).toEqual([0, 1, 3, 4])
    expect((funnelOf('2026-01-01', stepsOf(seen)).request.steps as { did: string }[]).map((s) => s.did)).toEqual(['Product Viewed', 'Product Added', 'Order Completed', 'Order Completed'])
    expect(stepsOf(undefined)).toHaveLength(5)
  })
})

describe('rows that an import leaves out', () => {
  test('are read from its file, and why in her language', () => {
    expect(cellsOf('row,column,reason,a\r\n3,,"there is, ""no"" identifier","x\ny"\r\n4,b,c,d\r\n', 2)).toEqual([['row', 'column', 'reason', 'a'], ['3', '', 'there is, "no" identifier', 'x\ny']])
    expect(reasonOf('there is no identifier', 'zh')).toBe('没有邮箱、手机号，也没有客户编号')
    expect(reasonOf('something else', 'zh')).toBe('something else')
  })
})
