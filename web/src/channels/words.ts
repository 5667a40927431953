import { words } from '~/i18n'

export const channelWords = words({
  en: {
    email: 'Email', sms: 'SMS', outboxName: 'Test outbox', webhook: 'Webhook', other: '{channel}',
    provider: 'Service', smtp: 'Mail server (SMTP)', aliyun: 'Aliyun SMS', tencent: 'Tencent Cloud SMS', twilio: 'Twilio', outbox: 'Test outbox: nothing leaves', http: 'Another gateway (HTTP)',
    host: 'Mail server', hostHelp: 'From your mail provider, for example smtp.example.com', port: 'Port', security: 'Encryption', starttls: 'STARTTLS (usual on port 587)', tls: 'TLS (usual on port 465)',
    none: 'None (only inside your own network)', username: 'User name', password: 'Password', passwordKept: 'Leave empty to keep the one that is stored', from: 'Sender', fromHelp: 'What customers see, for example Lantern Tea <hello@lantern-tea.example>',
    access_key_id: 'AccessKey ID', access_key_secret: 'AccessKey Secret', sign: 'Signature', signHelp: 'As approved, without 【】', secret_id: 'SecretId', secret_key: 'SecretKey', sdk_app_id: 'SDK AppID',
    account_sid: 'Account SID', auth_token: 'Auth token', fromNumber: 'Sender number', settings: 'Settings (JSON)', settingsHelp: 'What the gateway expects is described under “A gateway in configuration” in the documentation',
    id: 'Name of the channel', connect: 'Connect', save: 'Save', test: 'Send a test', testTo: 'Send a test to', testGo: 'Send test', testing: 'Asking the provider…', took: 'Answered in {ms} ms',
    settingsBad: 'This is not valid JSON: {why}',
    trying: 'Sending you a test by it…', notTaken: 'Not connected: a test mail to you was not taken.', anyway: 'Connect anyway',
  },
  zh: {
    email: '邮件', sms: '短信', outboxName: '测试信箱', webhook: 'Webhook', other: '{channel}',
    provider: '服务商', smtp: '邮件服务器 (SMTP)', aliyun: '阿里云短信', tencent: '腾讯云短信', twilio: 'Twilio', outbox: '测试信箱：不会真的发出', http: '其他网关 (HTTP)',
    host: '邮件服务器', hostHelp: '由邮箱服务商提供，例如 smtp.example.com', port: '端口', security: '加密方式', starttls: 'STARTTLS（587 端口常用）', tls: 'TLS（465 端口常用）',
    none: '不加密（只用于自己的内网）', username: '用户名', password: '密码', passwordKept: '留空则保留已保存的密码', from: '发件人', fromHelp: '客户看到的发件人，例如 灯下茶铺 <hello@lantern-tea.example>',
    access_key_id: 'AccessKey ID', access_key_secret: 'AccessKey Secret', sign: '签名', signHelp: '填已审核通过的签名，不带【】', secret_id: 'SecretId', secret_key: 'SecretKey', sdk_app_id: 'SDK AppID',
    account_sid: 'Account SID', auth_token: 'Auth token', fromNumber: '发送号码', settings: '设置 (JSON)', settingsHelp: '网关需要什么，见文档「A gateway in configuration」一节',
    id: '通道名称', connect: '连接', save: '保存', test: '发一条测试', testTo: '测试发给', testGo: '发送测试', testing: '正在等服务商答复…', took: '{ms} 毫秒内答复',
    settingsBad: '这不是有效的 JSON：{why}',
    trying: '正在用它给您发一封测试邮件…', notTaken: '没有连上：发给您的测试邮件没有送出。', anyway: '仍然连接',
  },
})
