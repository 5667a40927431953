// lexicon.ts: usual events, details and channels in everyday words. A shop's own words come from the server; what neither
// knows keeps its name.
import type { Lang } from '~/i18n'

type Pair = { en: string; zh: string }
type Deed = { did: Pair; not: Pair; usual?: boolean }
const deed = (en: string, zh: string, notEn: string, notZh = `没有${zh}`, usual = false): Deed => ({ did: { en, zh }, not: { en: notEn, zh: notZh }, usual })

export const DEEDS: Record<string, Deed> = {
  'Order Completed': deed('placed an order', '下过单', 'placed no order', '没有下过单', true),
  'Product Viewed': deed('looked at a product', '看过商品', 'looked at no product', '没有看过商品', true),
  'Product Added': deed('put something in the cart', '加过购物车', 'put nothing in the cart', '没有加过购物车', true),
  'Checkout Started': deed('went to the checkout', '去过结算', 'did not go to the checkout', '没有去过结算', true),
  'Page Viewed': deed('looked at a page', '看过页面', 'looked at no page', '没有看过页面', true),
  'Logged In': deed('signed in', '登录过', 'did not sign in', '没有登录过', true),
  'Signed Up': deed('signed up', '注册过', 'did not sign up', '没有注册过', true),
  Registered: deed('signed up', '注册过', 'did not sign up', '没有注册过', true),
  'Order Refunded': deed('returned something', '退过货', 'returned nothing', '没有退过货'),
  'Order Cancelled': deed('cancelled an order', '取消过订单', 'cancelled no order', '没有取消过订单'),
  'Product Removed': deed('took something out of the cart', '从购物车拿掉过商品', 'took nothing out of the cart', '没有从购物车拿掉过商品'),
  'Cart Viewed': deed('looked at the cart', '看过购物车', 'did not look at the cart', '没有看过购物车'),
  'Screen Viewed': deed('looked at a screen of the app', '看过 App 页面', 'looked at no screen of the app', '没有看过 App 页面'),
  'Products Searched': deed('searched for something', '搜索过', 'searched for nothing', '没有搜索过'),
  'Product Reviewed': deed('wrote a review', '写过评价', 'wrote no review', '没有写过评价'),
  'Coupon Granted': deed('was given a coupon', '得到过优惠券', 'was given no coupon', '没有得到过优惠券'),
  'Coupon Claimed': deed('took a coupon', '领过优惠券', 'took no coupon', '没有领过优惠券'),
  'Coupon Used': deed('used a coupon', '用过优惠券', 'used no coupon', '没有用过优惠券'),
  'Coupon Expired': deed('let a coupon expire', '有优惠券过期', 'let no coupon expire', '没有优惠券过期'),
  'Form Submitted': deed('filled in a form', '填过表单', 'filled in no form', '没有填过表单'),
  'Message Received': deed('wrote to us', '给我们发过消息', 'did not write to us', '没有给我们发过消息'),
  'Group Joined': deed('joined a group', '加入过群组', 'joined no group', '没有加入过群组'),
  'Journey Entered': deed('entered a journey', '进入过旅程', 'entered no journey', '没有进入过旅程'),
  'Journey Exited': deed('left a journey', '离开过旅程', 'left no journey', '没有离开过旅程'),
  'Segment Entered': deed('came into a segment', '进入过人群', 'came into no segment', '没有进入过人群'),
  'Segment Left': deed('left a segment', '离开过人群', 'left no segment', '没有离开过人群'),
  'Task Done': deed('had a task done', '有任务办完', 'had no task done', '没有任务办完'),
  'Message Sent': deed('was sent a message', '发过消息', 'was sent no message', '没有发过消息'),
  'Message Opened': deed('opened a message', '打开过消息', 'opened no message', '没有打开过消息'),
  'Message Clicked': deed('clicked in a message', '点击过消息', 'clicked in no message', '没有点击过消息'),
  'Message Unsubscribed': deed('left the list', '退订过', 'did not leave the list', '没有退订过'),
}
export function deedWords(event: string, not: boolean, lang: Lang): string | undefined {
  return Object.hasOwn(DEEDS, event) ? DEEDS[event]?.[not ? 'not' : 'did'][lang] : undefined
}

const NAMES: Record<string, Pair> = {
  name: { en: 'name', zh: '姓名' }, first_name: { en: 'first name', zh: '名' }, last_name: { en: 'last name', zh: '姓' }, full_name: { en: 'name', zh: '姓名' }, city: { en: 'city', zh: '城市' }, country: { en: 'country', zh: '国家' },
  province: { en: 'province', zh: '省份' }, region: { en: 'region', zh: '地区' }, language: { en: 'language', zh: '语言' }, timezone: { en: 'time zone', zh: '时区' }, birthday: { en: 'birthday', zh: '生日' }, expires_on: { en: 'expiry date', zh: '到期日' },
  owner: { en: 'who looks after them', zh: '负责人' }, level: { en: 'member level', zh: '会员等级' }, tier: { en: 'member level', zh: '会员等级' }, gender: { en: 'sex', zh: '性别' }, age: { en: 'age', zh: '年龄' }, company: { en: 'company', zh: '公司' },
  group_id: { en: 'group', zh: '群组' }, created_at: { en: 'signed up on', zh: '注册时间' }, source: { en: 'came from', zh: '来源' }, email: { en: 'email', zh: '邮箱' }, phone: { en: 'phone', zh: '手机' },
  total: { en: 'order total', zh: '订单金额' }, revenue: { en: 'revenue', zh: '收入' }, price: { en: 'price', zh: '价格' }, quantity: { en: 'quantity', zh: '数量' }, category: { en: 'category', zh: '品类' }, product_id: { en: 'product number', zh: '商品编号' },
  product_name: { en: 'product name', zh: '商品名' }, order_id: { en: 'order number', zh: '订单号' }, cart_id: { en: 'cart', zh: '购物车' }, currency: { en: 'currency', zh: '币种' }, coupon: { en: 'coupon', zh: '优惠券' }, brand: { en: 'brand', zh: '品牌' },
  url: { en: 'address of the page', zh: '页面地址' }, path: { en: 'page', zh: '页面' }, title: { en: 'title', zh: '标题' }, query: { en: 'search words', zh: '搜索词' }, store: { en: 'shop', zh: '门店' }, channel: { en: 'channel', zh: '渠道' }, form: { en: 'form', zh: '表单' },
  'context.device.type': { en: 'kind of device', zh: '设备类型' },
}
export const nameWords = (name: string, lang: Lang): string | undefined => (Object.hasOwn(NAMES, name) ? NAMES[name]?.[lang] : undefined)

const CHANNELS: Record<string, Pair> = {
  email: { en: 'email', zh: '邮件' }, sms: { en: 'SMS', zh: '短信' }, wechat: { en: 'WeChat', zh: '微信' }, wecom: { en: 'WeCom', zh: '企业微信' }, push: { en: 'app push', zh: 'App 推送' }, whatsapp: { en: 'WhatsApp', zh: 'WhatsApp' },
  webhook: { en: 'webhook', zh: 'Webhook' }, dingtalk: { en: 'DingTalk', zh: '钉钉' }, feishu: { en: 'Feishu', zh: '飞书' }, line: { en: 'LINE', zh: 'LINE' }, telegram: { en: 'Telegram', zh: 'Telegram' }, voice: { en: 'phone', zh: '电话' }, inapp: { en: 'in the app', zh: '站内信' },
}
export const channelWords = (channel: string, lang: Lang): string => (Object.hasOwn(CHANNELS, channel) ? CHANNELS[channel]?.[lang] : undefined) ?? channel
