// What each provider asks for: three to five fields, the rest has a default (docs/channels.md).
import type { channelWords } from './words'

type Word = keyof typeof channelWords.en
export type Field = { name: string; label: Word; help?: Word; secret?: boolean; kind?: 'number' | 'security' | 'json'; optional?: boolean; placeholder?: string; initial?: string | number }
export type Provider = { id: string; channel: 'email' | 'sms' | '*'; name: Word; fields: Field[] }

export const PROVIDERS: Provider[] = [
  {
    id: 'smtp', channel: 'email', name: 'smtp',
    fields: [
      { name: 'host', label: 'host', help: 'hostHelp', placeholder: 'smtp.example.com' },
      { name: 'port', label: 'port', kind: 'number', initial: 587 },
      { name: 'security', label: 'security', kind: 'security', initial: 'starttls' },
      { name: 'username', label: 'username', optional: true },
      { name: 'password', label: 'password', secret: true, optional: true },
      { name: 'from', label: 'from', help: 'fromHelp' },
    ],
  },
  { id: 'aliyun', channel: 'sms', name: 'aliyun', fields: [{ name: 'access_key_id', label: 'access_key_id' }, { name: 'access_key_secret', label: 'access_key_secret', secret: true }, { name: 'sign', label: 'sign', help: 'signHelp' }] },
  { id: 'tencent', channel: 'sms', name: 'tencent', fields: [{ name: 'secret_id', label: 'secret_id' }, { name: 'secret_key', label: 'secret_key', secret: true }, { name: 'sdk_app_id', label: 'sdk_app_id' }, { name: 'sign', label: 'sign', help: 'signHelp' }] },
  { id: 'twilio', channel: 'sms', name: 'twilio', fields: [{ name: 'account_sid', label: 'account_sid' }, { name: 'auth_token', label: 'auth_token', secret: true }, { name: 'from', label: 'fromNumber', placeholder: '+12025550100' }] },
  { id: 'http', channel: '*', name: 'http', fields: [{ name: '', label: 'settings', help: 'settingsHelp', kind: 'json' }] },
  { id: 'outbox', channel: '*', name: 'outbox', fields: [] },
]
/** Those that a shop writing in `language` is most likely to have come first: Twilio sends hardly anything within China, the
 *  Chinese ones hardly anything outside. */
export const providersOf = (channel: string, language?: string) => {
  const all = PROVIDERS.filter((p) => p.channel === channel || p.channel === '*')
  return language && language !== 'zh' ? [...all.filter((p) => p.id === 'twilio'), ...all.filter((p) => p.id !== 'twilio')] : all
}
