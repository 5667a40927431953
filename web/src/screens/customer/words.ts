import { words } from '~/i18n'

export const customerWords = words({
  en: {
    customers: 'Customers', since: 'with you since {day}', write: 'Write a message', more: 'More', notFound: 'This customer is not here', notFoundSub: 'Perhaps forgotten on request, or one with another customer now.',
    spent: 'Spent', orders: '{n, plural, =0 {no order yet} one {# order} other {# orders}}', ordersK: 'Orders', returned: ', {n} returned', last: 'Last order', daysAgo: '{n, plural, =0 {today} one {day ago} other {days ago}}', usual: 'usually every {n, plural, one {day} other {# days}}', never: 'None yet',
    may: 'May we write?', yes: '{channel}: yes', no: '{channel}: no', unasked: '{channel}: not asked yet', noAddress: 'no address', reveal: 'Show numbers', cover: 'Cover numbers', proof: 'How we know', proofYes: 'Allowed on {day}', proofNo: 'Refused on {day}', via: 'by {how}', words2: '“{text}”', changeConsent: 'Record what was said',
    stage: 'Stage', stageSince: 'since {day}', score: 'Score', tags: 'Tags', noTags: 'No tag yet', whyTags: 'Why these?', hide: 'Hide', byRule: '{tag}: by a rule, since {day}', byHand: '{tag}: given by hand, since {day}', since2: '{tag}: since {day}', addTag: 'Give a tag', tagGiven: 'Tag given: {tag}', tagGone: 'Tag taken away: {tag}', takeTag: 'Take the tag {tag} away', segments: 'Segments', known: 'What we know', edit: 'Change', task: 'Open task', taskDue: 'due {day}', pointsEach: '{n} points: {deed}',
    everything: 'Everything', messages: 'Messages', journeys: 'Journeys', ordersT: 'Orders', older: 'Show older', emptyLife: 'Nothing has happened yet', emptyLifeSub: 'What this person does in the shop and what we send will stand here, in order.', noMessages: 'Nothing has been sent to this person yet', noOrders: 'No order yet', noJourneys: 'There is no journey yet', quiet: 'Also what Beckon noted by itself',
    oCompleted: 'Ordered for {money}', oPartly: 'Ordered for {money}, {back} given back', oRefunded: 'Ordered for {money}, all given back', oCancelled: 'Ordered for {money}, cancelled',
    inNow: 'In it now', wasIn: 'Was in it', notIn: 'Was not let in', neverIn: 'Has not come to it', askWhy: 'Why?', draft: 'not started yet',
  },
  zh: {
    customers: '客户', since: '{day}来的', write: '发一条消息', more: '更多', notFound: '没有这位客户', notFoundSub: '可能已应要求删除，或已与另一位客户合并。',
    spent: '消费', orders: '{n, plural, =0 {还没有下单} other {# 单}}', ordersK: '订单', returned: '，退 {n} 单', last: '最近一单', daysAgo: '{n, plural, =0 {今天} other {天前}}', usual: '平时 {n} 天一单', never: '还没有',
    may: '可以联系吗？', yes: '{channel}：可以', no: '{channel}：不可以', unasked: '{channel}：还没问过', noAddress: '没有地址', reveal: '显示号码', cover: '遮住号码', proof: '凭证', proofYes: '{day}同意', proofNo: '{day}拒绝', via: '方式：{how}', words2: '「{text}」', changeConsent: '记录客户的表态',
    stage: '阶段', stageSince: '{day}开始', score: '分数', tags: '标签', noTags: '还没有标签', whyTags: '为什么有这些？', hide: '收起', byRule: '{tag}：按规则，{day}起', byHand: '{tag}：手动加的，{day}起', since2: '{tag}：{day}起', addTag: '加标签', tagGiven: '已加标签：{tag}', tagGone: '已去掉标签：{tag}', takeTag: '去掉标签 {tag}', segments: '人群', known: '资料', edit: '修改', task: '待办任务', taskDue: '{day}前', pointsEach: '{deed}，每次 {n} 分',
    everything: '全部', messages: '消息', journeys: '旅程', ordersT: '订单', older: '看更早的', emptyLife: '还没有发生什么', emptyLifeSub: '这位客户在店里做的事、我们发的消息，会按先后排在这里。', noMessages: '还没有给这位客户发过消息', noOrders: '还没有下过单', noJourneys: '还没有旅程', quiet: '也看系统自己记下的',
    oCompleted: '下单 {money}', oPartly: '下单 {money}，退回 {back}', oRefunded: '下单 {money}，全部退回', oCancelled: '下单 {money}，已取消',
    inNow: '正在里面', wasIn: '进去过', notIn: '没能进去', neverIn: '还没走到', askWhy: '为什么？', draft: '还没开始',
  },
})

export const whyWords = words({
  en: {
    quietWaits: 'It waits for the end of the quiet hours, and goes out then by itself.', whySent: 'Why was it sent?', whyNot: 'Why was it not sent?', whyIn: 'Why in this journey?', whyOut: 'Why not in this journey?', what: 'What came with it', when: '{day} at {clock}', close: 'Close', pick: 'Choose a line to see why', pickSub: 'Why a message was sent or not, and what would have changed it. Under “Journeys” any journey can be asked.',
    address: 'There is an address', noAddress: 'There is no address for this channel', addressOk: 'The address may be used', addressBad: 'The address must not be used', consent: 'Allowed by the customer', noConsent: 'Not allowed by the customer', running: 'Journey is running', notRunning: 'Journey is not running', released: 'Within the released part', notReleased: 'Outside the released part', notHeld: 'Not kept aside for comparison', heldOut: 'Kept aside for comparison', triggered: 'Did what starts it', notTriggered: 'Has not done what starts it',
    nowK: 'How it stands now', entry: 'To enter', sendIf: 'To be sent', leaves: 'Leaves when', change: 'It would be sent if', changeIn: 'It would happen if', notBefore: 'not before {day}', has: 'is: {actual}', waiting: 'Waiting at step {step}', until: 'until {day}', started: 'entered {day}',
    preview: 'As it was sent', to: 'To {to}', subject: 'Subject', noContent: 'What it said can no longer be shown.', way: 'Its way', source: 'From', journey: 'Open the journey', again: 'another time: {n}', oneOf: 'one of these is enough',
  },
  zh: {
    quietWaits: '在等免打扰时间结束，时间一到就自动发出。',
    whySent: '为什么发了？', whyNot: '为什么没发？', whyIn: '为什么在这个旅程里？', whyOut: '为什么不在这个旅程里？', what: '当时的细节', when: '{day} {clock}', close: '关闭', pick: '点一行，看看为什么', pickSub: '一条消息为什么发或没发，怎样才会不同。在「旅程」里可以问任何一个旅程。',
    address: '有地址', noAddress: '没有这个渠道的地址', addressOk: '地址可以用', addressBad: '地址不能用', consent: '客户同意', noConsent: '客户没有同意', running: '旅程在运行', notRunning: '旅程没有运行', released: '在放量范围内', notReleased: '不在放量范围内', notHeld: '没有留作对照', heldOut: '留作对照', triggered: '做过触发的事', notTriggered: '没做过触发的事',
    nowK: '现在的情况', entry: '进入条件', sendIf: '发送条件', leaves: '离开条件', change: '这样就会发', changeIn: '这样就会发生', notBefore: '最早 {day}', has: '现在是：{actual}', waiting: '在步骤 {step} 等待', until: '到 {day}', started: '{day}进入',
    preview: '发出去的样子', to: '发给 {to}', subject: '主题', noContent: '内容已无法再显示。', way: '经过', source: '来源', journey: '打开这个旅程', again: '另外 {n} 次', oneOf: '满足其中一条就够',
  },
})
