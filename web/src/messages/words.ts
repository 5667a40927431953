// What a message's status and the reason of a refusal mean, in words (src/message/message.h has the lists): one wording for
// the list of messages, a customer's page and a journey's.
import { useMemo } from 'react'
import { type Lang, useWords, words } from '~/i18n'
import type { StatusKind } from '~/parts'

export const statusWords = words({
  en: {
    planned: 'Planned', deferred: 'Waits', claimed: 'On its way', sent: 'Sent', delivered: 'Arrived', opened: 'Opened', clicked: 'Clicked', replied: 'Answered', rejected: 'Refused by the provider', bounced: 'Address does not work',
    complained: 'Complained', unsubscribed: 'Unsubscribed', refused: 'Held back', unknown: 'Outcome unknown', expired: 'Too late', cancelled: 'Not sent',
    r_stale: 'Things changed while it waited', r_epoch: 'The server was restored meanwhile', r_stopped: 'The journey was stopped', r_exit: 'Left the journey before it went out', r_send_if: 'Did not meet the message’s own condition',
    r_suppressed: 'Address does not work, or asked for no more', r_consent: 'Has not agreed to this', r_no_address: 'No address for this channel', r_duplicate: 'Had the same words lately', r_quiet: 'It was quiet hours', r_capped: 'Already had enough messages', r_budget: 'The budget was used up', r_expired: 'Waited too long',
    r_no_template: 'The message’s text is missing', r_template: 'The text could not be made', r_no_channel: 'No channel is connected', r_held: 'All sending is on hold', r_retry: 'The provider asked to try again later',
  },
  zh: {
    planned: '已计划', deferred: '在等', claimed: '正在发', sent: '已发出', delivered: '已送达', opened: '已打开', clicked: '已点击', replied: '已回复', rejected: '服务商拒绝', bounced: '地址无效',
    complained: '被投诉', unsubscribed: '已退订', refused: '没发', unknown: '结果不明', expired: '太晚了，没发', cancelled: '没发',
    r_stale: '等待期间情况已变', r_epoch: '服务器恢复后未再发送', r_stopped: '旅程已停', r_exit: '在发出前已经离开旅程', r_send_if: '不符合这条消息的条件',
    r_suppressed: '地址无效，或要求不再联系', r_consent: '没有同意接收', r_no_address: '没有这个渠道的地址', r_duplicate: '刚收到过同样的内容', r_quiet: '在免打扰时段', r_capped: '近期已经收到足够多的消息', r_budget: '预算用完了', r_expired: '等太久，已过期',
    r_no_template: '没有这条内容', r_template: '内容有错，无法生成', r_no_channel: '没有接通渠道', r_held: '所有发送都已暂停', r_retry: '服务商请稍后再试',
  },
})
export const STATUSES = ['planned', 'deferred', 'claimed', 'sent', 'delivered', 'opened', 'clicked', 'replied', 'rejected', 'bounced', 'complained', 'unsubscribed', 'refused', 'unknown', 'expired', 'cancelled'] as const

const KINDS: Record<string, StatusKind> = {
  planned: 'draft', deferred: 'paused', claimed: 'running', sent: 'working', delivered: 'working', opened: 'working', clicked: 'working', replied: 'working',
  rejected: 'bad', bounced: 'bad', complained: 'warn', unsubscribed: 'stopped', refused: 'stopped', unknown: 'unknown', expired: 'stopped', cancelled: 'stopped',
}
const word = (lang: Lang, key: string) => (Object.hasOwn(statusWords.en, key) ? statusWords[lang][key as 'sent'] : undefined)

export const statusName = (lang: Lang, status: string): string => word(lang, status) ?? status
/** Why a message was not sent; undefined: it is none of these. */
export const refusalWords = (lang: Lang, reason: string): string | undefined => word(lang, `r_${reason}`)
export const refusalName = (lang: Lang, reason: string): string => refusalWords(lang, reason) ?? reason

export function useMessageWords() {
  const { lang } = useWords(statusWords)
  return useMemo(() => ({
    status: (s: string) => statusName(lang, s),
    kind: (s: string): StatusKind => KINDS[s] ?? 'unknown',
    reason: (r: string | undefined) => (r ? refusalName(lang, r) : ''),
  }), [lang])
}
