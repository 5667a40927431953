import { words } from '~/i18n'

export const settingsWords = words({
  en: {
    settings: 'Settings', channels: 'Channels', rules: 'Contact rules', data: 'Data', team: 'Team', workspace: 'Workspace', developers: 'For developers', account: 'My account',
    // channels
    chAllWell: 'All of them work.', chQuiet: 'Connected. Nothing has gone out in the last 24 hours.', chNone: 'None yet. Messages go to the test inbox, where only you see them.', chBroken: '{n, plural, one {One needs you.} other {# need you.}} {rest, plural, =0 {} other {The others work.}}',
    addChannel: 'Add a channel', editChannel: 'Change', removeChannel: 'Disconnect', working: 'Working', notSending: 'Not sending', resting: 'Resting until {time}', unused: 'Nothing sent yet',
    sent24: 'sent in 24 hours', failed24: '{n} not taken', outboxLine: 'Messages to look at; nothing leaves', outboxOpen: 'Open', held: 'held', fix: 'Fix it', test: 'Test', since: 'since {time}',
    nothingLost: 'What falls due waits here; nothing is lost.', whichChannel: 'Which channel?', removeTitle: 'Disconnect {name}?', removeBody: 'Messages for it wait until a channel of this kind is connected again. Nothing is lost; nothing is sent meanwhile.', removed: '{name} is disconnected',
    connected: '{name} is connected. Send yourself a test.', hookUrl: 'Address for receipts and replies', hookHelp: 'Enter it at the provider, so that deliveries and opt-outs come back.',
    // rules
    rulesTitle: 'How often, and when not', rulesSub: 'These hold for every journey. Order confirmations and other service messages are not counted unless you say so.', capsTitle: 'At most', quietTitle: 'Not at night',
    capSentence: 'At most <n/> <kind/> messages by <channel/> in <per/>; over that <over/>', quietSentence: 'Nothing by <channel/> from <from/> to <to/>, <days/>', capAny: 'all channels together', capEach: 'each channel', chCall: 'phone', chAny: 'any channel', day: 'a day', week: 'a week', month: 'a month', hours24: '24 hours', days7: '7 days', days30: '30 days', addCap: 'Add a limit',
    overRefuse: 'it is left out', overDefer: 'it waits', catPromotion: 'promotional', catService: 'service', catAll: 'all', from: 'from', to: 'to', addQuiet: 'Add quiet hours', quietNote: 'By the clock where the customer lives. What falls into these hours waits for the morning.',
    everyDay: 'every day', onHolidays: 'on holidays', holidays: 'Holidays', holidaysHelp: 'One date a line, for example 2026-10-01', saveRules: 'Keep these rules', savedRules: 'The rules hold from now on', remove: 'Remove', unsaved: 'Not kept yet', undo: 'Undo changes',
    // team
    teamTitle: 'Who works here', teamSub: '{n, plural, one {One person} other {# people}}', invite: 'Invite somebody', name: 'Name', email: 'E-mail', role: 'Role', lastSeen: 'Last here', never: 'not yet',
    owner: 'Owner', admin: 'Administrator', marketer: 'Marketer', approver: 'Approver', analyst: 'Analyst', ownerHelp: 'Everything, and owners', adminHelp: 'Everything but owners', marketerHelp: 'Customers, content, journeys', approverHelp: 'Reads all, starts and pauses journeys', analystHelp: 'Reads all, changes nothing',
    invited: 'Invited', disabled: 'May not sign in', twoFactor: 'Second factor', newLink: 'New link', disable: 'Lock out', enable: 'Let in again', endSessions: 'End sessions', resetTotp: 'Take second factor away', drop: 'Remove', linkTitle: 'Hand this link over',
    linkBody: 'It works once, until {time}. Beckon does not send it by itself.', dropTitle: 'Remove {name}?', dropBody: 'They can no longer sign in. What they did stays in the audit trail.', sendInvite: 'Make a link', done: 'Done',
    // workspace
    wsTitle: 'Workspace', wsSub: 'Where you are and what you count in.', wsName: 'Name of the shop', wsUrl: 'Address of the shop', zone: 'Time zone', currency: 'Currency', language: 'Language of customers who have none', phoneCountry: 'Country of phone numbers without one', visitorDays: 'Forget unknown visitors after (days)', save: 'Save', saved: 'Saved',
    chinese: 'Chinese', english: 'English', noLanguage: 'Both, as the message has them',
    // developers
    devTitle: 'For developers', keys: 'API keys', keysSub: 'For your own programs. A key is shown once.', newKey: 'New key', keyName: 'What is it for?', scopes: 'It may', keyOnce: 'Copy it now; it is not shown again.', lastUsed: 'used {time}', neverUsed: 'never used', revoke: 'Revoke', revokeTitle: 'Revoke “{name}”?', revokeBody: 'Programs that use it are refused at once.',
    webhooks: 'Webhooks', webhooksSub: 'Other systems are told of events as they happen, signed by Standard Webhooks.', newHook: 'New webhook', hookAddress: 'Address', hookEvents: 'Events', hookEventsHelp: 'Comma separated, for example Order Completed, Message Sent', hookSecret: 'Secret, shown once', hookTest: 'Send a test', hookTested: 'A test is on its way',
    audit: 'Who changed what', auditNone: 'Nobody has changed anything yet', version: 'version {n}', api: 'The API is described at', more: 'Show more',
    's_admin': 'do everything', 's_customers:read': 'read customers', 's_customers:write': 'change customers', 's_configuration:read': 'read the configuration', 's_configuration:write': 'change the configuration', 's_reports:read': 'read reports', 's_ingest': 'send events',
    // account
    accTitle: 'My account', password: 'Password', currentPassword: 'Current password', newPassword: 'New password', changePassword: 'Change password', changedPassword: 'Changed. Your other sessions have ended.', wrongPassword: 'This is not your current password.',
    totp: 'Second factor', totpOff: 'Off. With it, signing in also takes a code from your phone.', totpOn: 'On', turnOn: 'Turn on', turnOff: 'Turn off', scan: 'Scan this with an authenticator app, then enter the code it shows.', code: 'Code', confirm: 'Confirm', wrongCode: 'This code is wrong or has run out.', recovery: 'Keep these recovery codes; each works once if you lose your phone. They are not shown again.', newCodes: 'New recovery codes',
    sessions: 'Where you are signed in', thisOne: 'this one', end: 'End', endOthers: 'End all others', until: 'until {time}', keyNoAccount: 'You are signed in by a key, not as a person.',
  },
  zh: {
    settings: '设置', channels: '通道', rules: '打扰规则', data: '数据', team: '团队', workspace: '工作区', developers: '开发者', account: '我的账号',
    chAllWell: '全部正常。', chQuiet: '已连接。最近 24 小时没有发送。', chNone: '还没有接通道。消息会进测试信箱，只有您看得到。', chBroken: '{n} 个需要处理。{rest, plural, =0 {} other {其他正常。}}',
    addChannel: '添加通道', editChannel: '修改', removeChannel: '断开', working: '正常', notSending: '没在发', resting: '暂歇到 {time}', unused: '还没发过',
    sent24: '24 小时内发出', failed24: '{n} 条未被接受', outboxLine: '只供查看，不会真的发出', outboxOpen: '打开', held: '条', fix: '去处理', test: '测试', since: '从 {time} 起',
    nothingLost: '到点的消息会在这里等着，一条也不会丢。', whichChannel: '哪一种通道？', removeTitle: '断开 {name}？', removeBody: '它的消息会等着，直到重新接上这种通道。不会丢失，也不会发出。', removed: '{name} 已断开',
    connected: '{name} 已接通，给自己发一条测试吧。', hookUrl: '回执和回复的地址', hookHelp: '填到服务商后台，送达和退订才能传回来。',
    rulesTitle: '多久一次，什么时候不打扰', rulesSub: '对所有旅程都有效。订单确认等服务消息不计算在内，除非您另外规定。', capsTitle: '最多', quietTitle: '夜里不打扰',
    capSentence: '<channel/>，每<per/>最多 <n/> 条<kind/>消息，超过时<over/>', quietSentence: '<days/> <from/> 到 <to/>，<channel/>不发', capAny: '所有通道合计', capEach: '每个通道各自', chCall: '电话', chAny: '任何通道', day: '天', week: '周', month: '月', hours24: '24 小时', days7: '7 天', days30: '30 天', addCap: '添加一条',
    overRefuse: '不发了', overDefer: '等着', catPromotion: '营销', catService: '服务', catAll: '全部', from: '从', to: '到', addQuiet: '添加免打扰时段', quietNote: '按客户所在地的时间。落在这段时间里的消息，等到早上再发。',
    everyDay: '每天', onHolidays: '节假日', holidays: '节假日', holidaysHelp: '一行一个日期，例如 2026-10-01', saveRules: '按这些规则执行', savedRules: '从现在起按新规则执行', remove: '删除', unsaved: '还没有保存', undo: '放弃修改',
    teamTitle: '谁在这里工作', teamSub: '{n} 人', invite: '邀请同事', name: '姓名', email: '邮箱', role: '角色', lastSeen: '上次来', never: '还没来过',
    owner: '所有者', admin: '管理员', marketer: '运营', approver: '审批人', analyst: '分析师', ownerHelp: '全部权限，可管理所有者', adminHelp: '除所有者外的全部权限', marketerHelp: '客户、内容、旅程', approverHelp: '查看全部，可开始和暂停旅程', analystHelp: '查看全部，不能修改',
    invited: '已邀请', disabled: '已停用', twoFactor: '两步验证', newLink: '新链接', disable: '停用', enable: '恢复', endSessions: '结束登录', resetTotp: '取消两步验证', drop: '移除', linkTitle: '请把链接交给对方',
    linkBody: '只能用一次，有效期到 {time}。Beckon 不会自动发送它。', dropTitle: '移除 {name}？', dropBody: '对方将不能再登录。做过的操作仍留在操作记录里。', sendInvite: '生成链接', done: '完成',
    wsTitle: '工作区', wsSub: '您在哪里，用什么计算。', wsName: '店铺名称', wsUrl: '店铺网址', zone: '时区', currency: '货币', language: '没有语言信息的客户用', phoneCountry: '没写国家的手机号属于', visitorDays: '多少天后忘记匿名访客', save: '保存', saved: '已保存',
    chinese: '中文', english: '英文', noLanguage: '消息里有什么就用什么',
    devTitle: '开发者', keys: 'API 密钥', keysSub: '给您自己的程序用。密钥只显示一次。', newKey: '新建密钥', keyName: '用来做什么？', scopes: '它可以', keyOnce: '请现在复制，以后不再显示。', lastUsed: '{time} 用过', neverUsed: '没用过', revoke: '作废', revokeTitle: '作废「{name}」？', revokeBody: '使用它的程序会立刻被拒绝。',
    webhooks: 'Webhook', webhooksSub: '事件发生时通知其他系统，按 Standard Webhooks 签名。', newHook: '新建 Webhook', hookAddress: '地址', hookEvents: '事件', hookEventsHelp: '用逗号分隔，例如 Order Completed, Message Sent', hookSecret: '密钥，只显示一次', hookTest: '发一条测试', hookTested: '测试正在路上',
    audit: '谁改了什么', auditNone: '还没有人改过什么', version: '第 {n} 版', api: 'API 说明在', more: '再看一些',
    's_admin': '做所有事', 's_customers:read': '查看客户', 's_customers:write': '修改客户', 's_configuration:read': '查看配置', 's_configuration:write': '修改配置', 's_reports:read': '查看报表', 's_ingest': '上报事件',
    accTitle: '我的账号', password: '密码', currentPassword: '当前密码', newPassword: '新密码', changePassword: '修改密码', changedPassword: '已修改，其他登录都已结束。', wrongPassword: '当前密码不对。',
    totp: '两步验证', totpOff: '未开启。开启后，登录还需要手机上的验证码。', totpOn: '已开启', turnOn: '开启', turnOff: '关闭', scan: '用验证器应用扫码，再填它显示的验证码。', code: '验证码', confirm: '确认', wrongCode: '验证码不对或已过期。', recovery: '请保存这些恢复码，手机丢失时每个可用一次。以后不再显示。', newCodes: '重新生成恢复码',
    sessions: '登录在哪些地方', thisOne: '当前', end: '结束', endOthers: '结束其他全部', until: '到 {time}', keyNoAccount: '您是用密钥登录的，不是个人账号。',
  },
})
