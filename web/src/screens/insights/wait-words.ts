import { words } from '~/i18n'

export const waitWords = words({
  en: {
    asking: 'Counting…', about: 'About {time}', longer: 'Takes longer than thought: {time} so far', reads: ', reads {n} events', far: 'How far it is', stop: 'Stop',
    seconds: '{n, plural, one {# second} other {# seconds}}', minutes: '{n, plural, one {# minute} other {# minutes}}',
    stopped: 'You stopped this. Nothing is counted any more.', again: 'Ask again',
  },
  zh: {
    asking: '正在数…', about: '约 {time}', longer: '比预计的久，已经 {time}', reads: '，读取 {n}条事件', far: '进度', stop: '停止',
    seconds: '{n} 秒', minutes: '{n} 分钟',
    stopped: '已停止，不再计算。', again: '再问一次',
  },
})
