// A journey in five little pictures: what starts it, then its steps.
import {
  IconAdjustments, IconArrowsSplit2, IconBell, IconBrandWechat, IconCake, IconCalendarEvent, IconCalendarRepeat, IconClock, IconEye, IconGift, IconHeart, IconLogin2, IconMail, IconMessage2, IconMoon, IconPackage,
  IconPhone, IconReceipt, IconShoppingCart, IconStar, IconTag, IconTicket, IconUserHeart, IconUserPlus, IconUsers, IconWebhook, type TablerIcon,
} from '@tabler/icons-react'
import { type Text, useText } from '~/i18n'

const ICONS: Record<string, TablerIcon> = {
  cart: IconShoppingCart, 'shopping-cart': IconShoppingCart, clock: IconClock, wait: IconClock, mail: IconMail, email: IconMail, message: IconMessage2, sms: IconMessage2, send: IconMessage2, coupon: IconTicket, ticket: IconTicket,
  gift: IconGift, cake: IconCake, birthday: IconCake, calendar: IconCalendarEvent, date: IconCalendarEvent, renewal: IconCalendarRepeat, 'calendar-repeat': IconCalendarRepeat, moon: IconMoon, silent: IconMoon, box: IconPackage, package: IconPackage, star: IconStar, tag: IconTag,
  task: IconPhone, phone: IconPhone, call: IconPhone, notify: IconBell, bell: IconBell, branch: IconArrowsSplit2, split: IconArrowsSplit2, user: IconUserHeart, 'user-plus': IconUserPlus, 'user-heart': IconUserHeart, signup: IconUserHeart,
  order: IconReceipt, receipt: IconReceipt, login: IconLogin2, view: IconEye, eye: IconEye, wechat: IconBrandWechat, wecom: IconBrandWechat, segment: IconUsers, users: IconUsers, heart: IconHeart, set: IconAdjustments, update: IconAdjustments, webhook: IconWebhook,
}
export type FlowStep = { kind?: string; icon?: string; words?: Text }

export function Flow({ steps }: { steps: FlowStep[] }) {
  const text = useText()
  const shown = steps.slice(0, 6)
  const label = steps.map((s) => text(s.words)).filter(Boolean).join(' → ')
  return (
    <div className="flow" {...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true })}>
      {shown.map((s, i) => {
        const I = ICONS[s.icon ?? ''] ?? ICONS[s.kind ?? ''] ?? (i === 0 ? IconUserHeart : IconMessage2)
        return (
          <span key={i} className="flow-part">
            {i > 0 && <u />}
            <span className={i === 0 ? 'flow-i first' : 'flow-i'} title={text(s.words)}><I size={20} stroke={1.75} aria-hidden /></span>
          </span>
        )
      })}
    </div>
  )
}
