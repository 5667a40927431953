// icons.tsx: one icon for each kind of step and start.
import {
  IconArrowsSplit, IconBell, IconBrowser, IconCalendar, IconCheckbox, IconClock, IconDoorExit, IconFlag, IconForms, IconMail, IconMessage, IconMessages, IconPencil, IconRoute,
  IconShoppingBag, IconShoppingCart, IconSwitchHorizontal, IconTag, IconTicket, IconUserPlus, IconUsers, IconWebhook, type TablerIcon,
} from '@tabler/icons-react'
import { kindOf, type Step, type Trigger } from './model'

export function stepIcon(step: Step): TablerIcon {
  const kind = kindOf(step)
  if (kind === 'send') return step.send?.channel === 'email' ? IconMail : IconMessage
  const icons: Partial<Record<typeof kind, TablerIcon>> = {
    wait: IconClock, branch: IconArrowsSplit, split: IconSwitchHorizontal, tag: IconTag, untag: IconTag, set: IconPencil, stage: IconFlag, score: IconFlag, coupon: IconTicket, task: IconCheckbox,
    notify: IconBell, webhook: IconWebhook, enter: IconRoute, end: IconDoorExit, reach: IconMessages,
  }
  return icons[kind] ?? IconRoute
}

export function triggerIcon(t: Trigger): TablerIcon {
  if (t.event === 'Signed Up') return IconUserPlus
  if (t.event?.startsWith('Order')) return IconShoppingBag
  if (t.event?.startsWith('Product') || t.event?.startsWith('Cart') || t.event === 'Checkout Started') return IconShoppingCart
  if (t.date || t.schedule) return IconCalendar
  if (t.segment || t.stage) return IconUsers
  if (t.tag || t.attribute || t.score) return IconTag
  if (t.form) return IconForms
  if (t.inbound) return IconMessage
  return t.journey ? IconRoute : IconBrowser
}
export { IconDoorExit }

/** The icon in its box, as on every line of a journey. */
export function Glyph({ icon: I, start }: { icon: TablerIcon; start?: boolean }) {
  return <span className={`jr-glyph ${start ? 'start' : ''}`} aria-hidden><I size={16} stroke={1.75} /></span>
}
