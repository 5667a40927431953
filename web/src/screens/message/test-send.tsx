// A test: really sent through the channel, counted nowhere.
import { Modal, TextInput } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, Problem, type Schemas } from '~/api/client'
import { useSession } from '~/api/session'
import type { Lang } from '~/i18n'
import { useWords } from '~/i18n'
import { Button, LinkButton, Note, useErrorText } from '~/parts'
import type { Template } from './said'
import { messageWords } from './words'

export function TestSend({ source, customer, person, language }: { source: Template; customer: string | undefined; person: string; language: Lang }) {
  const t = useWords(messageWords)
  const say = useErrorText()
  const session = useSession()
  const [open, setOpen] = useState(false)
  const [to, setTo] = useState(() => localStorage.getItem(`beckon.test.${source.channel}`) ?? (source.channel === 'email' ? (session?.user?.email ?? '') : ''))
  const send = useMutation({
    mutationFn: () => api.post<Schemas['test_send']>('/api/v1/templates/test-send', { body: { source, to, customer, language } }),
    onSuccess: () => localStorage.setItem(`beckon.test.${source.channel}`, to),
  })
  const noChannel = send.error instanceof Problem && send.error.status === 409
  return (
    <>
      <Button small icon={IconSend} onClick={() => { send.reset(); setOpen(true) }}>{t('sendMe')}</Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={t('testTitle')} centered>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); send.mutate() }}>
          <TextInput label={t('testTo')} required data-autofocus type={source.channel === 'email' ? 'email' : 'text'} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
          <p className="small dim">{t('testNote', { name: person })}</p>
          {send.data && <Note kind={send.data.status === 'sent' ? 'good' : 'bad'}>{send.data.status === 'sent' ? t('testSent') : t('testFailed', { detail: send.data.detail })}</Note>}
          {send.error && (noChannel ? <Note kind="warn" action={<LinkButton small to="/settings/channels">{t('settings')}</LinkButton>}>{t('testNoChannel')}</Note> : <Note kind="bad">{send.error instanceof Problem && send.error.errors[0] ? send.error.errors[0].message : say(send.error)}</Note>)}
          <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={send.isPending}>{t('testGo')}</Button></div>
        </form>
      </Modal>
    </>
  )
}
