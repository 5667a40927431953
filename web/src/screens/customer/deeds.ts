// deeds.ts: what happened, in a sentence each: deeds of the customer, and what we did.
import { words } from '~/i18n'

export const deedsWords = words({
  en: {
    viewed: 'Looked at {what}', viewedAny: 'Looked at a product', added: 'Put {what} in the cart', removed: 'Took {what} out of the cart', ordered: 'Ordered for {money}', orderedAny: 'Placed an order', items: '{n, plural, one {# item} other {# items}}: {names}', refunded: 'Returned goods for {money}', refundedAny: 'Returned an order',
    cancelledOrder: 'Cancelled the order {order}', checkout: 'Went to the checkout', cart: 'Looked at the cart', page: 'Looked at the page {what}', pageAny: 'Looked at a page', screen: 'Looked at {what} in the app', login: 'Signed in', signup: 'Signed up', searched: 'Searched for “{what}”',
    couponGranted: 'Was given the coupon {what}', couponClaimed: 'Took the coupon {what}', couponUsed: 'Used the coupon {what}', couponExpiring: 'The coupon {what} expires soon', couponExpired: 'The coupon {what} expired', couponRejected: 'Coupon not accepted: {what}', form: 'Filled in the form {what}', wrote: 'Wrote to us: “{text}”',
    consentYes: 'Allowed {channel}', consentNo: 'Refused {channel}', consentNone: 'What was said about {channel} was taken back', tagAdded: 'Tag given: {tag}', tagRemoved: 'Tag taken away: {tag}', fromList: 'From an imported list', byHandReason: 'Written down by hand', byRule: 'by a rule', expired: 'its time was over',
    stage: 'Now at stage {to}', stageFrom: 'before: {from}', level: 'Level {to}', score: 'Points for the score {name}: {value}', segmentIn: 'Came into the segment {name}', segmentOut: 'Left the segment {name}', suppressed: 'Address must not be used any more ({channel})', released: 'Address may be used again ({channel})',
    entered: 'Entered the journey {name}', exited: 'Left the journey {name}', notEntered: 'Did not enter the journey {name}', taskOpened: 'A task for {owner}: {kind}', taskOpenedAny: 'A task: {kind}', taskDone: 'Task done: {outcome}', taskClosed: 'The task was no longer needed', staff: 'The staff was told', staffGot: 'The mail to the staff was sent', staffNot: 'The mail to the staff did not go', merged: 'Two customers became one', byHandWhy: 'somebody said so', sameRecord: 'both stood in one message or row', weakUnique: 'the same number or device', aliasWhy: 'the shop said so', unmerged: 'Parted from another customer', edited: 'Changed by hand',
    attribute: '{name}: {to}', attributeGone: '{name} was taken away', attributeWas: 'before: {from}', identifier: 'Known by {space}: {value}', identified: 'Said who they are', points: 'Points: {value}', other: 'Did “{event}”', join: 'Joined a group',
    sent: '{channel} “{name}” sent', delivered: '{channel} “{name}” delivered', opened: '{channel} “{name}” opened', clicked: '{channel} “{name}” clicked', replied: '{channel} “{name}” answered', refused: 'Not sent: {channel} “{name}”', bounced: '{channel} “{name}” came back', rejected: 'Not taken by the provider: {channel} “{name}”', complained: 'Complained about {channel} “{name}”', unsubscribed: 'Left the list by {channel} “{name}”',
    unknown: 'Outcome unknown: {channel} “{name}”', planned: '{channel} “{name}” goes out next', deferred: '{channel} “{name}” waits', claimed: '{channel} “{name}” is being sent', expiredMessage: 'Not sent in time: {channel} “{name}”', cancelled: 'Not sent: {channel} “{name}”', machine: 'A machine opened it, not the person',
    today: 'Today', yesterday: 'Yesterday', byImport: 'from a file', byJourney: 'Journey: {name}',
  },
  zh: {
    viewed: '看了 {what}', viewedAny: '看了商品', added: '把 {what} 放进购物车', removed: '从购物车拿掉 {what}', ordered: '下单 {money}', orderedAny: '下了一单', items: '{n} 件：{names}', refunded: '退货 {money}', refundedAny: '退了一单',
    cancelledOrder: '取消订单 {order}', checkout: '去结算', cart: '看了购物车', page: '看了页面 {what}', pageAny: '看了页面', screen: '在 App 里看了 {what}', login: '登录', signup: '注册', searched: '搜索「{what}」',
    couponGranted: '得到优惠券 {what}', couponClaimed: '领了优惠券 {what}', couponUsed: '用了优惠券 {what}', couponExpiring: '优惠券 {what} 快到期', couponExpired: '优惠券 {what} 过期', couponRejected: '优惠券没被接受：{what}', form: '填了表单 {what}', wrote: '给我们发消息：「{text}」',
    consentYes: '同意接收{channel}', consentNo: '拒绝接收{channel}', consentNone: '收回了关于{channel}的表态', tagAdded: '加上标签 {tag}', tagRemoved: '去掉标签 {tag}', fromList: '来自导入的名单', byHandReason: '手动记录', byRule: '按规则', expired: '到期了',
    stage: '进入阶段 {to}', stageFrom: '之前：{from}', level: '等级变为 {to}', score: '分数 {name}：{value}', segmentIn: '进入人群 {name}', segmentOut: '离开人群 {name}', suppressed: '地址不能再用（{channel}）', released: '地址可以再用（{channel}）',
    entered: '进入旅程 {name}', exited: '离开旅程 {name}', notEntered: '没有进入旅程 {name}', taskOpened: '给 {owner} 的任务：{kind}', taskOpenedAny: '任务：{kind}', taskDone: '任务办完：{outcome}', taskClosed: '任务不再需要', staff: '已通知员工', staffGot: '给员工的邮件已发出', staffNot: '给员工的邮件没有发出', merged: '两位客户合成一位', byHandWhy: '有人手动确认', sameRecord: '出现在同一条数据里', weakUnique: '同一个号码或设备', aliasWhy: '店铺系统确认', unmerged: '与另一位客户分开', edited: '手动修改',
    attribute: '{name}：{to}', attributeGone: '去掉了{name}', attributeWas: '之前：{from}', identifier: '{space}：{value}', identified: '表明了身份', points: '积分：{value}', other: '做了「{event}」', join: '加入群组',
    sent: '已发{channel}「{name}」', delivered: '收到{channel}「{name}」', opened: '打开{channel}「{name}」', clicked: '点击{channel}「{name}」', replied: '回复{channel}「{name}」', refused: '没发：{channel}「{name}」', bounced: '{channel}「{name}」被退回', rejected: '供应商没有接受：{channel}「{name}」', complained: '投诉{channel}「{name}」', unsubscribed: '由{channel}「{name}」退订',
    unknown: '结果不明：{channel}「{name}」', planned: '{channel}「{name}」马上发出', deferred: '{channel}「{name}」在等待', claimed: '{channel}「{name}」正在发', expiredMessage: '没赶上时间，没发：{channel}「{name}」', cancelled: '没发：{channel}「{name}」', machine: '是机器打开的，不是本人',
    today: '今天', yesterday: '昨天', byImport: '来自文件', byJourney: '旅程：{name}',
  },
})
type Key = keyof (typeof deedsWords)['en']

export const MESSAGE_TITLES: Record<string, Key> = {
  sent: 'sent', delivered: 'delivered', opened: 'opened', read: 'opened', clicked: 'clicked', replied: 'replied', refused: 'refused', bounced: 'bounced', rejected: 'rejected', complained: 'complained', unsubscribed: 'unsubscribed', unknown: 'unknown', planned: 'planned', deferred: 'deferred', claimed: 'claimed', expired: 'expiredMessage', cancelled: 'cancelled',
}

/** Why two are one, as the engine names it (src/engine/identity.c). */
export const LINKS: Record<string, Key> = { 'by hand': 'byHandWhy', 'same event': 'sameRecord', 'same contact': 'weakUnique', alias: 'aliasWhy' }
