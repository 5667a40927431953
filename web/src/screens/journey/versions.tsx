// versions.tsx: what each version changed, in words where there are some, and the way back to an older one.
import { Drawer } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { api, type Schemas } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Loaded, Status, toast, useErrorText } from '~/parts'
import { allSteps, documentOf, named, type Shown, type Step } from './model'
import { journeyKey } from './report'
import { plain, type Say } from './say'
import { journeyWords } from './words'

type Version = Schemas['journey_version']
type Change = Version['changes'][number]

export function Versions({ journey, say, open, close }: { journey: Shown; say: Say; open: boolean; close: () => void }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const words = useErrorText()
  const client = useQueryClient()
  const [, go] = useLocation()
  const path = { id: journey.id }
  const q = useQuery({ queryKey: ['journey-versions', journey.id, journey.version], enabled: open, queryFn: () => api.get('/api/v1/journeys/{id}/versions', { path }) })
  const back = useMutation({
    mutationFn: async (version: number) => {
      const old = await api.get<Shown>('/api/v1/journeys/{id}/versions/{version}', { path: { ...path, version } })
      const document = (old as unknown as { journey?: Shown }).journey ?? old
      const { version: _v, published_at: _p, live: _l, ...rest } = documentOf(document as Shown) as unknown as Record<string, unknown>
      await api.put('/api/v1/journeys/{id}', { path, body: rest })
      return version
    },
    onSuccess: async (version) => { await client.invalidateQueries({ queryKey: journeyKey(journey.id) }); toast(t('versionBackDone', { n: version })); go(`/journeys/${encodeURIComponent(journey.id)}/edit`) },
    onError: (e) => toast(words(e)),
  })
  const steps = new Map(allSteps(named(journey.steps)).map((s) => [s.id ?? '', s]))
  return (
    <Drawer opened={open} onClose={close} title={t('versionsTitle')} size={480} closeButtonProps={{ 'aria-label': t('close') }}>
      {open && (
        <Loaded of={q} lines={6}>
          {(data) => (
            <ol className="versions">
              {data.items.map((v) => (
                <li key={v.version}>
                  <div className="between">
                    <h3>{t('version', { n: v.version, day: f.day(v.published_at) })}</h3>
                    {v.live ? <Status kind="running">{t('versionLive')}</Status> : <Button small busy={back.isPending} onClick={() => back.mutate(v.version)}>{t('versionBack')}</Button>}
                  </div>
                  <p className="small dim">{[v.entered !== undefined ? t('versionPeople', { n: v.entered }) : '', v.running !== undefined && !v.live ? t('versionRunning', { n: v.running }) : ''].filter(Boolean).join(' · ')}</p>
                  {v.changes.length > 0
                    ? <ul className="changes">{v.changes.map((c, i) => <li key={i}>{changeText(c, steps, say, t)}</li>)}</ul>
                    : <p className="muted">{v.version === 1 ? t('versionFirst') : v.changes_known === false ? t('versionUnknown') : ''}</p>}
                </li>
              ))}
            </ol>
          )}
        </Loaded>
      )}
    </Drawer>
  )
}

/** A step's change as its sentence before and after; anything else by its place in words or its name. */
function changeText(c: Change, steps: Map<string, Step>, say: Say, t: ReturnType<typeof useWords<keyof typeof journeyWords.en>>): string {
  const [top = '', id = '', ...rest] = c.path.split('/').slice(1)
  const whole = (v: unknown): string | undefined => (v && typeof v === 'object' && !Array.isArray(v) && top === 'steps' && rest.length === 0 ? plain(say.step(v as Step)) : undefined)
  const short = (v: unknown): string => whole(v) ?? (typeof v === 'string' ? say.time(v) : v === undefined || v === null ? '' : typeof v === 'object' ? '…' : String(v))
  const step = top === 'steps' ? steps.get(id) : undefined
  const place: Record<string, string> = { trigger: t('kStart'), entry: t('kWho'), exit: t('kExit'), goal: t('kGoal'), policy: t('kRules'), release: t('kShare'), owner: t('kOwner'), name: t('kName'), steps: t('kSteps') }
  if (c.what === 'added') return t('changeAdded', { what: whole(c.to) ?? (step ? plain(say.step(step)) : (place[top] ?? top)) })
  if (c.what === 'removed') return t('changeRemoved', { what: whole(c.from) ?? (step ? plain(say.step(step)) : (place[top] ?? top)) })
  const what = step ? plain(say.step(step)) : (place[top] ?? top)
  const from = short(c.from)
  const to = short(c.to)
  return t('changeChanged', { what }) + (from && to && from !== '…' ? (say.lang === 'zh' ? `，${t('fromTo', { from, to })}` : `, ${t('fromTo', { from, to })}`) : '')
}
