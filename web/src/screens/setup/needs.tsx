// What is missing, answered here: a column of a file, a form, a channel, a line for the shop's pages. One is open at a time.
import { IconCircle, IconCircleCheck } from '@tabler/icons-react'
import { useState } from 'react'
import type { Need, Playbook } from '~/api/playbooks'
import { BringFile } from '~/bring/file'
import { BringForm } from '~/bring/form'
import { BringSite } from '~/bring/site'
import { ConnectChannel } from '~/channels/connect'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button } from '~/parts'
import { useSession } from '~/api/session'
import { setupWords } from './words'

const keyOf = (n: Need) => `${n.what}:${n.name}`
type Props = { need: Need; playbook: Playbook; channels: string[]; onMail?: (() => void) | undefined }

function Channel({ need, playbook, onMail }: Props) {
  const t = useWords(setupWords)
  const session = useSession()
  const channel = need.name === 'sms' || need.name === 'email' ? need.name : (need.name ?? 'email')
  const email = session?.user?.email
  const defaults: Record<string, string> = channel === 'email' && email && session?.workspace.name ? { from: `${session.workspace.name} <${email}>` } : {}
  return (
    <div className="stack">
      <ConnectChannel plain key={channel} channel={channel} defaults={defaults} onDone={() => {}} />
      {channel !== 'email' && onMail && (playbook.channels ?? []).includes('email') && (
        <p className="muted small">{t('orMail', { channel: channel === 'sms' ? t('sms') : channel })}{' '}<button type="button" className="link" onClick={onMail}>{t('useMail')}</button></p>
      )}
    </div>
  )
}

function Answer(props: Props) {
  const t = useWords(setupWords)
  const { need, channels, playbook } = props
  const [way, setWay] = useState<'file' | 'form'>(need.fix === 'form' ? 'form' : 'file')
  if (need.fix === 'channel' || need.what === 'channel') return <Channel {...props} />
  if (need.fix === 'snippet' || need.what === 'event' || need.what === 'property') {
    const event = need.what === 'event' ? need.name : playbook.needs?.find((n) => n.what === 'event')?.name
    const properties = (playbook.needs ?? []).filter((n) => n.what === 'property').map((n) => n.name ?? '')
    const also = properties.length ? (playbook.questions ?? []).filter((q) => q.type === 'event' && q.default !== event).map((q) => String(q.default)) : []
    return <BringSite event={event} properties={properties} also={also} seen={need.met ?? false} />
  }
  const attribute = need.what === 'attribute' ? need.name : undefined
  return (
    <div className="stack">
      {need.what === 'consent' && <p className="muted small">{t('consentHow')}</p>}
      {way === 'form' && attribute ? <BringForm attribute={attribute} words={need.words} type={/birth|expire|date|_on$|生日|日期/.test(attribute) ? 'date' : 'text'} /> : <BringFile wanted={attribute} channels={channels} />}
      {attribute && <p><button type="button" className="link" onClick={() => setWay((w) => (w === 'file' ? 'form' : 'file'))}>{t(way === 'file' ? 'orForm' : 'orFile')}</button></p>}
    </div>
  )
}

/** `items`: all needs that count with these answers. */
export function Needs({ items, playbook, channels, onMail }: { items: Need[]; playbook: Playbook; channels: string[]; onMail?: (() => void) | undefined }) {
  const t = useWords(setupWords)
  const text = useText()
  const f = useFormat()
  const [later, setLater] = useState<string[]>([])
  const [chosen, setChosen] = useState<string>()
  const missing = items.filter((n) => !n.met)
  // What was missing when the page opened keeps its line, ticked; the rest needs no words.
  const [asked] = useState(() => new Set(missing.map(keyOf)))
  for (const n of missing) asked.add(keyOf(n))
  const shown = items.filter((n) => asked.has(keyOf(n)))
  const open = chosen && missing.some((n) => keyOf(n) === chosen) ? chosen : missing.map(keyOf).find((k) => !later.includes(k))
  if (!shown.length) return null
  const line = (n: Need) => {
    if (typeof n.customers === 'number' && typeof n.of === 'number' && n.of > 0) return n.customers ? t('haveIt', { n: f.number(n.customers), of: f.number(n.of) }) : t('nobodyYet')
    return n.what === 'event' || n.what === 'property' ? t('never') : ''
  }
  const word = { map_column: 'show', form: 'showForm', channel: 'showChannel', snippet: 'showSnippet' } as const
  return (
    <div className="su-blk su-needs">
      <span className="k">{t('needs')}</span>
      <ul>
        {shown.map((n) => {
          const key = keyOf(n)
          const I = n.met ? IconCircleCheck : IconCircle
          const on = !n.met && key === open
          return (
            <li key={key} data-need={key} className={n.met ? 'met' : on ? 'on' : ''}>
              <div className="su-need">
                <I size={20} stroke={1.75} aria-hidden className={n.met ? 'su-ok' : 'su-open'} />
                <span className="grow"><span className={on ? 'b' : ''}>{text(n.words, n.name)}</span>{!n.met && line(n) && <span className="small dim"> · {line(n)}</span>}<span className="sr">{n.met ? t('done') : ''}</span></span>
                {!n.met && (on ? <Button small plain onClick={() => { setChosen(undefined); setLater((l) => [...l, key]) }}>{t('later')}</Button>
                  : <Button small onClick={() => { setChosen(key); setLater((l) => l.filter((x) => x !== key)) }}>{t(word[n.fix ?? 'map_column'])}</Button>)}
              </div>
              {on && <div className="su-answer"><Answer need={n} playbook={playbook} channels={channels} onMail={onMail} /></div>}
            </li>
          )
        })}
      </ul>
    </div>
  )
}
