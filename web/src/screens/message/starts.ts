// starts.ts: messages to begin from, in both languages: what a shop writes most, short, with the parts it needs. All values
// are the shop's and the customer's own; there is nothing in them that must be filled in before they can be sent.
import type { Block, Said, Template } from './said'

export type Start = { id: string; channel: 'email' | 'sms'; category: 'promotion' | 'service'; name: { zh: string; en: string }; about: { zh: string; en: string }; template: Template }
type Pair = readonly [en: string, zh: string]
const both = ([en, zh]: Pair): { zh: string; en: string } => ({ zh, en })

const WHO_EN = "{{ customer.name | default: 'there' }}"
const WHO_ZH = "{{ customer.name | default: '您好' }}"
const logo: Block = { type: 'logo' }
const footer: Block = { type: 'footer' }
const line: Block = { type: 'divider' }
const heading = (...p: Pair): Block => ({ type: 'heading', text: both(p) })
const text = (...p: Pair): Block => ({ type: 'text', text: both(p) })
const button = (p: Pair, href = '{{ workspace.url }}'): Block => ({ type: 'button', text: both(p), href })
const products = (columns = 3): Block => ({ type: 'products', columns })
const coupon: Block = { type: 'coupon' }

const mail = (id: string, name: Pair, about: Pair, subject: Pair, preheader: Pair, blocks: Block[], category: Start['category'] = 'promotion'): Start =>
  ({ id, channel: 'email', category, name: both(name), about: both(about), template: { channel: 'email', name: both(name), subject: both(subject), preheader: both(preheader), blocks: [logo, ...blocks, footer] } })
const sms = (id: string, name: Pair, about: Pair, body: Pair, category: Start['category'] = 'promotion'): Start =>
  ({ id, channel: 'sms', category, name: both(name), about: both(about), template: { channel: 'sms', name: both(name), text: both(body) as Said } })

export const STARTS: Start[] = [
  mail('welcome', ['Welcome', '欢迎新客'], ['Who you are and where to begin', '介绍自己，告诉客户从哪里看起'],
    ['Welcome to {{ workspace.name }}', '欢迎来到 {{ workspace.name }}'], ['Good to have you here.', '很高兴认识您。'],
    [heading(`Good to have you here, ${WHO_EN}`, `${WHO_ZH}，很高兴认识您`), text('Thank you for joining us. New arrivals come first to those on this list, and we write only when there is something worth reading.', '感谢您的加入。新品会最先告诉您，没有值得看的内容，我们不会打扰您。'), button(['Have a look around', '去逛逛']), text('Questions? Just reply to this mail; a person reads it.', '有问题直接回复这封邮件，会有人认真看。')]),
  mail('welcome-coupon', ['Welcome with a coupon', '欢迎礼券'], ['A first order made easier', '让第一单更容易'],
    ['A coupon for your first order', '送您一张首单礼券'], ['It is yours already.', '已经放进您的账户。'],
    [heading(`This one is yours, ${WHO_EN}`, `${WHO_ZH}，这张券是您的`), text('For your first order with us. Enter the code when you pay.', '首单可用，付款时填写券码即可。'), coupon, button(['Use it now', '马上使用'])]),
  mail('cart', ['Cart left behind', '购物车提醒'], ['What is still in the cart, and the way back', '购物车里还有什么，点一下就回去'],
    ['You left something in your cart', '您的购物车里还有东西'], ['It is still there.', '都替您留着呢。'],
    [heading('Still thinking it over?', '还在考虑吗？'), text('What you chose is still in your cart. It can be yours in two clicks.', '您选好的商品还在购物车里，点两下就能下单。'), products(), button(['Back to my cart', '回到购物车'], '{{ event.cart_url | default: workspace.url }}'), text('If something stopped you, reply and tell us. We will help.', '如果遇到问题，直接回复告诉我们，我们来帮您。')]),
  mail('cart-coupon', ['Cart, second reminder with a coupon', '购物车再提醒（带券）'], ['A last nudge with something off', '最后提醒一次，附上优惠'],
    ['Something off what is in your cart', '购物车里的商品有优惠了'], ['For a few days only.', '几天内有效。'],
    [heading('A little help with your decision', '帮您下个决心'), products(), coupon, button(['Take it', '马上下单'], '{{ event.cart_url | default: workspace.url }}')]),
  mail('browse', ['Looked at, not bought', '看过没买'], ['Brings back what was looked at', '提醒看过的商品'],
    ['Still interested?', '还感兴趣吗？'], ['What you looked at lately.', '您最近看过的商品。'],
    [heading('You had an eye on this', '您看过这些'), products(), text('Sizes and stock change quickly. Here it is again, in case you want it.', '尺码和库存变化快，想要的话趁现在。'), button(['Look again', '再看看'])]),
  mail('order', ['Order confirmation', '订单确认'], ['What was bought, for how much', '买了什么、多少钱'],
    ['Thank you for your order {{ order.id }}', '感谢您的订单 {{ order.id }}'], ['We are on it.', '我们正在准备。'],
    [heading(`Thank you, ${WHO_EN}`, `${WHO_ZH}，感谢您的订单`), text('Order **{{ order.id }}**, {{ order.total }} {{ workspace.currency }}. You get another mail when it leaves us.', '订单 **{{ order.id }}**，共 {{ order.total }} 元。发货时会再通知您。'), products(), line, text('Anything wrong with it? Reply to this mail within a day and we change it.', '有任何不对，一天内回复这封邮件，我们马上改。')], 'service'),
  mail('care', ['After the order: care and use', '购后关怀'], ['A week later: how to get the most of it', '一周后：怎么用得更好'],
    ['How is it so far?', '用得还满意吗？'], ['A few tips.', '几条小建议。'],
    [heading('A week with it', '陪伴您一周了'), text('We hope it is just right. Three things people ask us most:\n- How to keep it at its best\n- What goes well with it\n- What to do if it does not fit', '希望它正合您意。大家最常问的三件事：\n- 怎么保养\n- 怎么搭配\n- 不合适怎么办'), button(['Read the tips', '看看建议']), text('Not happy? Reply, and we make it right.', '不满意？直接回复，我们负责到底。')], 'service'),
  mail('review', ['Ask for a review', '邀请评价'], ['One question, one click', '一个问题，点一下'],
    ['Would you recommend it?', '愿意推荐给朋友吗？'], ['It takes half a minute.', '只要半分钟。'],
    [heading('What do you think of it?', '您觉得怎么样？'), text('Half a minute of yours helps others choose, and us to get better.', '半分钟，帮别人选得更准，也帮我们做得更好。'), products(1), button(['Write a review', '写评价'])], 'service'),
  mail('birthday', ['Birthday', '生日祝福'], ['A wish and a present', '一句祝福，一份礼物'],
    [`Happy birthday, ${WHO_EN}`, `${WHO_ZH}，生日快乐`], ['There is a present inside.', '里面有礼物。'],
    [heading(`Happy birthday, ${WHO_EN}!`, `${WHO_ZH}，生日快乐！`), text('All of us wish you a good year. This one is on us.', '祝您新的一岁顺心如意。这份心意请收下。'), coupon, button(['Choose a present', '挑份礼物'])]),
  mail('win-back', ['We have not seen you for a while', '好久不见'], ['For customers who stayed away', '唤回很久没来的客户'],
    [`It has been a while, ${WHO_EN}`, `${WHO_ZH}，好久不见`], ['What is new since then.', '看看这段时间的新变化。'],
    [heading('It has been a while', '好久不见'), text('A lot is new since you were here last. Come and see; there is something off to make it easier.', '您上次来过之后，店里添了不少新东西。回来看看，这张券帮您省一点。'), coupon, button(['See what is new', '看看新品']), text('Rather hear from us less often? The link below lets you choose.', '希望少收一些？点下面的链接自己选。')]),
  mail('newsletter', ['Newsletter: new arrivals', '上新通讯'], ['Three new things and one story', '三件新品，一个故事'],
    ['New this week at {{ workspace.name }}', '{{ workspace.name }} 本周上新'], ['Three things we like best.', '我们最喜欢的三件。'],
    [heading('New this week', '本周上新'), text('We chose three of them for you. More are in the shop.', '为您挑了三件，更多的在店里。'), products(), button(['See all that is new', '查看全部新品']), line, heading('Behind it', '背后的故事'), text('Tell here in three sentences how something came about: people read stories to the end.', '用三句话讲讲它是怎么来的：有故事，大家会读到最后。')]),
  mail('sale', ['Sale', '大促'], ['What, how much off, until when', '什么活动、优惠多少、到几号'],
    ['The sale is on', '大促开始了'], ['For a few days only.', '只有几天。'],
    [heading('It has begun', '大促开始了'), text('**Up to 30 % off**, until Sunday at midnight. What is gone is gone.', '**低至七折**，周日 24 点结束，售完为止。'), products(), button(['To the sale', '立即抢购'])]),
  mail('restock', ['Back in stock', '到货通知'], ['What was sold out is here again', '缺货的商品又有了'],
    ['It is back', '您等的商品到货了'], ['Not many of them.', '数量不多。'],
    [heading('It is back', '到货了'), products(1), text('You asked for it. There are not many; it went quickly last time.', '您关注的商品又有了，数量不多，上次很快就卖完。'), button(['Get it', '去购买'])]),
  mail('renewal', ['Renewal', '到期续费'], ['Before something runs out', '快到期时提醒'],
    ['Your membership ends soon', '您的会员快到期了'], ['Go on without a gap.', '续上不中断。'],
    [heading(`Shall we go on, ${WHO_EN}?`, `${WHO_ZH}，继续陪您`), text('Your membership ends on {{ customer.expires_on | default: "the day on your card" }}. Renew now and nothing is interrupted.', '您的会员 {{ customer.expires_on | default: "即将" }} 到期。现在续费，权益不中断。'), button(['Renew', '马上续费'])], 'service'),
  mail('vip', ['Invitation for the best customers', 'VIP 邀请'], ['Early access for those who buy most', '最好的客户优先'],
    ['Before everybody else', '先为您留着'], ['An invitation.', '一封邀请函。'],
    [heading(`For you first, ${WHO_EN}`, `${WHO_ZH}，先请您看`), text('You are one of our best customers. Tomorrow it is in the shop for everybody; today it is only for you.', '您是我们最重要的客户之一。明天才上架，今天只给您看。'), products(), button(['See it first', '抢先看'])]),

  sms('sms-welcome', ['Welcome', '欢迎新客'], ['One sentence and the shop', '一句话欢迎'],
    [`Welcome, ${WHO_EN}! New arrivals and member prices: {{ workspace.url }}`, `欢迎${WHO_ZH}！新品和会员价都在这里：{{ workspace.url }}`]),
  sms('sms-cart', ['Cart left behind', '购物车提醒'], ['The way back to the cart', '回到购物车'],
    ['What you chose is still in your cart: {{ event.cart_url | default: workspace.url }}', '您选的商品还在购物车里，点这里回去：{{ event.cart_url | default: workspace.url }}']),
  sms('sms-cart-coupon', ['Cart with a coupon', '购物车礼券'], ['A code for what is in the cart', '购物车专用券'],
    ['{{ coupon.value }} off what is in your cart with {{ coupon.code }}: {{ event.cart_url | default: workspace.url }}', '购物车里的商品可减 {{ coupon.value }} 元，券码 {{ coupon.code }}：{{ event.cart_url | default: workspace.url }}']),
  sms('sms-order', ['Order received', '订单已收到'], ['Service: no offer in it', '服务通知，不含推广'],
    ['Thank you! Order {{ order.id }} for {{ order.total }} is here; we tell you when it leaves.', '已收到您的订单 {{ order.id }}，共 {{ order.total }} 元，发货时再通知您。'], 'service'),
  sms('sms-birthday', ['Birthday', '生日祝福'], ['A wish and a code', '祝福和礼券'],
    [`Happy birthday, ${WHO_EN}! {{ coupon.value }} off with {{ coupon.code }}, on us.`, `${WHO_ZH}，生日快乐！送您 {{ coupon.value }} 元券 {{ coupon.code }}，任选一份礼物。`]),
  sms('sms-win-back', ['Not seen for a while', '好久不见'], ['One reason to come back', '一个回来的理由'],
    [`We miss you, ${WHO_EN}. {{ coupon.value }} off with {{ coupon.code }}: {{ workspace.url }}`, `${WHO_ZH}，好久不见。送您 {{ coupon.value }} 元券 {{ coupon.code }}：{{ workspace.url }}`]),
  sms('sms-sale', ['Sale', '大促'], ['What and until when', '活动和截止时间'],
    ['Up to 30 % off until Sunday: {{ workspace.url }}', '全场低至七折，周日截止：{{ workspace.url }}']),
  sms('sms-renewal', ['Renewal', '到期续费'], ['Before it runs out', '到期前提醒'],
    ['Your membership ends on {{ customer.expires_on | default: "soon" }}. Renew: {{ workspace.url }}', '您的会员 {{ customer.expires_on | default: "即将" }} 到期，点此续费：{{ workspace.url }}'], 'service'),
  sms('sms-coupon-ends', ['Coupon ends soon', '优惠券快到期'], ['A last reminder', '最后提醒'],
    ['Your coupon {{ coupon.code }} ends soon. Use it: {{ workspace.url }}', '您的券 {{ coupon.code }} 快到期了，别浪费：{{ workspace.url }}']),
]
