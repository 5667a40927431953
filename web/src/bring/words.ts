import { words } from '~/i18n'

export const bringWords = words({
  en: {
    drop: 'Drop a list of customers here', dropHow: 'Excel or CSV, as your shop or till exports it', choose: 'Choose a file', reading: 'Reading {name}…', importing: 'Bringing {n} customers…',
    found: '{n, plural, one {# customer} other {# customers}} found in {name}', columns: 'We understood the columns like this', column: 'In your file', means: 'We take it as', example: 'For example', rest: 'and {n} more columns, kept under their own names', all: 'Show all columns',
    agreedEmail: 'All of them agreed to get e-mail from us, and nobody in the list has unsubscribed', agreedSms: 'All of them agreed to get text messages from us, and nobody in the list has opted out', agreedHelp: 'Without it nobody can be written to: the law asks for their yes. It is kept with every customer as proof.',
    bring: 'Bring {n, plural, one {# customer} other {# customers}}', other: 'Another file', bad: '{n, plural, one {# row} other {# rows}} cannot be used, the others can', badAll: 'No row of this file can be used', see: 'See which rows', done: '{n, plural, one {# customer is} other {# customers are}} here', undo: 'Take back',
    failed: 'The file could not be read: {why}', undone: 'The import was taken back', tooLarge: 'This file is larger than the server takes.', whoMissing: 'No column says who it is: an e-mail address, a phone number or a customer number is needed.',
    email: 'E-mail', phone: 'Phone number', user_id: 'Customer number', member_no: 'Membership number', name: 'Name', birthday: 'Birthday', expires_on: 'Expires on', tag: 'Tags', 'consent:email': 'Agreed to e-mail', 'consent:sms': 'Agreed to texts', ignore: 'Leave out', keep: 'Keep as “{name}”', owner: 'Adviser', language: 'Language', gender: 'Gender', city: 'City', id: 'Identifier “{name}”',
    siteTitle: 'Put this line into your shop’s pages', siteHow: 'Before </head>. Whoever looks after your website does it in a minute; nothing is sent before.', siteMake: 'Show the line', siteWait: 'Waiting for the first visit…', siteSeen: 'Events arrive', siteEvents: 'And where it happens in the shop, with its own values:', siteLocal: 'This address opens on this computer only. Before real customers visit, let Beckon run where their browsers reach it.', 
    formTitle: 'Ask your customers', formHow: 'A page of your own with two questions: their e-mail and “{what}”. Answers fill in by themselves.', formMake: 'Make the page', formHere: 'The page is ready. Put its address into your shop, a newsletter, a receipt.', formOpen: 'Look at it',
    formAsk: 'Your e-mail', formButton: 'Send', formThanks: 'Thank you! It is saved.', formAgree: 'Yes, write to me by e-mail. I can leave at any time.',
  },
  zh: {
    drop: '把客户名单拖到这里', dropHow: '店铺或收银系统导出的 Excel 或 CSV 都可以', choose: '选择文件', reading: '正在读取 {name}…', importing: '正在导入 {n} 位客户…',
    found: '{name} 里有 {n} 位客户', columns: '各列是这样理解的', column: '文件里的列', means: '当作', example: '例如', rest: '另外 {n} 列按原名保留', all: '显示全部列',
    agreedEmail: '名单上的人都同意接收我们的邮件，没有人退订过', agreedSms: '名单上的人都同意接收我们的短信，没有人退订过', agreedHelp: '没有同意就不能发：这是法律要求。同意会作为凭据记在每位客户名下。',
    bring: '导入 {n} 位客户', other: '换一个文件', bad: '有 {n} 行用不了，其他的可以', badAll: '这个文件里没有能用的行', see: '看是哪几行', done: '{n} 位客户已导入', undo: '撤回',
    failed: '文件读不出来：{why}', undone: '已撤回这次导入', tooLarge: '文件太大，超过了服务器的上限。', whoMissing: '没有一列能认出是谁：需要邮箱、手机号或客户编号。',
    email: '邮箱', phone: '手机号', user_id: '客户编号', member_no: '会员号', name: '姓名', birthday: '生日', expires_on: '到期日', tag: '标签', 'consent:email': '同意收邮件', 'consent:sms': '同意收短信', ignore: '不要这一列', keep: '保留为「{name}」', owner: '顾问', language: '语言', gender: '性别', city: '城市', id: '标识「{name}」',
    siteTitle: '把这一行放进店铺网页', siteHow: '放在 </head> 之前。管网站的人一分钟就能做好；在那之前不会发送任何东西。', siteMake: '显示这一行', siteWait: '正在等第一次访问…', siteSeen: '已经收到事件', siteEvents: '再在店铺里发生这些事的地方加上（换成实际的值）：', siteLocal: '这个地址只有这台电脑能打开。真实顾客来访之前，请让 Beckon 运行在他们的浏览器能访问的地址上。', 
    formTitle: '请客户自己填', formHow: '一个您自己的页面，只问两件事：邮箱和「{what}」。客户填了就自动补上。', formMake: '生成页面', formHere: '页面好了。把地址放进店铺、邮件或小票。', formOpen: '看一看',
    formAsk: '您的邮箱', formButton: '提交', formThanks: '谢谢，已经收到。', formAgree: '同意接收邮件，可随时退订。',
  },
})
