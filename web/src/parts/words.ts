import { words } from '~/i18n'

export const partsWords = words({
  en: {
    none: 'None yet', again: 'Try again', cancel: 'Cancel', copy: 'Copy', copied: 'Copied', loading: 'Loading', crumbs: 'Where you are', undo: 'Undo', close: 'Close',
    offline: 'The server cannot be reached. Nothing is lost; try again in a moment.',
    forbidden: 'Your role does not allow this. Ask an administrator of this workspace.',
    busy: 'The server is busy. Try again in a few seconds.',
    changed: 'Somebody else changed this meanwhile. Load the page again, then change it.',
    failed: 'The server could not do this. Nothing is lost; try again, and if it stays so, tell who looks after Beckon.',
    missing: 'This is not here any more. Perhaps somebody deleted it.',
    clash: 'Somebody else changed this while you were writing.', clashBody: 'What you wrote is still here and not saved yet.', mine: 'Save mine over it', theirs: 'Show the other version', theirsSub: 'Showing it lets go of what you wrote.',
    broken: 'This part of the page does not work. The rest does; nothing is lost.',
  },
  zh: {
    none: '还没有', again: '再试一次', cancel: '取消', copy: '复制', copied: '已复制', loading: '正在加载', crumbs: '当前位置', undo: '撤销', close: '关闭',
    offline: '连不上服务器。没有丢失任何内容，请稍后再试。',
    forbidden: '您的角色不能做这件事，请联系工作区的管理员。',
    busy: '服务器正忙，请几秒后再试。',
    changed: '别人刚刚改过它。请刷新页面后再改。',
    failed: '服务器没能完成。没有丢失任何内容，请再试一次；如果一直这样，请告诉管理 Beckon 的人。',
    missing: '它已经不在了，可能有人把它删除了。',
    clash: '您在写的时候，别人改过它。', clashBody: '您写的还在，没有保存。', mine: '用我的覆盖', theirs: '看对方的版本', theirsSub: '看对方的版本会放弃您写的。',
    broken: '页面的这一部分出了问题，其他部分可以照常使用，没有丢失任何内容。',
  },
})
