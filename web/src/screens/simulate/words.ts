import { words } from '~/i18n'

export const simulateWords = words({
  en: {
    back: 'Check list', title: '{n, plural, one {One made-up person} other {# made-up people}}, {days} days in a moment', sub: 'On the code that really runs, with a clock of its own. Nothing of it is kept, nobody real is written to. Limits and quiet hours are left out here.',
    quiet: 'Does nothing more', does: 'Does', afterwards: 'afterwards', refuses: 'Has not agreed to messages', everything: 'Gets everything there is for her or him',
    p1: 'Ann', p2: 'Ben', p3: 'Cleo', p4: 'Dan', p5: 'Eva', p6: 'Fay', h: '{n, plural, one {# hour} other {# hours}}', d: '{n, plural, one {# day} other {# days}}', now: 'At once', later: 'After {time}',
    entered: 'comes in', notIn: 'does not come in', sent: 'gets', notSent: 'does not get', coupon: 'gets a coupon', left: 'leaves', task: 'A task for your team', tag: 'is tagged', notify: 'Your team is told', got: '{n, plural, =0 {No message} one {# message} other {# messages}}', never: 'Nothing happens to this person.',
    r_consent: 'has not agreed', r_exit: 'has done what it is for', r_done: 'it is at its end', r_goal: 'the goal is reached', r_unreachable: 'no address', r_entry: 'does not fit the entry rule', r_cap: 'had enough messages', r_holdout: 'kept aside', r_rollout: 'not among the first', other: 'Something else…',
    seg: 'Who comes in is decided by a segment', segSay: 'Made-up people cannot be put into a segment by one event. Start with a few real ones: the check list begins with every tenth.', toLaunch: 'To the check list', email: 'an e-mail', sms: 'a text message', gone: 'This journey is not here', toJourneys: 'All journeys', personDoes: 'What {name} does', personWhen: 'When {name} does it',
  },
  zh: {
    back: '检查清单', title: '{n} 个虚构的人，{days} 天一眼看完', sub: '用的就是真正运行的程序，只是时钟是自己的。不会留下任何东西，也不会发给真实的人。这里不算条数上限和免打扰时间。',
    quiet: '之后什么也不做', does: '做了', afterwards: '之后', refuses: '没有同意接收消息', everything: '收到全部内容',
    p1: '小安', p2: '小贝', p3: '小陈', p4: '小丁', p5: '小鹅', p6: '小方', h: '{n} 小时', d: '{n} 天', now: '马上', later: '{time}后',
    entered: '进入旅程', notIn: '没有进入', sent: '收到', notSent: '没有收到', coupon: '得到一张券', left: '离开', task: '给同事一个任务', tag: '打上标签', notify: '通知同事', got: '{n, plural, =0 {没有消息} other {# 条消息}}', never: '这个人什么都没遇到。',
    r_consent: '没有同意', r_exit: '已经做了想让他做的事', r_done: '走完了', r_goal: '目标达到', r_unreachable: '没有地址', r_entry: '不符合进入条件', r_cap: '消息已经够多', r_holdout: '留作对照', r_rollout: '不在第一批', other: '其他…',
    seg: '谁进入由人群决定', segSay: '虚构的人不能只靠一个事件进入人群。可以先放少量真实的人：检查清单默认先放十分之一。', toLaunch: '去检查清单', email: '一封邮件', sms: '一条短信', gone: '没有这条旅程', toJourneys: '全部旅程', personDoes: '{name}做什么', personWhen: '{name}什么时候做',
  },
})
