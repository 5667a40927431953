import { words } from '~/i18n'

export const tasksWords = words({
  en: {
    give: 'New task', by: 'given by {name}',
    title: '{n, plural, =0 {Nothing is waiting for you} one {One task is due} other {# tasks are due}}', titleNone: 'Nothing is due now', sub: '{n, plural, =0 {} one {One more has time.} other {# more have time.}}',
    overdue: 'Late', today: 'Today', later: 'Later', done: 'Done', dueAt: 'by {when}', lateSince: 'due since {when}', from: 'from “{name}”', owner: 'For', everyone: 'Everyone', mine: '{name} (me)', showOpen: 'To do', showDone: 'Done lately', which: 'Which tasks',
    note: 'Add a note', noteLabel: 'Note', finish: 'Done', other: 'Another outcome', otherLabel: 'What came of it?', outcomes: 'What came of it?', toast: '{task}, {name}: {outcome}', gone: 'This task was closed meanwhile: the customer has left the journey.', was: 'Came of it: {outcome}',
    empty: 'Here will be what a person should do: calls, visits, checks', emptyHelp: 'A journey makes a task where a message is not enough; you can give one by hand, too. None is open at the moment.', emptyOwner: 'Nothing is open for {owner}', emptyDone: 'No task was finished lately', toJourneys: 'See the journeys', call: 'Call {number}', showNumber: 'Show the number', taskWith: '{task}: {name}', more: 'Show more ({n} left)',
  },
  zh: {
    give: '新任务', by: '{name} 派的',
    title: '{n, plural, =0 {没有等您做的事} other {有 # 件事该做了}}', titleNone: '现在没有到点的事', sub: '{n, plural, =0 {} other {另有 # 件不急。}}',
    overdue: '已过时', today: '今天', later: '以后', done: '已完成', dueAt: '{when} 前', lateSince: '{when} 就该做', from: '来自「{name}」', owner: '给谁', everyone: '所有人', mine: '{name}（我）', showOpen: '要做的', showDone: '最近完成的', which: '看哪些任务',
    note: '写一句备注', noteLabel: '备注', finish: '完成', other: '别的结果', otherLabel: '结果是什么？', outcomes: '结果是什么？', toast: '{name}，{task}：{outcome}', gone: '这个任务已经关闭：客户离开了旅程。', was: '结果：{outcome}',
    empty: '这里会是需要人去做的事：打电话、拜访、核对', emptyHelp: '光发消息不够时，旅程会派出任务，也可以自己派。现在没有要做的。', emptyOwner: '没有给 {owner} 的任务', emptyDone: '最近没有完成的任务', toJourneys: '看旅程', call: '拨打 {number}', showNumber: '显示号码', taskWith: '{name}：{task}', more: '再看一些（还有 {n} 件）',
  },
})
