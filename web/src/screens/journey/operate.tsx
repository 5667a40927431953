// operate.tsx: pause, go on, stop, let everyone in, delete, duplicate. What touches customers asks first and says whom.
import { Menu, Modal, NumberInput } from '@mantine/core'
import { IconCopy, IconDots, IconHistory, IconPercentage, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconTrash, IconUserCheck } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api } from '~/api/client'
import { useMay } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { Button, Confirm, LinkButton, toast, useErrorText } from '~/parts'
import { documentOf, type Journey, type Shown } from './model'
import { journeyKey, reportKey } from './report'
import { journeyWords } from './words'

type Asked = 'pause' | 'resume' | 'stop' | 'all' | 'share' | 'remove' | undefined

/** Writes a copy as a draft of its own. */
async function duplicate(journey: Shown, copyOf: (name: string) => string): Promise<Journey> {
  const document = documentOf(journey)
  const name = typeof journey.name === 'object' && journey.name ? Object.fromEntries(Object.entries(journey.name).map(([k, v]) => [k, copyOf(v ?? '')])) : copyOf(journey.name ?? journey.id)
  for (let n = 2; ; n++) {
    const id = `${journey.id.replace(/-\d+$/, '')}-${n}`
    try {
      return await api.post<Journey>('/api/v1/journeys', { body: { ...document, id, name } })
    } catch (e) {
      if (n > 20 || (e as { status?: number }).status !== 409) throw e
    }
  }
}

function useOperations(journey: Shown, done: () => void) {
  const t = useWords(journeyWords)
  const words = useErrorText()
  const name = useText()(journey.name, journey.id)
  const client = useQueryClient()
  const [, go] = useLocation()
  const path = { id: journey.id }
  const fresh = () => Promise.all([client.invalidateQueries({ queryKey: journeyKey(journey.id) }), client.invalidateQueries({ queryKey: reportKey(journey.id) }), client.invalidateQueries({ queryKey: ['journeys'] }), client.invalidateQueries({ queryKey: ['today'] })])
  const failed = (e: unknown) => { done(); toast(words(e)) }
  const operate = useMutation({
    mutationFn: ({ what }: { what: 'pause' | 'resume' | 'stop'; undo?: boolean }) => api.post(`/api/v1/journeys/{id}/${what}`, { path }),
    onSuccess: async (_, { what }) => {
      done()
      await fresh()
      toast(t(what === 'pause' ? 'pausedToast' : what === 'resume' ? 'resumedToast' : 'stoppedToast', { name }), what === 'pause' ? () => operate.mutate({ what: 'resume' }) : undefined)
    },
    onError: failed,
  })
  const rollout = useMutation({
    mutationFn: (percent: number) => api.post('/api/v1/journeys/{id}/rollout', { path, body: { percent } }),
    onSuccess: async (_, percent) => { done(); await fresh(); toast(percent >= 100 ? t('allToast') : t('shareToast', { n: percent })) },
    onError: failed,
  })
  const remove = useMutation({
    mutationFn: () => api.delete('/api/v1/journeys/{id}', { path }),
    onSuccess: async () => { done(); await client.invalidateQueries({ queryKey: ['journeys'] }); toast(t('removedToast', { name })); go('/journeys') },
    onError: failed,
  })
  const copy = useMutation({
    mutationFn: () => duplicate(journey, (n) => t('copyOf', { name: n })),
    onSuccess: async (made) => { await client.invalidateQueries({ queryKey: ['journeys'] }); toast(t('duplicated', { name: t('copyOf', { name }) })); go(`/journeys/${encodeURIComponent(made.id)}`) },
    onError: failed,
  })
  return { operate, rollout, remove, copy, busy: operate.isPending || rollout.isPending || remove.isPending }
}

export function Operate({ journey, gray, small, showVersions }: { journey: Shown; gray: number; small?: boolean; showVersions: () => void }) {
  const t = useWords(journeyWords)
  const text = useText()
  const may = useMay()('configuration:write')
  const [ask, setAsk] = useState<Asked>()
  const [percent, setPercent] = useState<number | string>(50)
  const { operate, rollout, remove, copy, busy } = useOperations(journey, () => setAsk(undefined))
  const name = text(journey.name, journey.id)
  const n = journey.waiting
  const live = journey.status === 'live'
  const now = journey.percent ?? 100
  const to = `/journeys/${encodeURIComponent(journey.id)}`
  if (!may) return null
  const close = () => setAsk(undefined)
  const icon = { size: 18, stroke: 1.75, 'aria-hidden': true } as const
  return (
    <>
      {live && now < 100 && <Button primary small={small ?? false} onClick={() => setAsk('all')}>{t('everyone')}</Button>}
      {live && <Button small={small ?? false} icon={IconPlayerPause} onClick={() => setAsk('pause')}>{t('pause')}</Button>}
      {journey.status === 'paused' && <Button primary small={small ?? false} icon={IconPlayerPlay} onClick={() => setAsk('resume')}>{t('resume')}</Button>}
      <LinkButton small={small ?? false} to={`${to}/edit`}>{t(journey.changed && journey.version > 0 ? 'editDraft' : 'edit')}</LinkButton>
      {(journey.status === 'draft' || journey.status === 'stopped') && <LinkButton primary small={small ?? false} to={`${to}/launch`}>{t('publish')}</LinkButton>}
      <Menu position="bottom-end" width={260}>
        <Menu.Target><Button small={small ?? false} aria-label={t('more')} className="square"><IconDots size={20} stroke={1.75} aria-hidden /></Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconUserCheck {...icon} />} component="a" href={`${to}/simulate`}>{t('simulate')}</Menu.Item>
          {journey.version > 0 && <Menu.Item leftSection={<IconHistory {...icon} />} onClick={showVersions}>{t('history')}</Menu.Item>}
          {live && <Menu.Item leftSection={<IconPercentage {...icon} />} onClick={() => setAsk('share')}>{t('rollout')}</Menu.Item>}
          <Menu.Item leftSection={<IconCopy {...icon} />} onClick={() => copy.mutate()}>{t('duplicate')}</Menu.Item>
          <Menu.Divider />
          {(live || journey.status === 'paused') && <Menu.Item leftSection={<IconPlayerStop {...icon} />} onClick={() => setAsk('stop')}>{t('stop')}</Menu.Item>}
          {(journey.status === 'draft' || journey.status === 'stopped') && <Menu.Item leftSection={<IconTrash {...icon} />} onClick={() => setAsk('remove')}>{t('remove')}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <Confirm open={ask === 'pause'} onClose={close} busy={busy} title={t('pauseTitle', { name })} yes={t('pauseYes', { n })} onYes={() => operate.mutate({ what: 'pause' })}>{t('pauseBody', { n })}</Confirm>
      <Confirm open={ask === 'resume'} onClose={close} busy={busy} title={t('resumeTitle', { name })} yes={t('resumeYes', { n })} onYes={() => operate.mutate({ what: 'resume' })}>{t('resumeBody', { n })}</Confirm>
      <Confirm open={ask === 'stop'} onClose={close} busy={busy} bad title={t('stopTitle', { name })} yes={t('stopYes', { n })} onYes={() => operate.mutate({ what: 'stop' })}
        {...(live ? { safer: t('pauseInstead'), onSafer: () => operate.mutate({ what: 'pause' }) } : {})}>{t('stopBody', { n })}</Confirm>
      <Confirm open={ask === 'all'} onClose={close} busy={busy} title={t('allTitle', { name })} yes={t('allYes')} onYes={() => rollout.mutate(100)}>
        {t('allBody', { percent: now, n: journey.entered, gray, aside: String(journey.release?.holdout ?? 0) })}
      </Confirm>
      <Confirm open={ask === 'remove'} onClose={close} busy={busy} bad title={t('removeTitle', { name })} yes={t('removeYes')} onYes={() => remove.mutate()}>{journey.version ? t('removeBodyLive', { n }) : t('removeBody')}</Confirm>
      <Modal opened={ask === 'share'} onClose={close} title={t('shareTitle')} withCloseButton={false} centered size={560}>
        <p className="muted" style={{ marginBottom: 16 }}>{t('shareBody')}</p>
        <NumberInput label={t('share')} min={0} max={100} clampBehavior="strict" value={percent} onChange={setPercent} data-autofocus />
        <div className="row" style={{ justifyContent: 'flex-end', marginTop: 24 }}>
          <Button onClick={close}>{t('close')}</Button>
          <Button primary busy={busy} disabled={percent === ''} onClick={() => rollout.mutate(Number(percent))}>{t('shareYes', { n: Number(percent) })}</Button>
        </div>
      </Modal>
    </>
  )
}
