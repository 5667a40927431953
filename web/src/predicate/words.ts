// words.ts: what the rows of conditions say, in both languages.
import { words } from '~/i18n'

export const predicateWords = words({
  en: {
    mode: 'How many of them must be true', choose: 'choose', search: 'Search', nothingFound: 'Nothing of that name', useThis: 'Use “{q}”', done: 'Done', remove: 'Take this condition away', removePart: 'Take this part away', more: 'More',
    and: 'and', or: 'or', head: 'Customers for whom <m/> true', allOf: 'all of these are', anyOf: 'at least one of these is', noneOf: 'none of these is', notAllOf: 'not all of these are',
    headOne: 'Whoever <m/> true for', group: '<m/> true', left: 'How many are left', everybody: 'Everybody. Add a condition to choose.', addRow: 'Add a condition', addGroup: 'Add a group “any of these”', addPart: 'Say more about it',
    unknown: 'A condition this page cannot show. It is kept as it is.', notTrue: 'It is not true that', unfinished: 'Choose the amber words to count this',
    // kinds
    kDid: 'Did something', kNotDid: 'Did not do something', kOrders: 'How often or for how much they bought', kAttribute: 'What we know: city, birthday …', kDate: 'A day that comes: birthday, expiry', kTag: 'A tag',
    kSegment: 'Is in another segment', kReachable: 'Can be reached by a channel', kConsent: 'Allowed or refused messages', kMessages: 'Received, opened or clicked our messages', kStage: 'A stage', kScore: 'A score',
    kJourney: 'Was in a journey, or never was', beenIn: '<s/> <j/> <w/>', wasIn: 'came into the journey', neverIn: 'did not come into the journey',
    kSequence: 'First one thing, then another', kFormula: 'A formula', kTrigger: 'What started the journey', kMessage: 'What became of a message of this journey', kStep: 'How a wait of this journey ended', kTask: 'What came of a task', kMore: 'More',
    // did
    did: '<e/> <where/><c/><s/> <w/>', didPlain: 'did “{event}”', didNot: 'did not do “{event}”', doesIt: 'did it', doesNot: 'did not', anything: 'did anything', nothing: 'did nothing',
    ever: 'at any time', lastN: 'in the last {n}', session: 'in this visit', between: 'between {from} and {to}', from: 'From', to: 'To (that day included)', sinceLast: 'since the last time they {event}', sinceEntry: 'since the journey began', sinceStep: 'since step {step}',
    window: 'When', days: 'Days back', custom: 'Another time …', sinceLastOf: 'Since they last did …', betweenDays: 'Between two days …',
    atLeast: 'at least {n, plural, one {once} other {# times}}', atMost: 'at most {n, plural, one {once} other {# times}}', exactly: 'exactly {n, plural, one {once} other {# times}}', moreThan: 'more than {n, plural, one {once} other {# times}}', lessThan: 'fewer than {n, plural, one {once} other {# times}}',
    between2: 'between {a} and {b} times', howOften: 'How often', howMuch: 'How much', times: 'times', measure: 'Measure', ofWhat: 'Of what', amount: 'Value', atMostNote: 'Counts those who did it at least once. For those who never did, choose “did not”.',
    mSum: 'total of {p}', mAvg: 'average {p}', mMin: 'smallest {p}', mMax: 'largest {p}', mDistinct: 'different {p}', mCount: 'times with a {p}', mFirst: 'first {p}', mLast: 'latest {p}',
    sumN: 'Total', avgN: 'Average', minN: 'Smallest', maxN: 'Largest', distinctN: 'How many different', countN: 'How many have it', firstN: 'The first', lastN2: 'The latest',
    measured: '{m} {op} {v}', partWhere: 'Only with a certain detail', partCount: 'How often, or how much', partNet: 'Leave out cancelled and returned', partMatch: 'Only the same {what} as what started it', net: '(returns left out)', match: 'of the same {p}',
    withDetail: 'with {p} {op} {v}', withItem: 'with a product whose {p} {op} {v}', notDetail: 'without {p} {op} {v}', detail: 'Detail', item: 'of one of the products', mustNot: 'This must not be so', anyDetail: 'or', keptDetail: 'with a detail made elsewhere',
    // attribute
    attribute: '<a/> <o/> <v/>', attributeBare: '<a/> <o/>', what: 'What', value: 'Value', values: 'Values; Enter after each', and2: '{a} and {b}', yes: 'yes', no: 'no',
    // tag and the like
    tag: '<h/> the tag <t/>', hasTag: 'has', hasNoTag: 'does not have', anyBelow: '{tag} (any of them)',
    segment: '<h/> the segment <s/>', inSegment: 'is in', notInSegment: 'is not in',
    stage: '<h/> at stage <s/>', stageIn: '<h/> at stage <s/> of <m/>', isAt: 'is', isNotAt: 'is not',
    score: 'The score <s/> <o/> <v/>', reachable: '<h/> be reached by <c/>', can: 'can', cannot: 'cannot',
    consent: '<h/> <c/>', agreed: 'allowed', refused: 'refused', notAgreed: 'has not allowed', topicOf: '{channel}, topic {topic}', topic: 'Topic, if only one is meant',
    date: '<d/> <r/> <k/>', dToday: 'is today', dTomorrow: 'is tomorrow', dYesterday: 'was yesterday', dIn: 'is in {n} days', dAgo: 'was {n} days ago', dNext: 'is within the next {n} days', dPast: 'was within the last {n} days', dRange: 'is between {a} and {b} days from today',
    dFrom: 'From (days; negative is ago)', dTo: 'To', eachYear: 'each year', thatDay: 'the date itself', lunar: 'each year by the Chinese calendar', customRange: 'Other days …',
    messages: '<s/> <m/> <c/> <w/>', anyMessage: 'any of our messages', ofChannel: 'by {channel}', ofJourney: 'of “{journey}”', ofTemplate: '“{template}”', journey: 'Journey', channel: 'Channel', template: 'Message', all: 'All',
    msSent: 'were sent', msDelivered: 'received', msOpened: 'opened', msRead: 'read', msClicked: 'clicked', msReplied: 'answered', msBounced: 'got back', msComplained: 'complained about', msUnsubscribed: 'left the list by', msRefused: 'were not sent', not: 'not: {x}',
    sequence: 'First <a/>, then <b/>, all within <w/>', then: ', then ', first: 'First ', within: ', all within ', addStep: 'one more', anyTime: 'any time',
    formula: 'The formula <f/> is true', formulaHelp: 'Functions: count, sum, min, max, avg, first, last, days_since, median_interval. Names stand in quotes.', formulaLonger: 'Longer without an order than usual for this person', formulaText: 'Formula', formulaExamples: 'Examples',
    trigger: 'The deed that started it has <p/>', message: '<m/> <h/> <s/>', messageOf: 'the message {m}', was: 'was', wasNot: 'was not', stepRow: '<s/> ended <r/>', waitOf: 'the step {s}', met: 'because it happened', timeout: 'because the time was over', rRead: 'read', rUnread: 'unread', rUnreachable: 'out of reach',
    taskRow: 'What came of <k/> <h/> <o/>', taskOf: 'the task {k}', is: 'is', isNot: 'is not',
    // units
    minutes: '{n, plural, one {# minute} other {# minutes}}', hours: '{n, plural, one {# hour} other {# hours}}', dayN: '{n, plural, one {# day} other {# days}}', weeks: '{n, plural, one {# week} other {# weeks}}', months: '{n, plural, one {# month} other {# months}}', seconds: '{n, plural, one {# second} other {# seconds}}',
    uM: 'minutes', uH: 'hours', uD: 'days', uW: 'weeks', uMo: 'months', length: 'How long', unit: 'Unit',
  },
  zh: {
    mode: '要满足几条', choose: '请选择', search: '搜索', nothingFound: '没有这个名字', useThis: '就用「{q}」', done: '好了', remove: '去掉这一条', removePart: '去掉这一部分', more: '更多',
    and: '并且', or: '或者', head: '这样的客户，要<m/>', allOf: '全部满足', anyOf: '任一满足', noneOf: '全都不满足', notAllOf: '不全满足',
    headOne: '要<m/>', group: '<m/>下面几条', left: '符合到这一条的人数', everybody: '所有客户。加一条，就开始挑选。', addRow: '加一条', addGroup: '加一组「任一满足」', addPart: '再说细一点',
    unknown: '这一条在这里显示不了，会原样保留。', notTrue: '不符合：', unfinished: '选好黄色的词，才会计数',
    kDid: '做过什么', kNotDid: '没做过什么', kOrders: '买过几次、花了多少', kAttribute: '资料：城市、生日……', kDate: '快到的日子：生日、到期', kTag: '标签',
    kSegment: '在另一个人群里', kReachable: '某个渠道联系得上', kConsent: '同意或拒绝接收', kMessages: '收到、打开或点过我们的消息', kStage: '所处阶段', kScore: '分数',
    kJourney: '进过某个旅程，或从没进过', beenIn: '<w/><s/><j/>', wasIn: '进入过旅程', neverIn: '没有进入过旅程',
    kSequence: '先做一件事，再做另一件', kFormula: '公式', kTrigger: '触发旅程的那件事', kMessage: '本旅程某条消息的结果', kStep: '本旅程某次等待的结果', kTask: '任务的结果', kMore: '更多',
    did: '<w/><e/><where/><c/><s/>', didPlain: '做过「{event}」', didNot: '没有做过「{event}」', doesIt: '做过', doesNot: '没做过', anything: '有过任何动作', nothing: '没有任何动作',
    ever: '任何时候', lastN: '最近 {n}', session: '这次访问', between: '{from} 到 {to}', from: '从', to: '到（含当天）', sinceLast: '上次{event}之后', sinceEntry: '进入旅程之后', sinceStep: '步骤 {step} 之后',
    window: '时间', days: '往前几天', custom: '别的时间……', sinceLastOf: '上次做了某事之后……', betweenDays: '两个日期之间……',
    atLeast: '至少 {n} 次', atMost: '最多 {n} 次', exactly: '正好 {n} 次', moreThan: '超过 {n} 次', lessThan: '少于 {n} 次',
    between2: '{a} 到 {b} 次', howOften: '多少次', howMuch: '多少量', times: '次', measure: '怎么算', ofWhat: '算什么', amount: '数值', atMostNote: '只算至少做过一次的人。要找从没做过的，请选「没做过」。',
    mSum: '{p}总和', mAvg: '{p}平均', mMin: '{p}最小', mMax: '{p}最大', mDistinct: '不同的{p}', mCount: '带{p}的次数', mFirst: '第一次的{p}', mLast: '最近一次的{p}',
    sumN: '总和', avgN: '平均', minN: '最小', maxN: '最大', distinctN: '有几种', countN: '带这一项的次数', firstN: '第一次的', lastN2: '最近一次的',
    measured: '{m}{op} {v}', partWhere: '只看带某个细节的', partCount: '多少次，或多少量', partNet: '不算取消和退掉的', partMatch: '只看与触发时同一个{what}的', net: '（退掉的不算）', match: '同一个{p}',
    withDetail: '{p} {op} {v}', withItem: '有一件商品的{p} {op} {v}', notDetail: '不是 {p} {op} {v}', detail: '细节', item: '看其中任一件商品', mustNot: '反过来：不能是这样', anyDetail: '或', keptDetail: '带一个在别处写的细节',
    attribute: '<a/><o/><v/>', attributeBare: '<a/><o/>', what: '哪一项', value: '值', values: '可填多个，每个之后按回车', and2: '{a} 和 {b}', yes: '是', no: '否',
    tag: '<h/>标签<t/>', hasTag: '有', hasNoTag: '没有', anyBelow: '{tag}（其中任何一个）',
    segment: '现在<h/>人群<s/>里', inSegment: '在', notInSegment: '不在',
    stage: '<h/>在<s/>阶段', stageIn: '<h/>在<m/>的<s/>阶段', isAt: '处', isNotAt: '不处',
    score: '分数<s/><o/><v/>', reachable: '<c/><h/>', can: '联系得上', cannot: '联系不上',
    consent: '<h/><c/>', agreed: '同意接收', refused: '拒绝接收', notAgreed: '没有同意接收', topicOf: '{channel}（{topic}）', topic: '只说其中一个主题时填',
    date: '<k/><d/><r/>', dToday: '就是今天', dTomorrow: '是明天', dYesterday: '是昨天', dIn: '在 {n} 天后', dAgo: '在 {n} 天前', dNext: '在未来 {n} 天里', dPast: '在过去 {n} 天里', dRange: '在今天起第 {a} 到 {b} 天',
    dFrom: '从第几天（负数是以前）', dTo: '到第几天', eachYear: '每年的', thatDay: '那一次的', lunar: '每年农历的', customRange: '别的日子……',
    messages: '<w/><s/><m/><c/>', anyMessage: '任何一条消息', ofChannel: '（{channel}）', ofJourney: '「{journey}」的消息', ofTemplate: '「{template}」', journey: '旅程', channel: '渠道', template: '消息', all: '全部',
    msSent: '发过给这位客户的', msDelivered: '收到过', msOpened: '打开过', msRead: '读过', msClicked: '点击过', msReplied: '回复过', msBounced: '被退回过', msComplained: '投诉过', msUnsubscribed: '退订过', msRefused: '没有发出', not: '没有{x}',
    sequence: '先<a/>，再<b/>，都在<w/>之内', then: '，再', first: '先', within: '，前后不超过', addStep: '再加一步', anyTime: '不限时间',
    formula: '公式<f/>成立', formulaHelp: '可用：count、sum、min、max、avg、first、last、days_since、median_interval。名字要加引号。', formulaLonger: '比自己平时的间隔久得多没下单', formulaText: '公式', formulaExamples: '例子',
    trigger: '触发的那件事，<p/>', message: '<m/><h/><s/>', messageOf: '消息 {m}', was: '已经', wasNot: '没有', stepRow: '<s/>结束，<r/>', waitOf: '步骤 {s}', met: '因为等到了', timeout: '因为时间到了', rRead: '已读', rUnread: '未读', rUnreachable: '联系不上',
    taskRow: '<k/>的结果<h/><o/>', taskOf: '任务 {k}', is: '是', isNot: '不是',
    minutes: '{n} 分钟', hours: '{n} 小时', dayN: '{n} 天', weeks: '{n} 周', months: '{n} 个月', seconds: '{n} 秒',
    uM: '分钟', uH: '小时', uD: '天', uW: '周', uMo: '个月', length: '多久', unit: '单位',
  },
})

/** Operators: words, and the kinds of value they ask for. */
export const OPS: Record<string, { en: string; zh: string; value: 'one' | 'list' | 'two' | 'none' }> = {
  '=': { en: 'is', zh: '是', value: 'one' },
  '!=': { en: 'is not', zh: '不是', value: 'one' },
  in: { en: 'is one of', zh: '是其中之一：', value: 'list' },
  not_in: { en: 'is none of', zh: '不是其中任何一个：', value: 'list' },
  '>=': { en: 'is at least', zh: '至少', value: 'one' },
  '<=': { en: 'is at most', zh: '最多', value: 'one' },
  '>': { en: 'is above', zh: '大于', value: 'one' },
  '<': { en: 'is below', zh: '小于', value: 'one' },
  between: { en: 'is between', zh: '介于', value: 'two' },
  contains: { en: 'contains', zh: '包含', value: 'one' },
  starts_with: { en: 'begins with', zh: '开头是', value: 'one' },
  ends_with: { en: 'ends with', zh: '结尾是', value: 'one' },
  matches: { en: 'matches (* is any text)', zh: '形如（* 代表任意文字）', value: 'one' },
  has_any: { en: 'has one of', zh: '含有其中之一：', value: 'list' },
  has_all: { en: 'has all of', zh: '含有全部：', value: 'list' },
  exists: { en: 'is known', zh: '有记录', value: 'none' },
  missing: { en: 'is not known', zh: '没有记录', value: 'none' },
}
const DATE_OPS: Record<string, { en: string; zh: string }> = { '=': { en: 'is on', zh: '是' }, '>=': { en: 'is on or after', zh: '不早于' }, '<=': { en: 'is on or before', zh: '不晚于' }, '>': { en: 'is after', zh: '晚于' }, '<': { en: 'is before', zh: '早于' } }
export const opWord = (op: string, type: string | null | undefined, lang: 'zh' | 'en'): string =>
  (type === 'date' || type === 'time' ? DATE_OPS[op]?.[lang] : undefined) ?? OPS[op]?.[lang] ?? op

/** What may be asked of a value of this type, the usual first. */
export function opsFor(type: string | null | undefined): string[] {
  const end = ['exists', 'missing']
  if (type === 'bool') return ['=', ...end]
  if (type === 'int' || type === 'decimal') return ['>=', '<=', '=', '!=', '>', '<', 'between', 'in', 'not_in', ...end]
  if (type === 'date' || type === 'time') return ['=', '>=', '<=', '>', '<', 'between', ...end]
  if (type === 'list') return ['contains', 'has_any', 'has_all', ...end]
  return ['=', '!=', 'in', 'not_in', 'contains', 'starts_with', 'ends_with', 'matches', '>=', '<=', '>', '<', 'between', 'has_any', 'has_all', ...end]
}
