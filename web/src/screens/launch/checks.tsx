// The check list: what is open comes first, and is repaired where it stands.
import { TextInput } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle, IconInfoCircle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '~/api/client'
import { useSession } from '~/api/session'
import { BringFile } from '~/bring/file'
import { ConnectChannel } from '~/channels/connect'
import { useText, useWords } from '~/i18n'
import { Button, LinkButton, Note, useErrorText } from '~/parts'
import { type Check, type Journey, sends } from './data'
import { launchWords } from './words'

const ORDER = { error: 0, warning: 1, info: 2, ok: 3 } as const
const LOOK = { error: [IconExclamationCircle, 'bad'], warning: [IconAlertTriangle, 'wa'], info: [IconInfoCircle, 'in'], ok: [IconCircleCheck, 'ok'] } as const

/** Every message of the journey once, to oneself. */
function TestAll({ journey }: { journey: Journey }) {
  const t = useWords(launchWords)
  const say = useErrorText()
  const text = useText()
  const client = useQueryClient()
  const session = useSession()
  const all = [...new Map(sends(journey.steps).map((s) => [s.template, s])).values()]
  const [phone, setPhone] = useState('')
  const [asks, setAsks] = useState(false)
  const email = session?.user?.email ?? ''
  const [address, setAddress] = useState(email)
  const needsPhone = all.some((s) => s.channel === 'sms')
  const needsMail = all.some((s) => s.channel === 'email') && !email
  const test = useMutation({
    mutationFn: async () => {
      for (const s of all) {
        const r = await api.post('/api/v1/templates/test-send', { body: { template: s.template, to: s.channel === 'email' ? address : phone, journey: journey.id, language: t.lang } })
        if (r.status !== 'sent') throw new Error(text(r.message) || r.detail || r.status || '')
      }
      return all.length
    },
    onSuccess: () => setAsks(false),
    onSettled: () => void client.invalidateQueries({ queryKey: ['checks'] }),
  })
  const why = test.error ? (test.error.constructor === Error ? test.error.message : say(test.error)) : ''
  return (
    <div className="la-test">
      {!asks && <Button small busy={test.isPending} onClick={() => (needsPhone || needsMail ? setAsks(true) : test.mutate())}>{t(test.isPending ? 'testing' : 'test')}</Button>}
      {asks && (
        <form className="la-ask" onSubmit={(e) => { e.preventDefault(); test.mutate() }}>
          {needsMail && <TextInput aria-label={t('email')} placeholder="you@example.com" type="email" required value={address} onChange={(e) => setAddress(e.currentTarget.value)} />}
          {needsPhone && <TextInput aria-label={t('testTo')} placeholder={t('testTo')} type="tel" required autoFocus value={phone} onChange={(e) => setPhone(e.currentTarget.value)} />}
          <Button small type="submit" busy={test.isPending}>{t('send')}</Button>
        </form>
      )}
      <span role="status" className="small">{test.data ? t('tested', { to: address || phone, n: test.data }) : why ? <span className="la-bad">{t('testFailed', { why })}</span> : ''}</span>
    </div>
  )
}

/** Buttons of a message lead somewhere: the shop's address, asked for where it is missing. */
function Website() {
  const t = useWords(launchWords)
  const say = useErrorText()
  const client = useQueryClient()
  const [url, setUrl] = useState('')
  const save = useMutation({ mutationFn: () => api.patch('/api/v1/settings', { body: { url: /^https?:/.test(url) ? url.trim() : `https://${url.trim()}` } }), onSuccess: () => void client.invalidateQueries() })
  return (
    <form className="la-ask" onSubmit={(e) => { e.preventDefault(); save.mutate() }}>
      <TextInput aria-label={t('site')} placeholder={t('site')} required autoComplete="url" value={url} onChange={(e) => setUrl(e.currentTarget.value)} error={save.error ? say(save.error) : undefined} />
      <Button small type="submit" busy={save.isPending}>{t('keep')}</Button>
    </form>
  )
}

function Fix({ check, journey, open, toggle }: { check: Check; journey: Journey; open: boolean; toggle: () => void }) {
  const t = useWords(launchWords)
  const text = useText()
  const session = useSession()
  const at = encodeURIComponent(journey.id)
  const fix = check.fix
  if (check.code === 'links' && check.severity === 'error' && !session?.workspace.url) return <Website />
  switch (fix?.action) {
    case 'test_send': return <TestAll journey={journey} />
    case 'connect_channel': return <Button small onClick={toggle}>{open ? t('close') : text(fix.words) || t('connect')}</Button>
    case 'map_column': return <Button small onClick={toggle}>{open ? t('close') : text(fix.words) || t('bring')}</Button>
    case 'open_template': return <LinkButton small to={`/content/templates/${encodeURIComponent(fix.object ?? '')}`}>{text(fix.words) || t('template')}</LinkButton>
    case 'open_step': return <LinkButton small to={`/journeys/${at}/edit`}>{text(fix.words) || t('edit')}</LinkButton>
    case 'open_policies': return <LinkButton small to="/settings/rules">{text(fix.words) || t('rules')}</LinkButton>
    default: return <span className="st la-word">{t(check.severity === 'ok' ? 'ok' : check.severity === 'info' ? 'note' : (check.severity ?? 'ok'))}</span>
  }
}

export function CheckList({ checks, journey }: { checks: Check[]; journey: Journey }) {
  const text = useText()
  const session = useSession()
  const [open, setOpen] = useState<string>()
  const sorted = checks.map((c, i) => ({ c, i })).sort((a, b) => ORDER[a.c.severity ?? 'ok'] - ORDER[b.c.severity ?? 'ok'] || a.i - b.i)
  const email = session?.user?.email
  const defaults: Record<string, string> = email && session.workspace.name ? { from: `${session.workspace.name} <${email}>` } : {}
  return (
    <section className="card la-list">
      <ul>
        {sorted.map(({ c, i }) => {
          const [I, tone] = LOOK[c.severity ?? 'ok']
          const key = `${c.code}:${i}`
          // What stands in the way and can be repaired here is open already.
          const opened = open === key || (open === undefined && c.severity === 'error' && c.fix?.action === 'connect_channel' && sorted.find((x) => x.c.severity === 'error')?.i === i)
          return (
            <li key={key} className="la-ck" data-check={c.code} data-severity={c.severity}>
              <span className={`la-i ${tone}`}><I size={24} stroke={1.75} aria-hidden /></span>
              <div className="la-say"><b>{text(c.title)}</b><div className="muted">{text(c.words)}</div></div>
              <Fix check={c} journey={journey} open={opened} toggle={() => setOpen(opened ? '' : key)} />
              {opened && c.fix && (
                <div className="la-in">
                  {c.fix.action === 'connect_channel' ? <ConnectChannel plain channel={c.fix.object ?? 'email'} defaults={defaults} onDone={() => setOpen(undefined)} /> : <BringFile wanted={c.fix.object} onDone={() => setOpen(undefined)} />}
                </div>
              )}
            </li>
          )
        })}
        {!sorted.length && <li className="la-ck"><Note>—</Note></li>}
      </ul>
    </section>
  )
}
