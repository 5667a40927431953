// life.ts: a timeline as one life: messages among deeds, each line a sentence. The states of one message are one line.
import {
  IconArrowBackUp, IconBan, IconBasket, IconBell, IconChecklist, IconClick, IconEye, IconForms, IconIdBadge2, IconLogin2, IconMail, IconMailOff, IconMailOpened, IconMessage, IconMessageOff, IconMessages, IconPackage, IconPencil, IconPoint,
  IconRoute, IconRouteOff, IconSearch, IconShieldCheck, IconStairs, IconTag, IconTicket, IconUsers, IconUsersGroup, IconWorld, type TablerIcon,
} from '@tabler/icons-react'
import { useMemo } from 'react'
import { masked } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { useVocabulary } from '~/predicate'
import { refusalName } from '~/messages/words'
import { entryName, exitName } from '../journey/verbs'
import { deedsWords, LINKS, MESSAGE_TITLES } from './deeds'

export type Ev = { id: string; event: string; occurred_at: string; received_at?: string; source?: string | null; properties: Record<string, unknown> }
export type Message = { id: string; journey: string | null; step: string | null; template: string; channel: string; status: string; reason: string; at: string; to?: string; history: { status: string; at: string; detail: string }[] }
export type Line = {
  id: string; at: string; icon: TablerIcon; title: string; note?: string | undefined; kind: 'deed' | 'message' | 'journey' | 'order' | 'quiet'
  held?: boolean; journey?: string | undefined; step?: string | undefined; message?: string | undefined; event?: Ev | undefined
}

const WAY = ['Planned', 'Deferred', 'Claimed', 'Sent', 'Delivered', 'Rejected', 'Bounced', 'Refused', 'Unknown', 'Expired', 'Cancelled'].map((x) => `Message ${x}`)
const HIDDEN = new Set(['Customer Identified', 'Fields Kept', 'Step Done', 'Webhook Called', 'Journey Requested', 'Coupon Expiring'])
const HELD = ['refused', 'bounced', 'rejected', 'expired', 'cancelled', 'unknown']
const s = (x: unknown): string => (typeof x === 'string' ? x : typeof x === 'number' || typeof x === 'boolean' ? String(x) : '')

export function useLines() {
  const t = useWords(deedsWords)
  const f = useFormat()
  const v = useVocabulary()
  return useMemo(() => {
    const label = (list: { value: string; label: string }[], id: string) => list.find((x) => x.value === id)?.label ?? id
    const money = (x: unknown) => (typeof x === 'number' ? f.money(x) : typeof x === 'string' && x !== '' && Number.isFinite(Number(x)) ? f.money(Number(x)) : '')
    const reason = (x: unknown) => (x === 'rule' ? t('byRule') : x === 'expired' ? t('expired') : x === 'import' ? t('fromList') : x === 'by hand' ? t('byHandReason') : s(x))
    const linked = (x: unknown) => { const key = LINKS[s(x)]; return key ? t(key) : s(x) }
    const left = (x: unknown) => (s(x) ? exitName(t.lang, s(x)) : '')
    const journeyNote = (j: unknown) => (s(j) ? t('byJourney', { name: label(v.journeys, s(j)) }) : '')
    const and = (...parts: string[]) => parts.filter(Boolean).join(t.lang === 'zh' ? '。' : '. ')
    const named = (channel: unknown, template: unknown) => ({ channel: s(channel) === 'email' && t.lang === 'en' ? 'Email' : v.channel(s(channel)), name: label(v.templates, s(template)) })
    const icon = (channel: string, off: boolean): TablerIcon => (channel === 'email' ? (off ? IconMailOff : IconMail) : off ? IconMessageOff : IconMessage)
    const value = (x: unknown): string => (typeof x === 'object' && x !== null ? JSON.stringify(x) : s(x))

    const ofMessage = (m: { id?: string; status: string; channel: unknown; template: unknown; reason?: unknown; journey?: unknown; step?: unknown; at: string; machine?: boolean }, id: string, event?: Ev): Line => ({
      id, at: m.at, kind: 'message', event, message: m.id, journey: s(m.journey) || undefined, step: s(m.step) || undefined, held: HELD.includes(m.status),
      icon: m.status === 'opened' ? IconMailOpened : m.status === 'clicked' ? IconClick : m.status === 'replied' ? IconMessages : icon(s(m.channel), HELD.includes(m.status)),
      title: t(MESSAGE_TITLES[m.status] ?? 'sent', named(m.channel, m.template)), note: and(HELD.includes(m.status) || m.status === 'deferred' ? refusalName(t.lang, s(m.reason)) : '', m.machine ? t('machine') : '', journeyNote(m.journey)) || undefined,
    })

    function ofEvent(e: Ev): Line | null {
      const p = e.properties ?? {}
      const line = (i: TablerIcon, title: string, note = '', kind: Line['kind'] = 'deed', more: Partial<Line> = {}): Line => ({ id: e.id, at: e.occurred_at, icon: i, title, note: note || undefined, kind, event: e, ...more })
      const what = s(p.product_name) || s(p.name) || s(p.title) || s(p.product_id)
      const coupon = s(p.code) || s(p.coupon)
      const journey = { journey: s(p.journey) || undefined, step: s(p.step) || undefined }
      const jname = label(v.journeys, s(p.journey))
      const channel = s(p.topic) ? `${v.channel(s(p.channel))} (${s(p.topic)})` : v.channel(s(p.channel))
      const model = v.stages.find((m) => m.id === s(p.name))?.stages ?? []
      if (HIDDEN.has(e.event)) return null
      if (e.event.startsWith('Message ') && p.message_id !== undefined) {
        return ofMessage({ id: s(p.message_id), status: e.event.slice(8).toLowerCase(), channel: p.channel, template: p.template, reason: p.reason, journey: p.journey, step: p.step, at: e.occurred_at, machine: p.machine === true }, e.id, e)
      }
      switch (e.event) {
        case 'Product Viewed': return line(IconEye, what ? t('viewed', { what }) : t('viewedAny'), money(p.price))
        case 'Product Added': return line(IconBasket, t('added', { what }), money(p.price))
        case 'Product Removed': return line(IconBasket, t('removed', { what }))
        case 'Order Completed': {
          const items = Array.isArray(p.products) ? (p.products as Record<string, unknown>[]) : []
          const names = items.map((x) => s(x.name) || s(x.product_name) || s(x.product_id)).filter(Boolean).slice(0, 3).join(t.lang === 'zh' ? '、' : ', ')
          const total = money(p.total) || money(p.revenue)
          return line(IconPackage, total ? t('ordered', { money: total }) : t('orderedAny'), items.length > 0 ? t('items', { n: items.length, names }) : '', 'order')
        }
        case 'Order Refunded': return line(IconArrowBackUp, money(p.total) ? t('refunded', { money: money(p.total) }) : t('refundedAny'), '', 'order')
        case 'Order Cancelled': return line(IconBan, t('cancelledOrder', { order: s(p.order_id) }), '', 'order')
        case 'Checkout Started': return line(IconBasket, t('checkout'), money(p.total))
        case 'Cart Viewed': return line(IconBasket, t('cart'))
        case 'Page Viewed': { const page = s(p.name) || s(p.title) || s(p.path) || s(p.url); return line(IconWorld, page ? t('page', { what: page }) : t('pageAny')) }
        case 'Screen Viewed': return line(IconWorld, t('screen', { what: s(p.name) }))
        case 'Products Searched': return line(IconSearch, t('searched', { what: s(p.query) }))
        case 'Logged In': return line(IconLogin2, t('login'))
        case 'Signed Up': case 'Registered': return line(IconIdBadge2, t('signup'))
        case 'Group Joined': return line(IconUsers, t('join'))
        case 'Coupon Granted': return line(IconTicket, t('couponGranted', { what: coupon }), journeyNote(p.journey))
        case 'Coupon Claimed': return line(IconTicket, t('couponClaimed', { what: coupon }))
        case 'Coupon Used': return line(IconTicket, t('couponUsed', { what: coupon }))
        case 'Coupon Expired': return line(IconTicket, t('couponExpired', { what: coupon }))
        case 'Coupon Rejected': return line(IconTicket, t('couponRejected', { what: coupon }), s(p.reason))
        case 'Form Submitted': return line(IconForms, t('form', { what: s(p.form) }))
        case 'Message Received': return line(IconMessages, t('wrote', { text: s(p.text) }), v.channel(s(p.channel)))
        case 'Consent Changed': return line(IconShieldCheck, t(p.new === true ? 'consentYes' : p.new === false ? 'consentNo' : 'consentNone', { channel }), and(reason(p.reason), s(p.text)), 'deed')
        case 'Tag Added': return line(IconTag, t('tagAdded', { tag: s(p.name) }), reason(p.reason), 'quiet')
        case 'Tag Removed': return line(IconTag, t('tagRemoved', { tag: s(p.name) }), reason(p.reason), 'quiet')
        case 'Stage Changed': return line(IconStairs, t('stage', { to: label(model, s(p.new)) }), p.old === undefined ? '' : t('stageFrom', { from: label(model, s(p.old)) }), 'quiet')
        case 'Level Changed': return line(IconStairs, t('level', { to: s(p.new) }), s(p.old) ? t('stageFrom', { from: s(p.old) }) : '', 'quiet')
        case 'Score Changed': return line(IconPoint, t('score', { name: label(v.scores, s(p.name)), value: s(p.value) }), journeyNote(p.journey), 'quiet')
        case 'Segment Entered': return line(IconUsersGroup, t('segmentIn', { name: label(v.segments, s(p.segment)) }), '', 'quiet')
        case 'Segment Left': return line(IconUsersGroup, t('segmentOut', { name: label(v.segments, s(p.segment)) }), '', 'quiet')
        case 'Address Suppressed': return line(IconBan, t('suppressed', { channel }), s(p.reason))
        case 'Address Released': return line(IconShieldCheck, t('released', { channel }))
        case 'Journey Entered': return line(IconRoute, t('entered', { name: jname }), '', 'journey', journey)
        case 'Journey Exited': return line(IconRoute, t('exited', { name: jname }), left(p.reason), 'journey', journey)
        case 'Journey Refused': return line(IconRouteOff, t('notEntered', { name: jname }), s(p.reason) && entryName(t.lang, s(p.reason)), 'journey', { ...journey, held: true })
        case 'Task Opened': return line(IconChecklist, s(p.owner) ? t('taskOpened', { owner: s(p.owner), kind: s(p.kind) }) : t('taskOpenedAny', { kind: s(p.kind) }), journeyNote(p.journey), 'journey', journey)
        case 'Task Done': return line(IconChecklist, t('taskDone', { outcome: s(p.outcome) }), and(s(p.text), s(p.by)), 'journey', journey)
        case 'Task Closed': return line(IconChecklist, t('taskClosed'), left(p.reason), 'quiet', journey)
        case 'Owner Notified': return line(IconBell, t('staff'), journeyNote(p.journey), 'quiet', journey)
        case 'Staff Notice': return line(IconBell, t(['refused', 'rejected', 'bounced', 'unknown', 'expired', 'cancelled'].includes(s(p.result)) ? 'staffNot' : p.result === 'sent' ? 'staffGot' : 'staff'), s(p.reason) && refusalName(t.lang, s(p.reason)), 'quiet', journey)
        case 'Customers Merged': return line(IconUsers, t('merged'), linked(p.reason))
        case 'Customers Unmerged': return line(IconUsers, t('unmerged'), linked(p.reason))
        case 'Customer Edited': return line(IconPencil, t('edited'), '', 'quiet')
        case 'Attribute Changed': return line(IconPencil, p.new === undefined || p.new === null ? t('attributeGone', { name: v.attribute(s(p.name)).label }) : t('attribute', { name: v.attribute(s(p.name)).label, to: value(p.new) }), p.old === undefined || p.old === null ? '' : t('attributeWas', { from: value(p.old) }), 'quiet')
        case 'Identifier Added': return line(IconIdBadge2, t('identifier', { space: v.attribute(s(p.namespace)).label, value: masked(s(p.namespace), s(p.value)) }), '', 'quiet')
        default: {
          if (e.event.startsWith('Points ')) return line(IconPoint, t('points', { value: s(p.value) }))
          const few = Object.entries(p).filter(([k, x]) => !k.startsWith('$') && typeof x !== 'object').slice(0, 3).map(([k, x]) => `${v.property(k, e.event).label}: ${s(x)}`)
          return line(IconPoint, t('other', { event: v.event(e.event) }), few.join(t.lang === 'zh' ? '，' : ', '))
        }
      }
    }

    /** Newest first; of a message's way only the furthest state, what the person did with it each. */
    const linesOf = (events: Ev[]): Line[] => {
      const seen = new Set<string>()
      const lines: Line[] = []
      for (const e of events) {
        const id = s(e.properties?.message_id)
        if (id && WAY.includes(e.event)) {
          if (seen.has(id)) continue
          seen.add(id)
        }
        const line = ofEvent(e)
        if (line) lines.push(line)
      }
      return lines
    }
    return { linesOf, ofMessage: (m: Message) => ofMessage(m, m.id), reason, label }
  }, [t, f, v])
}
