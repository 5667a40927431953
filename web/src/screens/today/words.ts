import { words } from '~/i18n'

export const todayWords = words({
  en: {
    sentOfToday: '{n} sent today',
    needs: '{n, plural, one {One thing needs you} =2 {Two things need you} =3 {Three things need you} other {# things need you}}', quiet: 'Everything is running well', restWell: 'Everything else is running well.', nothing: 'Nothing needs you.', noneRuns: 'No journey is running at the moment.', needsLabel: 'Needs you',
    steps: '{n, plural, =0 {Everything is ready for the first message} one {One step to the first message} =2 {Two steps to the first message} other {Three steps to the first message}}', stepsSub: 'It takes a few minutes.',
    dataTitle: 'Put your customers in', dataDone: '{n, plural, one {One customer is in} other {# customers are in}}', dataHelp: 'Drop a file from your shop, or add a line to your website', dataDo: 'Add customers', dataMore: 'Add more', demo: 'Look around with a demo shop',
    channelTitle: 'Connect a channel that sends', channelHelp: 'Paste the two keys of your SMS or mail provider. None yet? Messages can go to the test inbox first', channelDo: 'Connect a channel', channelTest: 'Use the test inbox for now', channelDone: '{list} connected', channelOutbox: 'Messages go to the test inbox: nobody outside gets one', channelReal: 'Connect a real one', outboxDone: 'Messages go to the test inbox now',
    playTitle: 'Read the sentence, then start', playHelp: 'Choose a playbook: welcome, cart, birthday …', playWait: 'When a channel is connected', playDo: 'Choose a playbook', playDraft: '{n, plural, one {One draft waits for your start} other {# drafts wait for your start}}', playGo: 'See the drafts', safe: 'Nobody gets a message before you press “Start”.',
    next: 'Next 24 hours', planned: '{n, plural, =0 {no message is planned} one {one message planned} other {# messages planned}}', plannedMore: 'more than {n} messages planned', noneNext: 'Nothing is planned yet. When somebody enters a journey, the hour of their message appears here.', chart: 'Messages per hour in the next 24 hours: {n} in all, most at {at}', quietBand: 'Quiet hours {from}–{to}: offers wait', tableHour: 'Hour', tableOf: 'As a table', sentToday: 'Sent today: {list}', hourNow: 'this hour',
    running: 'Running', all: 'All journeys', allN: 'All {n} journeys', cJourney: 'Journey', cStatus: 'Status', cWaiting: 'Waiting', cNext: 'Next 24 h', cSent: 'Sent so far', cGoal: 'Reached goal', noneRunning: 'Nothing runs yet', noneRunningHelp: 'A playbook is a journey that is ready. Read its sentence, change a word, start.', phoneLine: '{waiting} waiting, {next} in the next 24 hours', target: 'target {share}',
    goals: 'Goals', goalsHelp: 'of all who came in so far', on: 'On target', below: 'Below target', early: 'Too early', reachedOf: '{reached} of {entered}', better: 'Could be better: {name}', betterBody: '{share} reach the goal; {target} was hoped for. {n, plural, one {One customer has} other {# customers have}} come in so far.', betterDo: 'See where they get lost', betterNot: 'See why not sent',
    do_channel: 'Look at the channel', do_connect: 'Connect it', do_journey: 'Open the journey', do_template: 'Open the message', do_tasks: 'See the tasks', do_events: 'See what was refused', do_settings: 'Open settings', do_messages: 'See the messages', do_approve: 'Review', do_go: 'Go on sending',
    since: 'since {when}', demoBanner: 'These are invented customers of a demo shop, to look around.', demoDo: 'Remove them in Data',
  },
  zh: {
    sentOfToday: '今天已发 {n}',
    needs: '有 {n} 件事等您处理', quiet: '一切正常', restWell: '其他都在正常运行。', nothing: '没有需要您处理的事。', noneRuns: '现在没有正在运行的旅程。', needsLabel: '等您处理',
    steps: '{n, plural, =0 {可以发第一条消息了} one {还差一步，就能发出第一条消息} =2 {还差两步，就能发出第一条消息} other {还差三步，就能发出第一条消息}}', stepsSub: '大约几分钟。',
    dataTitle: '放进客户', dataDone: '已有 {n} 位客户', dataHelp: '把店铺的名单拖进来，或在网站上加一行代码', dataDo: '放进客户', dataMore: '再放一些', demo: '先用演示店铺看看',
    channelTitle: '接一个能发消息的渠道', channelHelp: '贴上短信或邮件服务商给您的两串密钥。还没有也没关系，先发到测试信箱', channelDo: '接渠道', channelTest: '先用测试信箱', channelDone: '已接{list}', channelOutbox: '消息会到测试信箱，外面的人都收不到', channelReal: '接真实的渠道', outboxDone: '消息现在会到测试信箱',
    playTitle: '看一眼句子，然后开始', playHelp: '选一个玩法：欢迎、购物车、生日……', playWait: '接好渠道后可用', playDo: '选一个玩法', playDraft: '有 {n} 个草稿等您开始', playGo: '看草稿', safe: '在您按下「开始」之前，不会给任何客户发消息。',
    next: '接下来 24 小时', planned: '{n, plural, =0 {没有要发的消息} other {计划发 # 条}}', plannedMore: '计划发 {n} 条以上', noneNext: '还没有要发的。有人走进旅程后，他的消息会出现在对应的钟点。', chart: '接下来 24 小时每小时的消息数：共 {n} 条，最多在 {at}', quietBand: '免打扰 {from}–{to}：优惠等到早上', tableHour: '钟点', tableOf: '看表格', sentToday: '今天已发：{list}', hourNow: '这个钟点',
    running: '正在运行', all: '全部旅程', allN: '全部 {n} 条旅程', cJourney: '旅程', cStatus: '状态', cWaiting: '正在等', cNext: '24 小时内', cSent: '一共已发', cGoal: '达成目标', noneRunning: '还没有运行的旅程', noneRunningHelp: '玩法是做好的旅程。读一遍句子，改一个词，就能开始。', phoneLine: '正在等 {waiting}，24 小时内发 {next}', target: '目标 {share}',
    goals: '目标', goalsHelp: '按目前进来的所有人算', on: '达到目标', below: '低于目标', early: '还太早', reachedOf: '{entered} 人里的 {reached} 人', better: '可以更好：{name}', betterBody: '目前 {share} 达成目标，原来希望 {target}。已有 {n} 位客户进来。', betterDo: '看他们停在哪里', betterNot: '看没发的原因',
    do_channel: '看这个渠道', do_connect: '接上', do_journey: '打开旅程', do_template: '打开这条内容', do_tasks: '看任务', do_events: '看被拒的数据', do_settings: '打开设置', do_messages: '看这些消息', do_approve: '看一看', do_go: '继续发送',
    since: '{when} 起', demoBanner: '这里是一家演示店铺的虚拟客户，供您先看看。', demoDo: '到「数据」里移除',
  },
})
