import { words } from '~/i18n'

export const messagesWords = words({
  en: {
    title: 'Every message', sub: 'Sent or held back, each with its reason.', empty: 'No message yet', emptyBody: 'The first one appears here when a journey reaches somebody. While no channel is connected, messages come here instead of to customers.', toPlaybooks: 'Start with a playbook',
    allStatus: 'Any status', allChannels: 'Any channel', none: 'No message fits', more: 'Show more', history: 'What happened', said: 'What it said', why: 'Why, and what would change it', customer: 'Customer', journey: 'Journey', notKept: 'What it said is not there: it was never rendered, or is no longer kept.', message: 'Message', status: 'Status', when: 'When', api: 'by a program', toStaff: 'To your team', staff: 'To',
  },
  zh: {
    title: '每一条消息', sub: '发出的和没发的，都有原因。', empty: '还没有消息', emptyBody: '有旅程走到某位客户时，第一条就会出现在这里。还没接通道时，消息只进这里，不会发给客户。', toPlaybooks: '从一个玩法开始',
    allStatus: '全部状态', allChannels: '全部通道', none: '没有符合的消息', more: '再看一些', history: '经过', said: '内容', why: '为什么，怎样会不同', customer: '客户', journey: '旅程', notKept: '没有可看的内容：还没有生成过，或已不再保存。', message: '消息', status: '状态', when: '时间', api: '程序触发', toStaff: '发给同事', staff: '发给',
  },
})
