import { words } from '~/i18n'

export const playbooksWords = words({
  en: {
    title: 'Playbooks', sub: 'Journeys that are ready to run. Pick one, check a few words, start.',
    all: 'All {n}', win: 'Win', recover: 'Recover', keep: 'Keep', reward: 'Reward', filter: 'What for',
    now: 'You can run these today', nowSub: 'ordered by how many of your customers they would have met last month', nowSubPlain: 'everything they need is there',
    away: 'One step away', awaySub: 'tell us one more thing and these can run too',
    use: 'Use', people: '{n, plural, one {# person} other {# people}}', month: 'a month, from your own past', today: 'would be met now', ready: 'Ready', noPast: 'no past to count from yet',
    haveIt: '{n} of {of} customers have it', nobody: 'No customer has it yet', neverSeen: 'Not seen yet', more: 'and {n, plural, one {one thing more} other {# things more}}',
    map_column: 'Add it', form: 'Ask for it', channel: 'Connect', snippet: 'Set it up', fix: 'Set it up',
    installed: 'In use', draft: 'Draft', open: 'Open', used: 'You use {n} of {of}.', noneHere: 'None of this kind yet', noneHereSay: 'Every playbook is listed under “All”.', showAll: 'Show all',
  },
  zh: {
    title: '玩法', sub: '可以直接用的旅程。挑一个，看几个词，就能开始。',
    all: '全部 {n}', win: '拉新', recover: '挽回', keep: '留住', reward: '回馈', filter: '用来做什么',
    now: '今天就能用', nowSub: '按上个月会遇到多少位您自己的客户排列', nowSubPlain: '需要的东西都有了',
    away: '只差一步', awaySub: '再告诉我们一件事，这些也能用',
    use: '用这个', people: '{n} 人', month: '每月，按您自己的记录算', today: '现在就会遇到', ready: '可以用', noPast: '还没有记录可以估算',
    haveIt: '{of} 位客户里有 {n} 位填了', nobody: '还没有客户有这一项', neverSeen: '还没有收到过', more: '另外还差 {n} 项',
    map_column: '补上', form: '请客户填', channel: '去连接', snippet: '去设置', fix: '去设置',
    installed: '使用中', draft: '草稿', open: '打开', used: '{of} 个玩法，您在用 {n} 个。', noneHere: '这一类还没有玩法', noneHereSay: '所有玩法都在「全部」里。', showAll: '看全部',
  },
})
