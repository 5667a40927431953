import { words } from '~/i18n'

export const journeysWords = words({
  en: {
    running: '{n, plural, one {One journey is running} other {# journeys are running}}', none: 'No journey is running', sub: '{n, plural, =0 {Nobody is on the way at the moment.} one {One customer is on the way.} other {# customers are on the way.}}', subPaused: '{n, plural, one {One is paused.} other {# are paused.}}',
    choose: 'Choose a playbook', blank: 'Start with a blank page', blankName: 'New journey',
    gRunning: 'Running', gPaused: 'Paused', gDrafts: 'Drafts', gStopped: 'Stopped',
    cJourney: 'Journey', cStatus: 'Status', cWaiting: 'Waiting', cSent: 'Sent so far', cGoal: 'Reached goal', target: 'target {share}', nextDraft: 'draft of the next version', draftSay: '{when}', waitingOnly: '{waiting} waiting',
    emptyTitle: 'Here will be what runs for your customers by itself', emptyHelp: 'There is no journey yet. A playbook is a ready one: read its sentence, change a word, start.',
  },
  zh: {
    running: '{n} 条旅程正在运行', none: '没有正在运行的旅程', sub: '{n, plural, =0 {现在没有客户在路上。} other {有 # 位客户在路上。}}', subPaused: '{n} 条已暂停。',
    choose: '选一个玩法', blank: '从空白开始', blankName: '新旅程',
    gRunning: '正在运行', gPaused: '已暂停', gDrafts: '草稿', gStopped: '已停',
    cJourney: '旅程', cStatus: '状态', cWaiting: '正在等', cSent: '一共已发', cGoal: '达成目标', target: '目标 {share}', nextDraft: '有下一版的草稿', draftSay: '{when}', waitingOnly: '正在等 {waiting}',
    emptyTitle: '这里会是为客户自动运行的旅程', emptyHelp: '还没有旅程。玩法是做好的旅程：读一遍句子，改一个词，就能开始。',
  },
})
