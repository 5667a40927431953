// rules.tsx: how often at most, and when not: the workspace's caps, quiet hours and holidays as sentences.
import { NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { request, type Schemas } from '~/api/client'
import { channelWords } from '~/channels/words'
import { useWords } from '~/i18n'
import { Button, Card, ErrorNote, Loaded, PageHead, toast } from '~/parts'
import { settingsWords } from './words'

type Policies = Schemas['policies']
type Cap = NonNullable<Policies['caps']>[number]
type Quiet = NonNullable<Policies['quiet']>[number]
const PERIODS = { '24h': 'hours24', day: 'day', '7d': 'days7', week: 'week', '30d': 'days30', month: 'month' } as const

function useChannels() {
  const t = useWords(settingsWords)
  const w = useWords(channelWords)
  return (present: string, each: boolean) => {
    const list = [{ value: '*', label: t('capAny') }, ...(each ? [{ value: 'each', label: t('capEach') }] : []), { value: 'sms', label: w('sms') }, { value: 'email', label: w('email') }]
    return list.some((x) => x.value === present) ? list : [...list, { value: present, label: present }]
  }
}

function CapRow({ cap, set, drop }: { cap: Cap; set: (c: Cap) => void; drop: () => void }) {
  const t = useWords(settingsWords)
  const channels = useChannels()
  const periods = Object.entries(PERIODS).map(([value, word]) => ({ value, label: t(word) }))
  if (!periods.some((p) => p.value === cap.per)) periods.push({ value: cap.per, label: cap.per })
  return (
    <div className="rule-row">
      <NumberInput className="w-s" aria-label={t('capsTitle')} min={0} max={1000} value={cap.max} onChange={(v) => set({ ...cap, max: Number(v) || 0 })} />
      <Select className="w-m" aria-label={t('capLine')} data={(['promotion', 'service', '*'] as const).map((c) => ({ value: c, label: t(c === 'promotion' ? 'catPromotion' : c === 'service' ? 'catService' : 'catAll') }))} value={cap.category ?? 'promotion'} onChange={(v) => set({ ...cap, category: v as Cap['category'] & string })} />
      <Select className="w-l" aria-label={t('channels')} data={channels(cap.channel, true)} value={cap.channel} onChange={(v) => set({ ...cap, channel: v ?? '*' })} />
      <span className="muted">{t('per')}</span>
      <Select className="w-m" aria-label={t('per')} data={periods} value={cap.per} onChange={(v) => set({ ...cap, per: v ?? 'day' })} />
      <span className="muted">{t('over')}</span>
      <Select className="w-m" aria-label={t('over')} data={[{ value: 'refuse', label: t('overRefuse') }, { value: 'defer', label: t('overDefer') }]} value={cap.over ?? 'refuse'} onChange={(v) => set({ ...cap, over: v as Cap['over'] & string })} />
      <Button small plain aria-label={t('remove')} onClick={drop}><IconTrash size={18} stroke={1.75} aria-hidden /></Button>
    </div>
  )
}

function QuietRow({ quiet, set, drop }: { quiet: Quiet; set: (q: Quiet) => void; drop: () => void }) {
  const t = useWords(settingsWords)
  const channels = useChannels()
  return (
    <div className="rule-row">
      <Select className="w-l" aria-label={t('quietLine')} data={channels(quiet.channel, false)} value={quiet.channel} onChange={(v) => set({ ...quiet, channel: v ?? '*' })} />
      <span className="muted">{t('from')}</span>
      <TextInput className="w-m" type="time" aria-label={t('from')} value={quiet.from} onChange={(e) => set({ ...quiet, from: e.currentTarget.value })} />
      <span className="muted">{t('to')}</span>
      <TextInput className="w-m" type="time" aria-label={t('to')} value={quiet.to} onChange={(e) => set({ ...quiet, to: e.currentTarget.value })} />
      <Select className="w-m" aria-label={t('everyDay')} data={[{ value: 'all', label: t('everyDay') }, { value: 'holidays', label: t('onHolidays') }]} value={quiet.days ?? 'all'} onChange={(v) => set({ ...quiet, days: v as Quiet['days'] & string })} />
      <Button small plain aria-label={t('remove')} onClick={drop}><IconTrash size={18} stroke={1.75} aria-hidden /></Button>
    </div>
  )
}

export default function Rules() {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const kept = useQuery({ queryKey: ['policies'], queryFn: () => request<Policies>('GET', '/api/v1/policies') })
  const [draft, setDraft] = useState<Policies | null>(null)
  useEffect(() => { if (kept.data) setDraft(kept.data.data) }, [kept.data])
  const save = useMutation({
    mutationFn: () => request<Policies>('PUT', '/api/v1/policies', { body: draft, ...(kept.data?.etag ? { etag: kept.data.etag } : {}) }),
    onSuccess: () => { toast(t('savedRules')); void client.invalidateQueries({ queryKey: ['policies'] }) },
  })
  const caps = draft?.caps ?? []
  const quiet = draft?.quiet ?? []
  const at = <X,>(list: X[], i: number, x: X | null) => (x === null ? list.filter((_, j) => j !== i) : list.map((y, j) => (j === i ? x : y)))
  const changed = draft !== null && kept.data !== undefined && JSON.stringify(draft) !== JSON.stringify(kept.data.data)
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
          {save.error && <ErrorNote error={save.error} />}
          {changed && (
            <div className="savebar">
              <span className="muted grow">{t('unsaved')}</span>
              <Button onClick={() => setDraft(data.data)}>{t('undo')}</Button>
              <Button primary busy={save.isPending} onClick={() => { setDraft({ ...draft, holidays: (draft.holidays ?? []).filter(Boolean) }); save.mutate() }}>{t('saveRules')}</Button>
            </div>
          )}
        </div>
      )}</Loaded>
    </>
  )
}
