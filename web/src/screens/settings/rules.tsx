// rules.tsx: how often at most, and when not: the workspace's caps, quiet hours and holidays as sentences.
import { Textarea } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { request, type Schemas } from '~/api/client'
import { channelWords } from '~/channels/words'
import { useWords } from '~/i18n'
import { Button, Card, SaveError, Loaded, PageHead, Pick, toast } from '~/parts'
import { settingsWords } from './words'

type Policies = Schemas['policies']
type Cap = NonNullable<Policies['caps']>[number]
type Quiet = NonNullable<Policies['quiet']>[number]
const PERIODS = { '24h': 'hours24', day: 'day', '7d': 'days7', week: 'week', '30d': 'days30', month: 'month' } as const

function useChannels() {
  const t = useWords(settingsWords)
  const w = useWords(channelWords)
  return (present: string, each: boolean) => {
    const list = [{ value: '*', label: t(each ? 'capAny' : 'chAny') }, ...(each ? [{ value: 'each', label: t('capEach') }] : []), { value: 'sms', label: w('sms') }, { value: 'email', label: w('email') }, { value: 'call', label: t('chCall') }]
    return list.some((x) => x.value === present) ? list : [...list, { value: present, label: present }]
  }
}

const COUNTS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20]
const HOURS = Array.from({ length: 24 }, (_, h) => `${String(h).padStart(2, '0')}:00`)
const withOwn = <V,>(list: V[], own: V) => (list.includes(own) ? list : [own, ...list])
const plain = <V extends string | number>(list: V[]) => list.map((value) => ({ value, label: String(value) }))

function CapRow({ cap, set, drop }: { cap: Cap; set: (c: Cap) => void; drop: () => void }) {
  const t = useWords(settingsWords)
  const channels = useChannels()
  const periods = withOwn(Object.keys(PERIODS), cap.per).map((value) => ({ value, label: value in PERIODS ? t(PERIODS[value as keyof typeof PERIODS]) : value }))
  const over = cap.over ?? 'refuse'
  return (
    <div className="rule-row">
      <p className="say grow">
        {t.rich('capSentence', {
          n: <Pick choices={plain(withOwn(COUNTS, cap.max))} value={cap.max} label={t('capsTitle')} onPick={(max) => set({ ...cap, max })} />,
          kind: <Pick choices={(['promotion', 'service', '*'] as const).map((value) => ({ value, label: t(value === 'promotion' ? 'catPromotion' : value === 'service' ? 'catService' : 'catAll') }))} value={cap.category ?? 'promotion'} onPick={(category) => set({ ...cap, category })} />,
          channel: <Pick choices={channels(cap.channel, true)} value={cap.channel} onPick={(channel) => set({ ...cap, channel })} />,
          per: <Pick choices={periods} value={cap.per} onPick={(per) => set({ ...cap, per })} />,
          over: <Pick choices={[{ value: 'refuse' as const, label: t('overRefuse') }, { value: 'defer' as const, label: t('overDefer') }]} value={over} onPick={(x) => set({ ...cap, over: x })} />,
        })}
      </p>
      <Button small plain aria-label={t('remove')} onClick={drop}><IconTrash size={18} stroke={1.75} aria-hidden /></Button>
    </div>
  )
}

function QuietRow({ quiet, set, drop }: { quiet: Quiet; set: (q: Quiet) => void; drop: () => void }) {
  const t = useWords(settingsWords)
  const channels = useChannels()
  return (
    <div className="rule-row">
      <p className="say grow">
        {t.rich('quietSentence', {
          channel: <Pick choices={channels(quiet.channel, false)} value={quiet.channel} onPick={(channel) => set({ ...quiet, channel })} />,
          from: <Pick choices={plain(withOwn(HOURS, quiet.from))} value={quiet.from} label={t('from')} onPick={(from) => set({ ...quiet, from })} />,
          to: <Pick choices={plain(withOwn(HOURS, quiet.to))} value={quiet.to} label={t('to')} onPick={(to) => set({ ...quiet, to })} />,
          days: <Pick choices={[{ value: 'all' as const, label: t('everyDay') }, { value: 'holidays' as const, label: t('onHolidays') }]} value={quiet.days ?? 'all'} onPick={(days) => set({ ...quiet, days })} />,
        })}
      </p>
      <Button small plain aria-label={t('remove')} onClick={drop}><IconTrash size={18} stroke={1.75} aria-hidden /></Button>
    </div>
  )
}

export default function Rules() {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const kept = useQuery({ queryKey: ['policies'], queryFn: () => request<Policies>('GET', '/api/v1/policies') })
  const [draft, setDraft] = useState<Policies | null>(null)
  const [begun, setBegun] = useState(kept.data)
  const changed = draft !== null && begun !== undefined && JSON.stringify(draft) !== JSON.stringify(begun.data)
  // A newer answer comes in only while nothing is changed.
  useEffect(() => { if (kept.data && !changed && kept.data !== begun) { setBegun(kept.data); setDraft(kept.data.data) } }, [kept.data, begun, changed])
  const save = useMutation({
    mutationFn: (over: boolean) => request<Policies>('PUT', '/api/v1/policies', { body: { ...draft, holidays: (draft?.holidays ?? []).filter(Boolean) }, ...(begun?.etag && !over ? { etag: begun.etag } : {}) }),
    onSuccess: (answer) => { toast(t('savedRules')); setBegun(answer); setDraft(answer.data); client.setQueryData(['policies'], answer); void client.invalidateQueries({ queryKey: ['policies'] }) },
  })
  const caps = draft?.caps ?? []
  const quiet = draft?.quiet ?? []
  const at = <X,>(list: X[], i: number, x: X | null) => (x === null ? list.filter((_, j) => j !== i) : list.map((y, j) => (j === i ? x : y)))
  return (
    <>
      <PageHead title={t('rulesTitle')} sub={t('rulesSub')} />
      <Loaded of={kept}>{(data) => (
        <div className="stack-5">
          <Card title={t('capsTitle')}>
            {caps.map((c, i) => <CapRow key={i} cap={c} set={(x) => setDraft({ ...draft, caps: at(caps, i, x) })} drop={() => setDraft({ ...draft, caps: at(caps, i, null) })} />)}
            <div style={{ marginTop: 16 }}><Button small icon={IconPlus} onClick={() => setDraft({ ...draft, caps: [...caps, { channel: '*', category: 'promotion', max: 3, per: 'week', over: 'refuse' }] })}>{t('addCap')}</Button></div>
          </Card>
          <Card title={t('quietTitle')}>
            <p className="small dim">{t('quietNote')}</p>
            {quiet.map((q, i) => <QuietRow key={i} quiet={q} set={(x) => setDraft({ ...draft, quiet: at(quiet, i, x) })} drop={() => setDraft({ ...draft, quiet: at(quiet, i, null) })} />)}
            <div style={{ marginTop: 16 }}><Button small icon={IconPlus} onClick={() => setDraft({ ...draft, quiet: [...quiet, { channel: '*', from: '22:00', to: '08:00', zone: 'customer', days: 'all' }] })}>{t('addQuiet')}</Button></div>
          </Card>
          <Card title={t('holidays')}>
            <Textarea aria-label={t('holidays')} description={t('holidaysHelp')} autosize minRows={2} maxRows={12} value={(draft?.holidays ?? []).join('\n')} onChange={(e) => setDraft({ ...draft, holidays: e.currentTarget.value.split(/[\n,;，；]+/).map((x) => x.trim()).filter((x, i, l) => x || i === l.length - 1) })} />
          </Card>
          {save.error && <SaveError error={save.error} busy={save.isPending} mine={() => save.mutate(true)} theirs={() => { save.reset(); setBegun(undefined); setDraft(null); void kept.refetch() }} />}
          {changed && (
            <div className="savebar">
              <span className="muted grow">{t('unsaved')}</span>
              <Button onClick={() => { save.reset(); setDraft(begun?.data ?? data.data) }}>{t('undo')}</Button>
              <Button primary busy={save.isPending} onClick={() => save.mutate(false)}>{t('saveRules')}</Button>
            </div>
          )}
        </div>
      )}</Loaded>
    </>
  )
}
