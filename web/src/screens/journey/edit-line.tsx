// edit-line.tsx: one step as a sentence whose words are buttons.
import { type ReactNode } from 'react'
import { useSession } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { plainText } from '~/messages/plain'
import { Pick } from '~/parts'
import { channelsIn } from './edit-fields'
import type { Stock } from './edit-kinds'
import { editWords } from './edit-words'
import { type Journey, kindOf, type Step } from './model'
import { bold, type Say } from './say'
import { sayWords } from './say-words'
import { channelName, channelTitle } from './verbs'

/** A sentence with holes: {what} stands for the element of that name. */
export function holes(pattern: string, parts: Record<string, ReactNode>): ReactNode[] {
  return pattern.replace(/<\/?b>/g, '').split(/(\{\w+\})/).filter(Boolean).map((piece, i) => {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1]
    return <span key={i}>{name ? parts[name] : piece}</span>
  })
}
const times = (list: string[], now: string | undefined, say: Say) => [...new Set([...list, ...(now ? [now] : [])])].map((value) => ({ value, label: say.time(value) }))

export function StepLine({ step, onChange, journey, stock, say, details }: { step: Step; onChange: (s: Step) => void; journey: Journey; stock: Stock; say: Say; details: () => void }) {
  const t = useWords(editWords)
  const text = useText()
  const session = useSession()
  const words = sayWords[say.lang]
  const more = { label: t('other'), onClick: details }
  const kind = kindOf(step)
  if (kind === 'wait' && step.wait?.for) {
    const pick = <Pick value={step.wait.for} label={`${t('fNumber')}: ${say.time(step.wait.for)}`} choices={times(['5m', '30m', '1h', '3h', '1d', '3d', '7d'], step.wait.for, say)} onPick={(v) => onChange({ ...step, wait: { for: v } })} custom={more}>{say.time(step.wait.for)}</Pick>
    return <>{holes(words.wait_for, { time: pick })}</>
  }
  if (kind === 'wait' && step.wait?.until_time) {
    const w = step.wait
    const pick = <Pick value={w.until_time as string} label={`${t('fAt')}: ${w.until_time}`} choices={[...new Set(['09:00', '10:00', '12:00', '14:00', '18:00', '20:00', w.until_time as string])].sort().map((value) => ({ value, label: value }))} onPick={(v) => onChange({ ...step, wait: { ...w, until_time: v } })} custom={more}>{w.until_time}</Pick>
    return <>{holes(words.wait_time, { at: pick })}</>
  }
  if (kind === 'send' && step.send) {
    const send = step.send
    const of = (channel: string) => stock.templates.filter((x) => x.channel === channel)
    const label = (x: Stock['templates'][number]) => plainText(text(x.name) || text(x.subject) || text(x.text), say.lang, session?.workspace.name).slice(0, 60) || x.id
    const chosen = stock.templates.find((x) => x.id === send.template)
    const channel = <Pick value={send.channel} label={`${t('fChannel')}: ${channelTitle(say.lang, send.channel)}`} choices={channelsIn(stock).filter((c) => of(c).length).map((c) => ({ value: c, label: channelTitle(say.lang, c) }))} onPick={(c) => onChange({ ...step, send: { ...send, channel: c, template: of(c)[0]?.id ?? send.template } })}>{channelName(say.lang, send.channel)}</Pick>
    const what = <Pick value={send.template} warn={!chosen} label={`${t('fTemplate')}: ${chosen ? label(chosen) : send.template}`} choices={of(send.channel).map((x) => ({ value: x.id, label: label(x) }))} onPick={(x) => onChange({ ...step, send: { ...send, template: x } })} custom={more}>{chosen ? label(chosen) : send.template}</Pick>
    return <>{holes(words.send, { channel, what })}{send.if && <span className="muted">{holes(words.send_if, { cond: say.predicate(send.if, 'many') })}</span>}</>
  }
  if (kind === 'coupon') {
    const pick = <Pick value={step.coupon ?? ''} label={`${t('fCoupon')}: ${text(stock.coupons.find((c) => c.id === step.coupon)?.name, step.coupon)}`} choices={stock.coupons.map((c) => ({ value: c.id, label: text(c.name, c.id) }))} onPick={(c) => onChange({ ...step, coupon: c })}>{text(stock.coupons.find((c) => c.id === step.coupon)?.name, step.coupon)}</Pick>
    return <>{holes(words.coupon, { what: pick })}</>
  }
  if (kind === 'enter') {
    const now = text(stock.journeys.find((j) => j.id === step.enter)?.name, step.enter)
    return <>{holes(words.enter, { what: <Pick value={step.enter ?? ''} label={`${t('fJourney')}: ${now}`} choices={stock.journeys.filter((j) => j.id !== journey.id).map((j) => ({ value: j.id, label: text(j.name, j.id) }))} onPick={(x) => onChange({ ...step, enter: x })}>{now}</Pick> })}</>
  }
  const said = say.step(step)
  return <>{bold(said)} {kind !== 'branch' && <button type="button" className="pick sm" onClick={details}>{t('change')}</button>}</>
}
