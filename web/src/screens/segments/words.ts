import { words } from '~/i18n'

export const segmentsWords = words({
  en: {
    more: 'Show more ({n} left)',
    title: '{n, plural, =0 {No segment yet} one {One segment, always up to date} other {# segments, always up to date}}', sub: 'Who enters or leaves is known at once, and journeys can start from it.', make: 'New segment',
    people: '{n, plural, one {person} other {people}}', counting: 'still counting', own: 'Your segments', list: 'A list as of one day', ready: 'Ready to use', readySub: 'Common groups of a shop. One click keeps one, and you can change it.', use: 'Keep it', kept: 'Kept: {name}', open: 'Open', has: 'You have it', needs: 'Needs {what}', noNeed: 'nobody yet',
    emptyTitle: 'Groups of customers will be here', empty: 'Say in words who belongs to a group. It counts while you write, and stays true by itself.', removed: 'Removed: {name}',
  },
  zh: {
    more: '再看一些（还有 {n} 个）',
    title: '{n, plural, =0 {还没有人群} other {# 个人群，随时都是最新的}}', sub: '有人进来或离开，马上就知道，旅程可以从这里开始。', make: '新建人群',
    people: '人', counting: '还在数', own: '您的人群', list: '某一天的名单', ready: '现成可用', readySub: '店铺常用的分组。点一下就能用，之后可以改。', use: '就用这个', kept: '已添加：{name}', open: '打开', has: '已有', needs: '还缺 {what}', noNeed: '暂时没有人',
    emptyTitle: '客户分组会出现在这里', empty: '用一句话说明哪些人算一组。边写边数，以后自动保持准确。', removed: '已删除：{name}',
  },
})
