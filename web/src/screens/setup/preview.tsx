// What arrives, for a real customer: every message of the playbook in turn, as it will be sent; and one really sent to oneself.
import { Popover, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, type Schemas } from '~/api/client'
import type { Preview, Shown } from '~/api/playbooks'
import { useSession } from '~/api/session'
import { type Lang, useText, useWords } from '~/i18n'
import { Button, ErrorNote, LinkButton, Loading, Note, Phone, Pick, useErrorText } from '~/parts'
import { Bubble, MailFrame } from '~/parts/message'
import { setupWords } from './words'

/** Sends this very message, with this customer's values, to oneself. `prepare` makes sure that its template is there; without
 *  it what is shown is sent as it is. */
export function SendToMe({ shown, prepare, customer, journey, language, connected = true }: { shown: Shown; language: Lang; prepare?: (() => Promise<string>) | undefined; customer?: string | undefined; journey?: string | undefined; connected?: boolean }) {
  const t = useWords(setupWords)
  const say = useErrorText()
  const text = useText()
  const client = useQueryClient()
  const session = useSession()
  const [asks, setAsks] = useState(false)
  const [to, setTo] = useState(shown.channel === 'email' ? (session?.user?.email ?? '') : '')
  const send = useMutation({
    mutationFn: async () => {
      const id = prepare ? await prepare() : journey
      const source: Schemas['template'] = { channel: shown.channel ?? 'email', ...(shown.subject ? { subject: shown.subject } : {}), ...(shown.html ? { html: shown.html } : {}), ...(shown.text ? { text: shown.text } : {}) }
      return api.post('/api/v1/templates/test-send', { body: { ...(id ? { template: shown.template, journey: id } : { source }), to, ...(customer ? { customer } : {}), language } })
    },
    onSuccess: () => { setAsks(false); void client.invalidateQueries({ queryKey: ['checks'] }) },
  })
  const press = () => (to ? send.mutate() : setAsks(true))
  const result = send.data
  const bad = send.error ? say(send.error) : result && result.status !== 'sent' ? text(result.message) || result.detail || result.status || '' : null
  // What the provider did not take, its settings mend; another address would not be taken either.
  const channelAtFault = !send.error && !!bad
  return (
    <>
      <Popover opened={asks} onChange={setAsks} position="bottom-end" width={300} trapFocus>
        <Popover.Target><Button small busy={send.isPending} disabled={!connected} title={connected ? undefined : t('connectFirst', { channel: shown.channel === 'sms' ? t('sms') : t('email') })} onClick={press}>{t('sendMe')}</Button></Popover.Target>
        <Popover.Dropdown>
          <form className="stack" style={{ padding: 12 }} onSubmit={(e: FormEvent) => { e.preventDefault(); send.mutate() }}>
            <TextInput label={t('sendTo')} required data-autofocus type={shown.channel === 'email' ? 'email' : 'tel'} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
            <Button primary type="submit" busy={send.isPending}>{t('sendNow')}</Button>
          </form>
        </Popover.Dropdown>
      </Popover>
      {(result || bad) && (
        <div className="su-sent" role="status">{bad ? <Note kind="bad" action={channelAtFault ? <LinkButton small to="/settings/channels">{t('channelFix')}</LinkButton> : <Button small onClick={() => setAsks(true)}>{t('other')}</Button>}>{t('sendFailed', { why: bad })}</Note> : <Note kind="good">{t('sentTo', { to: result?.to ?? to })}</Note>}</div>
      )}
    </>
  )
}

function Mail({ m }: { m: Shown }) {
  const text = useText()
  return (
    <div className="su-mail">
      <p className="when">{text(m.after)}</p>
      <div className="su-envelope"><p className="b">{m.subject}</p><MailFrame html={m.html ?? ''} subject={m.subject ?? ''} natural={400} height={352} /></div>
    </div>
  )
}

export function PreviewSide({ preview, error, retry, language, onLanguage, onCustomer, connected, prepare }: {
  preview: Preview | undefined; error: unknown; retry: () => void; language: Lang; onLanguage: (l: Lang) => void; onCustomer: (id: string) => void
  connected: (channel: string) => boolean; prepare?: (() => Promise<string>) | undefined
}) {
  const t = useWords(setupWords)
  const text = useText()
  const session = useSession()
  const [at, setAt] = useState(0)
  const list = preview?.messages ?? []
  const index = Math.min(at, Math.max(0, list.length - 1))
  const shown = list[index]
  const person = (shown?.customer as { id?: string; name?: string | null; to?: string | null } | null | undefined) ?? preview?.customers?.[0]
  const people = (preview?.customers ?? []).filter((c) => c.id)
  const name = (c: { name?: string | null; to?: string | null; id?: string } | undefined | null) => c?.name || c?.to || c?.id || t('nobody')
  // Texts of one channel stand in one chat; a mail has the glass for itself.
  const chat = shown && !shown.html ? list.filter((m) => !m.html) : []
  return (
    <aside className="su-r">
      <div className="su-prev">
        <span className="small muted">{t('asSeen')}</span>
        {people.length > 1 ? <Pick small label={t('asSeen')} value={person?.id ?? ''} onPick={onCustomer} choices={people.map((c) => ({ value: c.id ?? '', label: name(c) }))}>{name(person)}</Pick> : <b className="small clip">{name(person)}</b>}
        <span className="su-to">{shown && <SendToMe key={`${shown.channel}:${index}`} shown={shown} prepare={prepare} language={language} customer={person?.id} connected={connected(shown.channel ?? '')} />}</span>
      </div>
      {error && !preview ? <ErrorNote error={error} retry={retry} /> : !preview ? <Loading lines={6} /> : !shown ? <p className="muted">{t('noMessages')}</p> : (
        <>
          <Phone who={shown.html ? shown.from || session?.workspace.name : session?.workspace.name || shown.from}>
            {shown.html ? <Mail m={shown} /> : chat.map((m, i) => <div key={i} className="su-one"><p className="when">{text(m.after)}</p><Bubble text={m.sms?.text ?? m.text ?? ''} /></div>)}
          </Phone>
          <div className="su-turn">
            <button type="button" className="tool" aria-label={t('previous')} disabled={index === 0} onClick={() => setAt(index - 1)}><IconChevronLeft size={20} stroke={1.75} aria-hidden /></button>
            <span className="small dim num">{t('message', { n: index + 1, of: list.length })}</span>
            <button type="button" className="tool" aria-label={t('next')} disabled={index >= list.length - 1} onClick={() => setAt(index + 1)}><IconChevronRight size={20} stroke={1.75} aria-hidden /></button>
            <Pick<Lang> small label={t('writtenIn')} value={language} onPick={onLanguage} choices={[{ value: 'zh', label: t('zh') }, { value: 'en', label: t('en') }]} />
          </div>
          {(shown.stand_ins ?? []).length > 0 && <p className="small dim su-stand">{t('standIns')}</p>}
        </>
      )}
    </aside>
  )
}
