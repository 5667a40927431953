import { words } from '~/i18n'

export const signInWords = words({
  en: {
    title: 'Sign in', email: 'E-mail', password: 'Password', code: 'Code from your authenticator', codeHelp: 'Six digits, or one of your recovery codes',
    go: 'Sign in', wrong: 'E-mail or password is wrong.', wrongCode: 'This code is wrong or has run out. Wait for the next one.',
    wait: 'Too many tries. Try again in {minutes, plural, one {a minute} other {# minutes}}.',
    forgot: 'Forgotten? A colleague who is administrator makes a new link in Settings, or on the server: beckon user password {email}',
    inviteTitle: 'Welcome, choose a password', inviteFor: 'For {email}', choose: 'New password', chooseHelp: 'At least 8 characters', name: 'Your name', accept: 'Sign in',
    gone: 'This link was used already or has run out. Ask for a new one.',
  },
  zh: {
    title: '登录', email: '邮箱', password: '密码', code: '验证器里的验证码', codeHelp: '六位数字，或一个恢复码',
    go: '登录', wrong: '邮箱或密码不对。', wrongCode: '验证码不对或已过期，请等下一个。',
    wait: '尝试次数太多，请 {minutes} 分钟后再试。',
    forgot: '忘记密码？请担任管理员的同事在设置里生成新链接，或在服务器上运行：beckon user password {email}',
    inviteTitle: '欢迎，请设置密码', inviteFor: '账号：{email}', choose: '新密码', chooseHelp: '至少 8 个字符', name: '您的姓名', accept: '登录',
    gone: '这个链接已经用过或已过期，请索取新的。',
  },
})
