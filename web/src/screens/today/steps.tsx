// steps.tsx: day one. What is done has a tick, the next step has the button, and nothing is sent before "Start".
import { IconCheck, IconClock, IconShieldCheck } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { api } from '~/api/client'
import { useMay } from '~/api/session'
import { useWords } from '~/i18n'
import { Button, LinkButton, toast, useErrorText } from '~/parts'
import type { Today } from '../journeys'
import { channelName } from '../journey/verbs'
import { Needs } from './needs'
import { todayWords } from './words'

function Step({ n, done, current, title, note, children }: { n: number; done: boolean; current: boolean; title: string; note: ReactNode; children?: ReactNode }) {
  return (
    <li className={`td-step ${done ? 'done' : ''}`} aria-current={current ? 'step' : undefined}>
      <span className="td-n" aria-hidden>{done ? <IconCheck size={20} stroke={2} /> : n}</span>
      <div className="grow"><b>{title}</b><span className="muted">{note}</span></div>
      {children && <div className="td-step-do">{children}</div>}
    </li>
  )
}

export function FirstSteps({ today }: { today: Today }) {
  const t = useWords(todayWords)
  const words = useErrorText()
  const client = useQueryClient()
  const may = useMay()('admin')
  const { data, channel, playbook } = today.first_steps
  const current = !data.done ? 1 : !channel.done ? 2 : 3
  const left = [data.done, channel.done, playbook.done].filter((x) => !x).length
  // The test inbox takes every channel a playbook may use.
  const outbox = useMutation({
    mutationFn: () => Promise.all(['email', 'sms'].map((c) => api.post('/api/v1/channels', { body: { id: c, channel: c, provider: 'outbox', settings: {} } }))),
    onSuccess: () => { toast(t('outboxDone')); void client.invalidateQueries({ queryKey: ['today'] }); void client.invalidateQueries({ queryKey: ['channels'] }) },
    onError: (e) => toast(words(e)),
  })
  const list = [...new Set(channel.channels ?? [])].map((c) => channelName(t.lang, c)).join(t.lang === 'zh' ? '、' : ', ')
  const drafts = playbook.drafts ?? 0
  const serious = today.needs.filter((n) => n.kind !== 'channel_missing' && n.kind !== 'journey_paused')
  return (
    <main className="page td-first">
      <h1>{t('steps', { n: left })}</h1>
      <p className="muted td-first-sub">{t('stepsSub')}</p>
      {serious.length > 0 && <div style={{ marginTop: 24 }}><Needs needs={serious} /></div>}
      <ol className="card td-steps">
        <Step n={1} done={data.done} current={current === 1} title={t('dataTitle')} note={data.done ? t('dataDone', { n: data.customers }) : t('dataHelp')}>
          {data.done ? <LinkButton plain small to="/data">{t('dataMore')}</LinkButton> : <><LinkButton to="/welcome">{t('demo')}</LinkButton><LinkButton primary to="/data">{t('dataDo')}</LinkButton></>}
        </Step>
        <Step n={2} done={channel.done} current={current === 2} title={t('channelTitle')} note={!channel.done ? t('channelHelp') : channel.real ? t('channelDone', { list: list.charAt(0).toUpperCase() + list.slice(1) }) : t('channelOutbox')}>
          {!channel.done
            ? <>{may && <Button busy={outbox.isPending} onClick={() => outbox.mutate()}>{t('channelTest')}</Button>}<LinkButton to="/settings/channels" primary={current === 2}>{t('channelDo')}</LinkButton></>
            : !channel.real && <LinkButton plain small to="/settings/channels">{t('channelReal')}</LinkButton>}
        </Step>
        <Step n={3} done={playbook.done} current={current === 3} title={t('playTitle')} note={drafts ? t('playDraft', { n: drafts }) : t('playHelp')}>
          {current < 3 && !drafts ? <span className="st"><IconClock size={16} stroke={1.75} aria-hidden />{t('playWait')}</span>
            : drafts ? <><LinkButton to="/playbooks">{t('playDo')}</LinkButton><LinkButton to="/journeys" primary={current === 3}>{t('playGo')}</LinkButton></> : <LinkButton to="/playbooks" primary={current === 3}>{t('playDo')}</LinkButton>}
        </Step>
      </ol>
      <p className="small dim td-safe"><IconShieldCheck size={16} stroke={1.75} aria-hidden />{t('safe')}</p>
    </main>
  )
}
