import { words } from '~/i18n'

export const launchWords = words({
  en: {
    backJourney: 'Journey', backSetup: 'Set-up', draft: 'Draft', version: 'Version {n}', missing: 'This journey is not there', toJourneys: 'All journeys',
    allFine: 'All {n} checks are fine', look: '{ok} are fine, {n, plural, one {one wants} other {# want}} your eye', blocked: '{n, plural, one {One thing stands} other {# things stand}} in the way',
    sub: 'See on the right who gets it and when, then press start.', subBlocked: 'It can start as soon as that is done. Nothing is sent before.', ok: 'Fine', note: 'Good to know', warning: 'Have a look', error: 'Needed',
    connect: 'Connect', test: 'Send to me', testing: 'Sending…', edit: 'Change the step', template: 'Open the message', rules: 'Contact rules', bring: 'Bring customers', close: 'Close', tested: 'Sent to {to}: {n, plural, one {# message} other {# messages}}', testFailed: 'Not sent: {why}', testTo: 'To which number?', send: 'Send', email: 'E-mail', sms: 'SMS',
    site: 'Your shop’s website', keep: 'Save',
    plan: 'How it goes out', first: 'First {percent} of them', firstEvent: 'From the moment you start: {percent} of those it meets', firstSay: 'Picked by chance; the same people stay in', rest: 'The rest, when you say so', restSay: 'On the journey’s page, once you have seen how the first ones take it', aside: 'Kept aside, not sent', asideSay: '{n} of every 100 stay without it, to see what it brings', asideNone: 'Nobody is kept aside', asidePick: 'Kept aside', people: 'people', month: 'a month',
    atOnce: 'as soon as it happens', atTime: 'at {time}', share: 'Begin with',
    reach: 'Can be reached by {channel}', start: 'Start: about {n, plural, one {# person} other {# people}} first, {when}', startNone: 'Start with {percent} of those it meets', startAll: 'Start with everybody: {n, plural, one {# person} other {# people}}', startAllNone: 'Start with everybody it meets', startAllMonth: 'Start with everybody it meets: about {n} a month', safe: 'You can pause it with one click at any time.', update: 'Start the new version with {percent}',
    allTitle: 'Start with everybody at once?', allBody: 'About {n, plural, one {# person} other {# people}} a month will get it, without a first look at a few. Sent messages cannot be called back.', allBodyNone: 'Everybody it meets will get it, without a first look at a few. Sent messages cannot be called back.', allYes: 'Start with everybody', allNo: 'Begin with {percent}',
    started: '“{name}” runs', running: 'It runs already', runningSay: 'This version is live. Change something, then start the new version.', open: 'Open the journey', tryIt: 'Try it with made-up people', failed: 'It did not start', paused: 'It is paused', waitFirst: 'First: {what}',
    live: 'Who is under way stays in the version they began.',
  },
  zh: {
    backJourney: '旅程', backSetup: '设置', draft: '草稿', version: '第 {n} 版', missing: '没有这条旅程', toJourneys: '全部旅程',
    allFine: '{n} 项都没问题', look: '{ok} 项没问题，还有 {n} 项请您看一眼', blocked: '还有 {n} 件事要先做',
    sub: '看完右边的人数和时间，再按开始。', subBlocked: '做完就能开始。在那之前不会发送。', ok: '没问题', note: '供参考', warning: '请看一眼', error: '必须做',
    connect: '去连接', test: '发给我试试', testing: '正在发送…', edit: '修改这一步', template: '打开这条消息', rules: '联系规则', bring: '导入客户', close: '收起', tested: '已发到 {to}：{n} 条', testFailed: '没有发出：{why}', testTo: '发到哪个号码？', send: '发送', email: '邮件', sms: '短信',
    site: '店铺网址', keep: '保存',
    plan: '怎么放出去', first: '先给其中 {percent}', firstEvent: '从开始那一刻起，遇到的人里先给 {percent}', firstSay: '随机选，选中的人不变', rest: '其余的人，等您点头', restSay: '看过第一批的反应，在旅程页面放开', aside: '留作对照，不发', asideSay: '每 100 人留 {n} 人不发，看看到底带来多少', asideNone: '不留对照', asidePick: '留作对照', people: '人', month: '每月',
    atOnce: '一发生就发', atTime: '{time}', share: '先放',
    reach: '{channel}联系得上', start: '开始：先发约 {n} 人，{when}', startNone: '开始：遇到的人先给 {percent}', startAll: '一次全发 {n} 人', startAllNone: '遇到的人全都发', startAllMonth: '遇到的人全都发：每月约 {n} 人', safe: '任何时候都能一键暂停。', update: '开始新版本，先给 {percent}',
    allTitle: '现在就发给所有人吗？', allBody: '每月大约 {n} 人会收到，不先看一小批的反应。发出的消息收不回来。', allBodyNone: '遇到的人都会收到，不先看一小批的反应。发出的消息收不回来。', allYes: '发给所有人', allNo: '先放 {percent}',
    started: '「{name}」开始运行', running: '它已经在运行', runningSay: '这个版本正在使用。改了内容以后，再开始新版本。', open: '打开旅程', tryIt: '用虚构的人试一遍', failed: '没有开始', paused: '已暂停', waitFirst: '先完成：{what}',
    live: '正在路上的人按原来的版本走完。',
  },
})
