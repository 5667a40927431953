import { words } from '~/i18n'

export const customersWords = words({
  en: {
    title: '{n} customers', titleOne: 'One customer', titleFew: '{n, plural, one {# customer} other {# customers}} of {of}', titleFound: 'Customers like “{q}”', titleNone: 'No customers yet', sub: 'Numbers and addresses are covered; open a customer to see one.',
    find: 'Name, email, phone or number', segment: 'Segment', all: 'All segments', add: 'Add customers', clear: 'Show all', keep: 'Keep as a segment', only: 'Only these',
    who: 'Customer', about: 'Stage and tags', may: 'May be written to', seen: 'Last activity', since: 'With you since', more: 'Show more', loading: 'Loading',
    mayNo: '{channel}: refused', plus: '+{n}',
    none: 'Nobody is called like this', noneSub: 'Part of a name, the beginning of an email or the whole number finds somebody.', noneIn: 'Nobody is like this at the moment', noneInSub: 'The list fills by itself as soon as somebody is.',
    addOne: 'Add one by hand', emptyTitle: 'Your customers will be here', empty: 'Drop a list from Excel above, connect your shop, or add the first one by hand.', connect: 'Connect the shop',
    addTitle: 'Add customers', name: 'Name', email: 'Email', phone: 'Phone', needOne: 'An email or a phone number is needed, so that this person is known again.', consent: 'What did this person allow?', mayEmail: 'Promotions by email', maySms: 'Promotions by SMS', proof: 'How it was allowed', proofHelp: 'For example: signed the card at the till on 3 May', addGo: 'Add this customer', added: 'Added: {name}', updated: 'Already known; changed: {name}', open: 'Open', orFile: 'Or a whole list', close: 'Close', proofNeeded: 'Say how it was allowed; it is kept as the proof.',
  },
  zh: {
    title: '{n} 位客户', titleOne: '1 位客户', titleFew: '{of} 位客户里的 {n} 位', titleFound: '像「{q}」的客户', titleNone: '还没有客户', sub: '号码和地址已遮住；打开某位客户可以查看。',
    find: '姓名、邮箱、手机或编号', segment: '人群', all: '全部人群', add: '添加客户', clear: '显示全部', keep: '存成人群', only: '只看这些人',
    who: '客户', about: '阶段和标签', may: '可以联系', seen: '最近动态', since: '加入时间', more: '再看一些', loading: '正在加载',
    mayNo: '{channel}：拒绝', plus: '+{n}',
    none: '没有找到这样的客户', noneSub: '输入姓名或邮箱的开头，或完整的号码，就能找到。', noneIn: '现在没有这样的人', noneInSub: '一有这样的人，名单会自动出现。',
    addOne: '手动添加一位', emptyTitle: '客户会出现在这里', empty: '把 Excel 名单拖到上面，接上店铺，或者手动添加第一位。', connect: '接入店铺',
    addTitle: '添加客户', name: '姓名', email: '邮箱', phone: '手机', needOne: '至少要有邮箱或手机，下次才能认出来。', consent: '这位客户同意了什么？', mayEmail: '邮件推广', maySms: '短信推广', proof: '怎么同意的', proofHelp: '例如：5 月 3 日在收银台签了会员卡', addGo: '添加这位客户', added: '已添加：{name}', updated: '这位客户已存在，已更新：{name}', open: '打开', orFile: '或者一次导入名单', close: '关闭', proofNeeded: '请写明是怎么同意的，会作为凭证保存。',
  },
})
