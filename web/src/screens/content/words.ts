import { words } from '~/i18n'

export const contentWords = words({
  en: {
    title: 'What your messages say', messages: 'Messages', coupons: 'Coupons', forms: 'Forms', pictures: 'Pictures', newEmail: 'Write an email', newSms: 'Write an SMS', email: 'Email', sms: 'SMS',
    none: 'No message yet', noneBody: 'Playbooks bring their own. You can also write one now and use it in any journey.', used: 'Used in {names}', unused: 'Used nowhere yet', version: 'version {n}', search: 'Search', nothing: 'Nothing fits “{q}”',
    couponNone: 'No coupon yet', couponNoneBody: 'A coupon has a worth and a time; each customer gets a code of their own, once.', newCoupon: 'New coupon', editCoupon: 'Change coupon', cName: 'Name', cWorth: 'Worth', cAmount: 'an amount', cPercent: 'percent off', cMin: 'From an order of', cMinNone: 'any', cValid: 'Good for', days: '{n, plural, one {one day} other {# days}}', cCode: 'How a code looks', cCodeHelp: 'Each # becomes a letter or a digit', granted: 'Given', usedUp: 'Used', expired: 'Ran out', left: 'Codes left', save: 'Save', off: '{worth} off', from: 'from {min}', pool: 'Codes come from the shop’s own list',
    formNone: 'No form yet', formNoneBody: 'A form on your website or a page of its own brings new customers with their consent, proven.', newForm: 'New form', fName: 'Name', fKind: 'What do you ask for?', kNewsletter: 'E-mail for news', kBirthday: 'E-mail and birthday', kPhone: 'Mobile number for SMS', fConsent: 'Words of consent', fDouble: 'Ask once more by e-mail before it counts', openForm: 'Open its page', embedHelp: 'Put this line where the form should stand', origins: 'Addresses of the websites that may show it', originsHelp: 'One a line, for example https://shop.example', del: 'Delete', delFormTitle: 'Delete “{name}”?', delFormBody: 'Its page and the form on your website stop working. Consents it brought stay, with their proof.', editForm: 'Change',
    consentNews: 'Yes, send me news and offers by e-mail. I can stop at any time.', consentSms: 'Yes, send me offers by SMS. I can reply R to stop.', lEmail: 'E-mail', lName: 'Name', lBirthday: 'Birthday', lPhone: 'Mobile number', button: 'Sign up', thanks: 'Thank you!',
    picNone: 'No picture yet', picNoneBody: 'PNG, JPEG, GIF or WebP, up to 5 MB.', picUsed: '{n, plural, =0 {not used} one {used once} other {used in # messages}}',
  },
  zh: {
    title: '消息里写什么', messages: '消息', coupons: '优惠券', forms: '表单', pictures: '图片', newEmail: '写一封邮件', newSms: '写一条短信', email: '邮件', sms: '短信',
    none: '还没有消息', noneBody: '玩法会自带消息。也可以现在写一条，用在任何旅程里。', used: '用在{names}', unused: '还没有用到', version: '第 {n} 版', search: '搜索', nothing: '没有符合「{q}」的',
    couponNone: '还没有优惠券', couponNoneBody: '优惠券有面额和有效期，每位客户拿到自己的券码，只发一次。', newCoupon: '新建优惠券', editCoupon: '修改优惠券', cName: '名称', cWorth: '优惠', cAmount: '减金额', cPercent: '打折（百分比）', cMin: '满多少可用', cMinNone: '不限', cValid: '有效期', days: '{n} 天', cCode: '券码样式', cCodeHelp: '每个 # 变成一个字母或数字', granted: '已发', usedUp: '已用', expired: '已过期', left: '剩余券码', save: '保存', off: '减 {worth}', from: '满 {min}', pool: '券码来自店铺自己的列表',
    formNone: '还没有表单', formNoneBody: '放在网站上或单独一页的表单，能带来新客户，并留下同意的凭证。', newForm: '新建表单', fName: '名称', fKind: '要填什么？', kNewsletter: '邮箱，用来订阅', kBirthday: '邮箱和生日', kPhone: '手机号，用来收短信', fConsent: '同意的文字', fDouble: '再发一封邮件确认后才算数', openForm: '打开表单页', embedHelp: '把这一行放在表单该出现的位置', origins: '允许显示它的网站', originsHelp: '一行一个，例如 https://shop.example', del: '删除', delFormTitle: '删除「{name}」？', delFormBody: '它的页面和网站上的表单都会失效。已经得到的同意和凭证保留。', editForm: '修改',
    consentNews: '同意接收邮件资讯和优惠，可以随时退订。', consentSms: '同意接收短信优惠，回复 R 可退订。', lEmail: '邮箱', lName: '姓名', lBirthday: '生日', lPhone: '手机号', button: '提交', thanks: '谢谢！',
    picNone: '还没有图片', picNoneBody: 'PNG、JPEG、GIF 或 WebP，最大 5 MB。', picUsed: '{n, plural, =0 {没有用到} other {用在 # 条消息}}',
  },
})
