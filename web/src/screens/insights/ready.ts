// ready.ts: boards that are there by one click: what is on them, what each question is called, how wide it stands.
import type { Text } from '~/i18n'
import { type Ask, firstAsk, type Kind } from './asks'
import { boardWords } from './board-words'
import { type Item, itemOf, placed } from './kept'
import { questionWords } from './question-words'

type Own = keyof typeof boardWords.en
const both = (key: Own): Text => ({ zh: boardWords.zh[key], en: boardWords.en[key] })
const asked = (kind: Kind): Text => ({ zh: questionWords.zh[`q_${kind}`], en: questionWords.en[`q_${kind}`] })
const item = (kind: Kind, w: number, change: Partial<Ask> = {}, title?: Own): Item => ({ ...itemOf({ ...firstAsk(kind), ...change }, title ? both(title) : asked(kind)), w })

export const BOARDS = ['sales', 'lifecycle', 'marketing', 'journey'] as const
const CONTENT: Record<(typeof BOARDS)[number], () => Item[]> = {
  sales: () => [item('orders', 8), item('returns', 4), item('heatmap', 8, {}, 't_hours'), item('rfm', 4), item('funnel', 12, {}, 't_buyers')],
  lifecycle: () => [item('lifecycle', 8, { event: 'Product Viewed' }), item('repurchase', 4), item('retention', 6), item('interval', 6, { event: 'Product Viewed' }, 't_again')],
  marketing: () => [item('sources', 6), item('funnel', 6, {}, 't_buyers'), item('heatmap', 6, { event: 'Product Viewed' }, 't_look'), item('attribution', 6, { days: 90 }, 't_after')],
  journey: () => [item('trend', 6, { event: 'Message Sent' }, 't_sent'), item('trend', 6, { event: 'Message Opened' }, 't_opened'), item('trend', 6, { event: 'Message Clicked' }, 't_clicked'), item('attribution', 6, { days: 90 }, 't_after')],
}
export const readyBoard = (b: (typeof BOARDS)[number]) => ({ name: { zh: questionWords.zh[`b_${b}`], en: questionWords.en[`b_${b}`] }, items: placed(CONTENT[b]()) })
