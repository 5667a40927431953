// What a message's status and the reason of a refusal mean, in words (src/message/message.h has the lists).
import { useMemo } from 'react'
import { useWords, words } from '~/i18n'
import type { StatusKind } from '~/parts'

export const statusWords = words({
  en: {
    planned: 'Planned', deferred: 'Waits', claimed: 'On its way', sent: 'Sent', delivered: 'Arrived', opened: 'Opened', clicked: 'Clicked', replied: 'Answered', rejected: 'Refused by the provider', bounced: 'Address does not work',
    complained: 'Complained', unsubscribed: 'Unsubscribed', refused: 'Held back', unknown: 'Outcome unknown', expired: 'Too late', cancelled: 'Not sent',
    r_stale: 'the customer changed meanwhile; it is rendered again', r_epoch: 'the customer was merged meanwhile', r_stopped: 'the journey was stopped', r_exit: 'left the journey before', r_send_if: 'the condition of this message did not hold',
    r_suppressed: 'the address does not work, or complained', r_consent: 'has not agreed to this', r_no_address: 'has no address for this channel', r_duplicate: 'had the same words already', r_quiet: 'quiet hours', r_capped: 'already had enough messages', r_budget: 'the budget is used up', r_expired: 'its time had passed',
  },
  zh: {
    planned: '已计划', deferred: '在等', claimed: '正在发', sent: '已发出', delivered: '已送达', opened: '已打开', clicked: '已点击', replied: '已回复', rejected: '服务商拒绝', bounced: '地址无效',
    complained: '被投诉', unsubscribed: '已退订', refused: '没发', unknown: '结果不明', expired: '太晚了，没发', cancelled: '没发',
    r_stale: '客户资料刚变过，正在重新生成', r_epoch: '客户刚被合并', r_stopped: '旅程已停止', r_exit: '在此之前离开了旅程', r_send_if: '这条消息的条件不成立',
    r_suppressed: '地址无效，或投诉过', r_consent: '没有同意接收', r_no_address: '没有这个通道的地址', r_duplicate: '已收到同样的内容', r_quiet: '免打扰时段', r_capped: '已经收到够多消息', r_budget: '预算用完了', r_expired: '已过时效',
  },
})
export const STATUSES = ['planned', 'deferred', 'claimed', 'sent', 'delivered', 'opened', 'clicked', 'replied', 'rejected', 'bounced', 'complained', 'unsubscribed', 'refused', 'unknown', 'expired', 'cancelled'] as const

const KINDS: Record<string, StatusKind> = {
  planned: 'draft', deferred: 'paused', claimed: 'running', sent: 'working', delivered: 'working', opened: 'working', clicked: 'working', replied: 'working',
  rejected: 'bad', bounced: 'bad', complained: 'warn', unsubscribed: 'stopped', refused: 'stopped', unknown: 'unknown', expired: 'stopped', cancelled: 'stopped',
}

export function useMessageWords() {
  const t = useWords(statusWords)
  return useMemo(() => ({
    status: (s: string) => (s in statusWords.en ? t(s as 'sent') : s),
    kind: (s: string): StatusKind => KINDS[s] ?? 'unknown',
    reason: (r: string | undefined) => (!r ? '' : `r_${r}` in statusWords.en ? t(`r_${r}` as 'r_capped') : r),
  }), [t])
}
