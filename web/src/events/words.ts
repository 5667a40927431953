// words.ts: what an event is called where it stands as a thing (a list, a trigger, a chart): Segment's spec for shops and
// what the engine writes (docs/events.md). As deeds of somebody they are in ~/predicate/lexicon.
import type { Lang } from '~/i18n'

const NAMES: Record<string, [en: string, zh: string]> = {
  '*': ['Anything', '任何事'],
  'Product Viewed': ['Product looked at', '看商品'], 'Product Clicked': ['Product clicked', '点击商品'], 'Product List Viewed': ['List of products looked at', '看商品列表'], 'Product List Filtered': ['List of products filtered', '筛选商品'],
  'Product Added': ['Put in the cart', '加入购物车'], 'Product Removed': ['Taken out of the cart', '从购物车拿掉'], 'Cart Viewed': ['Cart looked at', '看购物车'], 'Product Added to Wishlist': ['Put on the wish list', '加入心愿单'], 'Product Removed from Wishlist': ['Taken off the wish list', '移出心愿单'],
  'Product Shared': ['Product shared', '分享商品'], 'Product Reviewed': ['Review written', '写评价'], 'Products Searched': ['Search in the shop', '搜索商品'], 'Promotion Viewed': ['Offer looked at', '看活动'], 'Promotion Clicked': ['Offer clicked', '点击活动'],
  'Checkout Started': ['Went to the checkout', '去结算'], 'Checkout Step Viewed': ['Step of the checkout looked at', '看结算步骤'], 'Checkout Step Completed': ['Step of the checkout done', '完成结算步骤'], 'Payment Info Entered': ['Payment details filled in', '填写付款信息'],
  'Order Completed': ['Order placed', '下单'], 'Order Updated': ['Order changed', '修改订单'], 'Order Refunded': ['Goods returned', '退货退款'], 'Order Cancelled': ['Order cancelled', '取消订单'],
  'Coupon Entered': ['Coupon entered', '填写优惠码'], 'Coupon Applied': ['Coupon counted', '使用优惠码'], 'Coupon Denied': ['Coupon not accepted', '优惠码无效'], 'Coupon Granted': ['Coupon given', '发放优惠券'], 'Coupon Claimed': ['Coupon taken', '领取优惠券'],
  'Coupon Used': ['Coupon used', '使用优惠券'], 'Coupon Expiring': ['Coupon expires soon', '优惠券快到期'], 'Coupon Expired': ['Coupon expired', '优惠券过期'], 'Coupon Rejected': ['Coupon refused', '优惠券未被接受'],
  'Page Viewed': ['Page looked at', '看页面'], 'Screen Viewed': ['Screen of the app looked at', '看 App 页面'], 'Signed Up': ['Signed up', '注册'], Registered: ['Signed up', '注册'], 'Logged In': ['Signed in', '登录'], 'Logged Out': ['Signed out', '退出登录'], 'Group Joined': ['Group joined', '加入群组'],
  'Customer Identified': ['Said who they are', '表明身份'], 'Customer Edited': ['Changed by hand', '手动修改'], 'Customers Merged': ['Two became one', '合并客户'], 'Customers Unmerged': ['Parted again', '拆分客户'], 'Identifier Added': ['Address or number added', '新增身份'], 'Attribute Changed': ['Detail changed', '资料变化'],
  'Consent Changed': ['Consent changed', '同意变化'], 'Form Submitted': ['Form filled in', '填表'], 'Journey Requested': ['Sent into a journey by a program', '由程序送入旅程'], 'Message Received': ['Wrote to us', '发来消息'], 'Tag Added': ['Tag given', '加标签'], 'Tag Removed': ['Tag taken away', '去标签'],
  'Segment Entered': ['Came into a segment', '进入人群'], 'Segment Left': ['Left a segment', '离开人群'], 'Stage Changed': ['Stage changed', '阶段变化'], 'Level Changed': ['Level changed', '等级变化'], 'Score Changed': ['Score changed', '分数变化'], 'Address Suppressed': ['Address blocked', '地址停用'], 'Address Released': ['Address released', '地址恢复'],
  'Message Planned': ['Message planned', '消息排好'], 'Message Deferred': ['Message put off', '消息推迟'], 'Message Claimed': ['Message handed over', '消息交出'], 'Message Sent': ['Message sent', '消息发出'], 'Message Delivered': ['Message delivered', '消息送达'], 'Message Opened': ['Message opened', '打开消息'], 'Message Clicked': ['Message clicked', '点击消息'],
  'Message Replied': ['Message answered', '回复消息'], 'Message Rejected': ['Message not taken', '消息被拒'], 'Message Bounced': ['Message came back', '消息退回'], 'Message Complained': ['Complaint about a message', '投诉消息'], 'Message Unsubscribed': ['Left the list', '退订'], 'Message Refused': ['Message not sent', '消息没发'], 'Message Unknown': ['Outcome unknown', '结果不明'], 'Message Expired': ['Message too late', '消息过期'], 'Message Cancelled': ['Message cancelled', '消息取消'],
  'Journey Entered': ['Journey entered', '进入旅程'], 'Journey Exited': ['Journey left', '离开旅程'], 'Journey Refused': ['Journey not entered', '没有进入旅程'], 'Step Done': ['Step done', '步骤完成'], 'Task Opened': ['Task opened', '任务开始'], 'Task Done': ['Task done', '任务办完'], 'Task Closed': ['Task closed', '任务关闭'],
  'Owner Notified': ['Staff told', '通知员工'], 'Staff Notice': ['Mail to staff', '给员工的邮件'], 'Webhook Called': ['Other system called', '调用其他系统'], 'Points Added': ['Points given', '积分增加'], 'Points Taken Back': ['Points taken back', '积分收回'], 'Points Expired': ['Points expired', '积分过期'],
}
/** An event by its words; one of the shop's own keeps its name. */
export function eventName(event: string, lang: Lang): string {
  const pair = Object.hasOwn(NAMES, event) ? NAMES[event] : undefined
  return pair ? pair[lang === 'zh' ? 1 : 0] : event
}
