import { words } from '~/i18n'

export const segmentWords = words({
  en: {
    gone: 'This segment is not here', goneSub: 'Perhaps somebody deleted it. Its customers stay.',
    customers: 'Customers', segments: 'Segments', name: 'Name of the segment', rename: 'Change the name', saved: 'Saved', unsaved: 'Not saved yet', unfinished: 'Not finished', saving: 'Saving',
    keep: 'Keep it: {n, plural, one {# person} other {# people}}', change: 'Save: {n, plural, one {# person} other {# people}} from now on', keepPlain: 'Keep it', use: 'Use in a journey', back: 'Undo the changes', needName: 'Give it a name first',
    confirmTitle: 'Let {n, plural, one {# person} other {# people}} be in “{name}” from now on?', confirmBody: 'It has {now} now. Journeys that start from it take those who enter from now on, not those who are in it when you save.', confirmBodyPlain: 'Journeys and other segments that use it follow at once.',
    more: 'More', snapshot: 'Keep today’s list', snapshotDone: 'Kept as a list: {n, plural, one {# person} other {# people}}', remove: 'Delete the segment', removeTitle: 'Delete the segment “{name}”?', removeBody: '{n, plural, one {The one customer in it stays} other {The # customers in it stay}}. What names this segment keeps it from being deleted.', removeYes: 'Delete it', removed: 'Deleted: {name}',
    now: 'Now', would: 'Would be', people: '{n, plural, one {person} other {people}}', share: '{share} of all {of} customers, kept up to date as people come and go', shareNew: '{share} of all {of} customers', show: 'See them', counting: 'Counting again',
    reach: 'Who can be reached', any: 'At least one way', reachNote: 'Only who allowed it and has a working address.', none: '{n, plural, one {# person cannot be reached at all.} other {# people cannot be reached at all.}}', seeNone: 'See them', reachEmpty: 'Nobody in it can be reached yet: an address and consent are needed.',
    three: 'Three of them', others: 'Three others', spent: 'On the right: spent in all', noneMatch: 'Nobody is like this at the moment', noneMatchSub: 'Take a condition away or widen one; the numbers on the right show where they drop.', orders: '{n, plural, one {# order} other {# orders}}, the last {day}, {ago}', noOrder: 'no order yet', seen: 'last seen {day}', today: 'today', ago: '{n, plural, one {yesterday} other {# days ago}}',
    history: 'Who came and who left', day: 'Day', came: 'Came', left: 'Left', after: 'In it then', historyEmpty: 'Nobody has come or left since it was made.', chart: 'From {from} on {a} to {to} on {b}', frozen: 'This is a list of one day. No rule changes it.', todayWord: 'Today', draftName: 'When somebody enters “{name}”', moreDays: 'Show more days',
    journeyMade: 'A draft of a journey was made', busy: 'Asking the server',
  },
  zh: {
    gone: '没有这个人群', goneSub: '可能有人把它删除了。里面的客户都还在。',
    customers: '客户', segments: '人群', name: '人群名称', rename: '改名', saved: '已保存', unsaved: '还没保存', unfinished: '还没写完', saving: '正在保存',
    keep: '保存这个人群：{n} 人', change: '保存：以后是这 {n} 人', keepPlain: '保存这个人群', use: '用在旅程里', back: '撤销修改', needName: '请先起个名字',
    confirmTitle: '以后「{name}」是这 {n} 人，可以吗？', confirmBody: '现在是 {now} 人。从这个人群开始的旅程，只会接保存之后新进来的人，不会接保存时已在里面的人。', confirmBodyPlain: '用到它的旅程和人群会立刻跟着变。',
    more: '更多', snapshot: '留一份今天的名单', snapshotDone: '名单已留好：{n} 人', remove: '删除这个人群', removeTitle: '删除人群「{name}」？', removeBody: '里面的 {n} 位客户都会保留。如果还有旅程或人群用到它，就不能删除。', removeYes: '删除', removed: '已删除：{name}',
    now: '现在有', would: '会有', people: '人', share: '占全部 {of} 位客户的 {share}，有人进出时立刻更新', shareNew: '占全部 {of} 位客户的 {share}', show: '看这些人', counting: '正在重新数',
    reach: '联系得上的', any: '至少一种', reachNote: '只算同意接收、地址有效的人。', none: '{n} 人哪种都联系不上。', seeNone: '看这些人', reachEmpty: '里面的人目前都联系不上：要有地址，还要同意接收。',
    three: '随便看三位', others: '换三位', spent: '右边是一共的消费', noneMatch: '现在没有这样的人', noneMatchSub: '去掉一条，或放宽一条；右边的数字能看出是在哪一条变少的。', orders: '{n} 单，最近一单 {day}，{ago}', noOrder: '还没有下过单', seen: '最近来过：{day}', today: '今天', ago: '{n, plural, =1 {昨天} other {# 天前}}',
    history: '谁进来了，谁离开了', day: '日期', came: '进来', left: '离开', after: '当时人数', historyEmpty: '建好以后，还没有人进出。', chart: '从 {a} 的 {from} 人到 {b} 的 {to} 人', frozen: '这是某一天的名单，规则不会再改变它。', todayWord: '今天', draftName: '进入「{name}」时', moreDays: '看更多天',
    journeyMade: '旅程草稿已建好', busy: '正在询问服务器',
  },
})
