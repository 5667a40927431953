// say.tsx: a journey in words, as text or with what matters in bold. The words of customers and shops are put in as they
// are: never read as markup.
import { createElement, Fragment, type ReactNode, useMemo } from 'react'
import { say as sayText, useLang, type Values } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { type Arm, duration, type Journey, kindOf, type Owner, type Predicate, type Step, type Trigger } from './model'
import type { Names } from './names'
import { sayWords } from './say-words'
import { nameWords } from '~/predicate/lexicon'
import { channelName, type Form, taskName, verb } from './verbs'

type Key = keyof typeof sayWords.en
/** A piece of a sentence: plain, or strong. */
type Piece = { text: string; strong: boolean }
export type Said = Piece[]

export const plain = (said: Said) => said.map((p) => p.text).join('')
export const bold = (said: Said): ReactNode => createElement(Fragment, null, ...said.map((p) => (p.strong ? createElement('b', null, p.text) : p.text)))

const OPS: Record<string, Key> = { '>=': 'op_ge', '<=': 'op_le', '>': 'op_gt', '<': 'op_lt', '=': 'op_eq', '!=': 'op_ne', in: 'op_in', not_in: 'op_not_in', has_any: 'op_in', contains: 'op_contains', between: 'op_between' }
const str = (v: unknown): string => (Array.isArray(v) ? v.map(str).join(', ') : typeof v === 'object' && v !== null ? JSON.stringify(v) : String(v ?? ''))

export type Say = ReturnType<typeof sayer>
export function sayer(lang: 'zh' | 'en', names: Names, f: ReturnType<typeof useFormat>) {
  const t = (key: Key, values?: Values): Said =>
    sayWords[lang][key].split(/(<b>[^]*?<\/b>)/).filter(Boolean).map((part) => {
      const strong = part.startsWith('<b>')
      return { strong, text: sayText(lang, strong ? part.slice(3, -4) : part, values) }
    })
  const s = (key: Key, values?: Values) => plain(t(key, values))

  /** What a field is called: "birthday", 生日. */
  const field = (name: unknown): string => nameWords(str(name), lang) || str(name)
  const time = (text: string | undefined): string => {
    const d = duration(text)
    return d ? s(`unit_${d.unit}` as Key, { n: Math.abs(d.n) }) : (text ?? '')
  }
  const op = (o: unknown) => (OPS[str(o)] ? s(OPS[str(o)] as Key) : str(o))
  const where = (p: Predicate): string => {
    if (Array.isArray(p.all)) return (p.all as Predicate[]).map(where).join(s('and'))
    if (Array.isArray(p.any)) return (p.any as Predicate[]).map(where).join(s('or'))
    if (p.property) return s('p_property', { what: field(p.property), op: op(p.op), value: str(p.value) })
    return s('p_other')
  }
  const did = (p: Predicate, form: Form): string => {
    const event = verb(lang, str(p.did), form)
    const count = p.count as { op?: string; value?: number } | undefined
    return (count ? s('p_did_count', { verb: event, op: op(count.op), n: count.value ?? 0 }) : s('p_did', { verb: event })) +
      (p.where ? s('p_where', { cond: where(p.where as Predicate) }) : '') +
      (p.within === 'session' ? s('p_session') : p.within ? s('p_within', { time: time(str(p.within)) }) : '') + (p.since === 'entry' ? s('p_since') : '')
  }
  const message = (p: Predicate): string => {
    const what = typeof p.message === 'string' ? names.message(p.message) : names.template(str((p.messages as Predicate).template ?? '')) || names.journey(str((p.messages as Predicate).journey ?? ''))
    const key = `p_message_${str(p.status ?? 'sent')}`
    return key in sayWords.en ? s(key as Key, { what }) : s('p_message_other', { what, status: str(p.status) })
  }
  const attribute = (p: Predicate): string => {
    const what = field(p.attribute)
    if (p.op === 'exists') return s('p_exists', { what })
    if (p.op === 'missing') return s('p_missing', { what })
    return s('p_attribute', { what, op: op(p.op), value: str(p.value) })
  }
  const date = (p: Predicate): string => {
    const what = field(p.date)
    if (Array.isArray(p.in)) return s('p_date_range', { what, time: time(str(p.in[0])), until: time(str(p.in[1])) })
    return duration(str(p.in))?.n ? s('p_date', { what, time: time(str(p.in)) }) : s('p_date_today', { what })
  }
  const not = (p: Predicate, form: Form): string => {
    if (p.did) return s('p_not_did', { verb: did(p, lang === 'zh' ? form : 'many') })
    if (p.tag) return s('p_not_tag', { what: str(p.tag) })
    if (p.segment) return s('p_not_segment', { what: names.segment(str(p.segment)) })
    return s('p_not', { cond: predicate(p, form) })
  }
  /** "ordered", "have the tag …": what stands behind "those who". */
  function predicate(p: Predicate | undefined, form: Form = 'past'): string {
    if (!p) return s('p_all')
    if (Array.isArray(p.all)) return p.all.length ? (p.all as Predicate[]).map((x) => predicate(x, form)).join(s('and')) : s('p_all')
    if (Array.isArray(p.any)) return (p.any as Predicate[]).map((x) => predicate(x, form)).join(s('or'))
    if (p.not) return not(p.not as Predicate, form)
    if (p.did) return did(p, form)
    if (p.message || p.messages) return message(p)
    if (p.step) return `p_${str(p.result)}` in sayWords.en ? s(`p_${str(p.result)}` as Key) : s('p_other')
    if (p.task) return s('p_task', { what: str(p.outcome) })
    if (p.tag) return s('p_tag', { what: str(p.tag) })
    if (p.segment) return s('p_segment', { what: names.segment(str(p.segment)) })
    if (p.attribute) return attribute(p)
    if (p.date) return date(p)
    if (p.consent) return s(p.is === false ? 'p_consent_no' : 'p_consent', { channel: channelName(lang, str(p.consent)) })
    if (p.reachable) return s('p_reachable', { channel: channelName(lang, str(p.reachable)) })
    if (p.stage) return s('p_stage', { what: str(p.stage) })
    if (p.score) return s('p_score', { what: str(p.score), op: op(p.op), n: Number(p.value ?? 0) })
    if (p.trigger) { const x = p.trigger as Predicate; return s('p_trigger', { what: field(x.property), op: op(x.op ?? p.op), value: str(x.value ?? p.value) }) }
    return s('p_other')
  }

  const cron = (text: string): Said => {
    const [minute, hour, day, month, week] = text.trim().split(/\s+/)
    if (!/^\d+$/.test(minute ?? '') || !/^\d+$/.test(hour ?? '') || month !== '*') return t('t_cron', { cron: text })
    const at = `${hour?.padStart(2, '0')}:${minute?.padStart(2, '0')}`
    if (day === '*' && week === '*') return t('t_daily', { at })
    if (day === '*' && /^(mon-fri|1-5)$/i.test(week ?? '')) return t('t_weekly', { days: s('workdays'), at })
    const names3 = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
    const one = names3.includes((week ?? '').toLowerCase()) ? names3.indexOf((week ?? '').toLowerCase()) : /^[0-7]$/.test(week ?? '') ? Number(week) % 7 : -1
    if (day === '*' && one >= 0) return t('t_weekly', { days: s(`day_${one}` as Key), at })
    if (/^\d+$/.test(day ?? '') && week === '*') return t('t_monthly', { day, at })
    return t('t_cron', { cron: text })
  }
  const onDate = (x: Trigger): Said => {
    const at = x.at ?? '09:00'
    const what = field(x.date ?? '')
    const off = duration(x.offset)
    if (x.repeat_until && off) return t('t_date_range', { what, at, time: time(x.offset), until: time(x.repeat_until) })
    return off?.n ? t(off.n < 0 ? 't_date_before' : 't_date_after', { what, at, time: time(x.offset) }) : t('t_date', { what, at })
  }
  const trigger = (x: Trigger): Said => {
    if (x.event) return [...t('t_event', { what: verb(lang, x.event, 'one') }), ...(x.where ? t('t_where', { cond: where(x.where) }) : [])]
    if (x.segment) return t(x.on === 'leave' ? 't_segment_leave' : 't_segment_enter', { what: names.segment(x.segment) })
    if (x.attribute) return x.to !== undefined ? t('t_attribute_to', { what: field(x.attribute), to: str(x.to) }) : t('t_attribute', { what: field(x.attribute) })
    if (x.tag) return t(x.on === 'removed' ? 't_tag_removed' : 't_tag_added', { what: x.tag })
    if (x.stage) return t('t_stage', { what: x.stage })
    if (x.score) return t('t_score', { what: x.score, n: x.value ?? 0 })
    if (x.date) return onDate(x)
    if (x.schedule) return x.schedule.cron ? cron(x.schedule.cron) : t('t_at', { when: x.schedule.at ? f.dateTime(x.schedule.at) : '' })
    if (x.api) return t('t_api', { what: x.api })
    if (x.form) return t('t_form', { what: x.form })
    if (x.inbound) return t(x.inbound.keyword ? 't_inbound' : 't_inbound_any', { what: x.inbound.keyword ?? '', channel: channelName(lang, x.inbound.channel ?? 'sms') })
    return t(x.journey ? 't_journey' : 't_none')
  }

  const owner = (o: Owner | undefined): string =>
    !o ? s('owner_none') : typeof o === 'string' ? o : 'attribute' in o ? s('owner_attribute', { what: field(o.attribute) }) : s('owner_turn', { names: o.round_robin.join(lang === 'zh' ? '、' : ', ') })
  const wait = (step: Step): Said => {
    const w = step.wait ?? {}
    const at = w.at ?? '09:00'
    const most = w.timeout ? t('wait_timeout', { time: time(w.timeout) }) : []
    const off = duration(w.offset)
    if (w.for) return t('wait_for', { time: time(w.for) })
    if (w.until_time) return t('wait_time', { at: w.until_time })
    if (w.until_date) return off?.n ? t(off.n < 0 ? 'wait_date_before' : 'wait_date_after', { what: field(w.until_date), time: time(w.offset), at }) : t('wait_date', { what: field(w.until_date), at })
    if (w.until) return [...t('wait_until', { cond: predicate(w.until, 'many') }), ...most]
    if (w.until_segment) return [...t('wait_segment', { what: names.segment(w.until_segment) }), ...most]
    return t('wait_none')
  }
  const set = (step: Step): Said =>
    Object.entries(step.set ?? {}).flatMap(([what, to], i) => [...(i ? t('join') : []), ...(to === null ? t('unset', { what: field(what) }) : t('set', { what: field(what), to: str(to) }))])
  const step = (x: Step): Said => {
    switch (kindOf(x)) {
      case 'wait': return wait(x)
      case 'send': return [...t('send', { channel: channelName(lang, x.send?.channel ?? ''), what: names.template(x.send?.template) }), ...(x.send?.if ? t('send_if', { cond: predicate(x.send.if, 'many') }) : [])]
      case 'reach': return t('reach', { channels: (x.reach?.try ?? []).map((c) => channelName(lang, c)).join(lang === 'zh' ? '、' : ', '), what: names.template(x.reach?.template) })
      case 'branch': return t('branch')
      case 'split': return t('split')
      case 'tag': return [...t('tag', { what: x.tag ?? '' }), ...(x.expires ? t('tag_for', { time: time(x.expires) }) : [])]
      case 'untag': return t('untag', { what: x.untag ?? '' })
      case 'set': return set(x)
      case 'stage': return t('stage', { what: x.stage ?? '' })
      case 'score': { const [what = '', n = 0] = Object.entries(x.score ?? {})[0] ?? []; return t('score', { what, n }) }
      case 'coupon': return t('coupon', { what: names.coupon(x.coupon) })
      case 'task': return [...t('task', { owner: owner(x.task?.owner), what: lang === 'en' ? taskName(lang, x.task?.kind ?? '').toLowerCase() : taskName(lang, x.task?.kind ?? '') }), ...(x.task?.due ? t('task_due', { time: time(x.task.due) }) : [])]
      case 'notify': return t('notify', { owner: owner(x.notify?.to), channel: channelName(lang, x.notify?.channel ?? ''), what: names.template(x.notify?.template) })
      case 'webhook': return t('webhook', { what: x.webhook?.endpoint ?? '' })
      case 'enter': return t('enter', { what: names.journey(x.enter) })
      case 'end': return t('end')
      default: return t('other')
    }
  }
  const arm = (a: Arm): Said => (a.percent !== undefined ? t('percent', { n: a.percent }) : a.if ? t('if', { cond: predicate(a.if) }) : t('else'))
  const again = (j: Journey): string => {
    const a = j.entry?.again ?? 'after_exit'
    if (typeof a === 'object') return a.after ? s('again_after', { time: time(a.after) }) : s('again_per_key', { what: field(j.trigger.key ?? '') })
    return s(`again_${a}` as Key, { what: field(j.trigger.key ?? '') })
  }
  const exits = (j: Journey): Said => ((j.exit ?? []).length ? t('exit', { cond: (j.exit ?? []).map((p) => predicate(p, 'many')).join(s('or')) }) : [])
  const goal = (j: Journey): Said => {
    if (!j.goal) return t('goal_none')
    const { within, target, ...rest } = j.goal
    return [...t('goal', { cond: predicate(rest, 'many') }), ...(within ? t('goal_within', { time: time(within) }) : []), ...(target ? t('goal_target', { share: f.share(target) }) : [])]
  }
  const who = (j: Journey): string => (j.entry?.if ? s('who_if', { cond: predicate(j.entry.if) }) : s('who_all'))
  return { t, s, time, predicate, trigger, step, arm, again, exits, goal, who, owner, lang }
}

export function useSay(names: Names): Say {
  const { lang } = useLang()
  const f = useFormat()
  return useMemo(() => sayer(lang, names, f), [lang, names, f])
}
