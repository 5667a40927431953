// verbs.ts: what customers do, as verbs: "somebody orders", "they order", "ordered". Events we do not know keep their name.
import type { Lang } from '~/i18n'

type Verb = { one: string; many: string; past: string; zh: string }
const VERBS: Record<string, Verb> = {
  'Product Added': { one: 'puts something into the cart', many: 'put something into the cart', past: 'put something into the cart', zh: '把商品放进购物车' },
  'Product Removed': { one: 'takes something out of the cart', many: 'take something out of the cart', past: 'took something out of the cart', zh: '从购物车拿走商品' },
  'Product Viewed': { one: 'looks at a product', many: 'look at a product', past: 'looked at a product', zh: '看商品' },
  'Cart Viewed': { one: 'looks at the cart', many: 'look at the cart', past: 'looked at the cart', zh: '看购物车' },
  'Checkout Started': { one: 'starts to check out', many: 'start to check out', past: 'started to check out', zh: '开始结账' },
  'Order Completed': { one: 'orders', many: 'order', past: 'ordered', zh: '下单' },
  'Order Refunded': { one: 'gets money back', many: 'get money back', past: 'got money back', zh: '退款' },
  'Order Cancelled': { one: 'cancels an order', many: 'cancel an order', past: 'cancelled an order', zh: '取消订单' },
  'Signed Up': { one: 'registers', many: 'register', past: 'registered', zh: '注册' },
  'Logged In': { one: 'signs in', many: 'sign in', past: 'signed in', zh: '登录' },
  'Page Viewed': { one: 'looks at a page', many: 'look at a page', past: 'looked at a page', zh: '看网页' },
  'Screen Viewed': { one: 'opens a page of the app', many: 'open a page of the app', past: 'opened a page of the app', zh: '打开应用页面' },
  'Coupon Used': { one: 'uses a coupon', many: 'use a coupon', past: 'used a coupon', zh: '用券' },
  'Coupon Claimed': { one: 'takes a coupon', many: 'take a coupon', past: 'took a coupon', zh: '领券' },
  'Coupon Granted': { one: 'gets a coupon', many: 'get a coupon', past: 'got a coupon', zh: '收到券' },
  'Coupon Expiring': { one: 'has a coupon that is about to expire', many: 'have a coupon that is about to expire', past: 'had a coupon about to expire', zh: '券快要过期' },
  'Coupon Expired': { one: 'lets a coupon expire', many: 'let a coupon expire', past: 'let a coupon expire', zh: '券过期' },
  'Form Submitted': { one: 'fills in a form', many: 'fill in a form', past: 'filled in a form', zh: '填表' },
  'Message Opened': { one: 'opens a message', many: 'open a message', past: 'opened a message', zh: '打开消息' },
  'Message Clicked': { one: 'clicks a link', many: 'click a link', past: 'clicked a link', zh: '点链接' },
  'Message Replied': { one: 'answers', many: 'answer', past: 'answered', zh: '回复' },
  'Consent Changed': { one: 'changes what we may send', many: 'change what we may send', past: 'changed what we may send', zh: '修改授权' },
  'Task Done': { one: 'has a task done', many: 'have a task done', past: 'had a task done', zh: '任务完成' },
}
export const KNOWN_EVENTS = Object.keys(VERBS)

export type Form = 'one' | 'many' | 'past'
export function verb(lang: Lang, event: string, form: Form): string {
  const v = VERBS[event]
  if (v) return lang === 'zh' ? v.zh : v[form]
  return lang === 'zh' ? `做了「${event}」` : form === 'one' ? `does “${event}”` : form === 'many' ? `do “${event}”` : `did “${event}”`
}

const CHANNELS: Record<string, { zh: string; en: string }> = {
  email: { zh: '邮件', en: 'email' }, sms: { zh: '短信', en: 'SMS' }, wechat: { zh: '微信', en: 'WeChat' }, wecom: { zh: '企业微信', en: 'WeCom' }, push: { zh: '推送', en: 'push' },
  call: { zh: '电话', en: 'call' }, webhook: { zh: '接口', en: 'webhook' },
}
export const channelName = (lang: Lang, channel: string) => CHANNELS[channel]?.[lang] ?? channel
/** As the first word of a line: Email, SMS. */
export const channelTitle = (lang: Lang, channel: string) => { const x = channelName(lang, channel); return x.charAt(0).toUpperCase() + x.slice(1) }
export const KNOWN_CHANNELS = Object.keys(CHANNELS)

const TASKS: Record<string, { zh: string; en: string }> = {
  call: { zh: '打电话', en: 'Call' }, visit: { zh: '拜访', en: 'Visit' }, check: { zh: '核对', en: 'Check' }, message: { zh: '发消息', en: 'Write' }, gift: { zh: '送礼', en: 'Send a gift' },
}
export const taskName = (lang: Lang, kind: string) => TASKS[kind]?.[lang] ?? kind

const OUTCOMES: Record<string, { zh: string; en: string }> = {
  renewed: { zh: '已续费', en: 'Renewed' }, 'not now': { zh: '暂不需要', en: 'Not now' }, 'no answer': { zh: '没接通', en: 'No answer' }, reached: { zh: '联系上了', en: 'Reached' },
  gone: { zh: '联系不上', en: 'Gone' }, won: { zh: '成交', en: 'Won' }, lost: { zh: '没成', en: 'Lost' }, done: { zh: '已完成', en: 'Done' },
}
export const outcomeName = (lang: Lang, outcome: string) => OUTCOMES[outcome]?.[lang] ?? outcome

const ENTRIES: Record<string, { zh: string; en: string }> = {
  late: { zh: '消息来得太晚', en: 'News came too late' }, paused: { zh: '旅程暂停中', en: 'The journey was paused' }, inactive: { zh: '不在有效日期', en: 'Outside its dates' }, no_key: { zh: '缺少标识', en: 'The event lacked its key' },
  running: { zh: '已经在旅程里', en: 'Was in it already' }, again: { zh: '已经来过', en: 'Had been in it before' }, entry_if: { zh: '不符合进入条件', en: 'Did not meet the entry rule' },
  holdout: { zh: '留作对照', en: 'Kept aside to compare' }, gray: { zh: '还没放开', en: 'Not let in yet' }, loop: { zh: '转入次数太多', en: 'Handed over too often' },
}
export const entryName = (lang: Lang, reason: string) => ENTRIES[reason]?.[lang] ?? reason

const EXITS: Record<string, { zh: string; en: string }> = {
  goal: { zh: '达到了目标', en: 'Reached the goal' },
  exit: { zh: '符合离开规则', en: 'Left by the rule' }, end: { zh: '在某一步结束', en: 'Ended at a step' }, done: { zh: '走完', en: 'Came to the end' }, merged: { zh: '与另一位客户合并', en: 'Merged with another customer' },
  stopped: { zh: '旅程停掉', en: 'The journey was stopped' }, restarted: { zh: '重新开始', en: 'Started again' }, no_date: { zh: '日期被移除', en: 'The date was removed' }, erased: { zh: '客户被删除', en: 'The customer was erased' },
}
export const exitName = (lang: Lang, reason: string) => EXITS[reason]?.[lang] ?? reason
