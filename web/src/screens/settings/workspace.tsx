// workspace.tsx: the shop's name, zone, currency and what follows from them.
import { NumberInput, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, Problem } from '~/api/client'
import { useWords } from '~/i18n'
import { Button, Card, ErrorNote, Loaded, PageHead, toast } from '~/parts'
import { settingsWords } from './words'

type Workspace = { name: string; url: string; zone: string; currency: string; language: string; phone_country: string; visitor_days: number }
const FIELDS: (keyof Workspace)[] = ['name', 'url', 'zone', 'currency', 'language', 'phone_country', 'visitor_days']
export const CURRENCIES = ['CNY', 'USD', 'EUR', 'GBP', 'JPY', 'HKD', 'TWD', 'SGD', 'AUD', 'CAD', 'CHF', 'INR', 'KRW', 'MYR', 'THB', 'BRL', 'MXN']
const zones = () => (Intl as unknown as { supportedValuesOf?: (k: string) => string[] }).supportedValuesOf?.('timeZone') ?? ['Asia/Shanghai', 'UTC']

export default function WorkspacePart() {
  const t = useWords(settingsWords)
  const client = useQueryClient()
  const kept = useQuery({ queryKey: ['settings'], queryFn: () => api.get<Workspace>('/api/v1/settings') })
  const [v, setV] = useState<Workspace | null>(null)
  useEffect(() => { if (kept.data) setV(kept.data) }, [kept.data])
  const save = useMutation({
    mutationFn: () => api.patch('/api/v1/settings', { body: Object.fromEntries(FIELDS.filter((f) => v?.[f] !== kept.data?.[f]).map((f) => [f, v?.[f]])) }),
    onSuccess: () => { toast(t('saved')); void client.invalidateQueries({ queryKey: ['settings'] }); void client.invalidateQueries({ queryKey: ['session'] }) },
  })
  const err = (f: string) => (save.error instanceof Problem ? save.error.at(`/${f}`) : undefined)
  const set = (x: Partial<Workspace>) => setV((old) => (old ? { ...old, ...x } : old))
  return (
    <>
      <PageHead title={t('wsTitle')} sub={t('wsSub')} />
      <Loaded of={kept}>{() => v && (
        <Card>
          <form onSubmit={(e) => { e.preventDefault(); save.mutate() }}>
            <div className="fields">
              <TextInput label={t('wsName')} value={v.name} error={err('name')} onChange={(e) => set({ name: e.currentTarget.value })} />
              <TextInput label={t('wsUrl')} type="url" placeholder="https://" value={v.url ?? ''} error={err('url')} onChange={(e) => set({ url: e.currentTarget.value })} />
              <Select label={t('zone')} searchable data={[...new Set([v.zone, ...zones()])]} value={v.zone} error={err('zone')} limit={80} onChange={(z) => set({ zone: z ?? v.zone })} />
              <Select label={t('currency')} searchable data={[...new Set([v.currency, ...CURRENCIES])].filter(Boolean)} value={v.currency} error={err('currency')} onChange={(c) => set({ currency: c ?? v.currency })} />
              <Select label={t('language')} data={[{ value: '', label: t('noLanguage') }, { value: 'zh', label: t('chinese') }, { value: 'en', label: t('english') }]} value={v.language} error={err('language')} onChange={(l) => set({ language: l ?? '' })} />
              <TextInput label={t('phoneCountry')} maxLength={2} value={v.phone_country} error={err('phone_country')} onChange={(e) => set({ phone_country: e.currentTarget.value.toUpperCase() })} />
              <NumberInput label={t('visitorDays')} min={0} max={36500} value={v.visitor_days} error={err('visitor_days')} onChange={(n) => set({ visitor_days: Number(n) || 0 })} />
            </div>
            {save.error && !(save.error instanceof Problem && save.error.errors.length) ? <div style={{ marginTop: 16 }}><ErrorNote error={save.error} /></div> : null}
            <div className="row" style={{ justifyContent: 'flex-end', marginTop: 24 }}><Button primary type="submit" busy={save.isPending} disabled={FIELDS.every((f) => v[f] === kept.data?.[f])}>{t('save')}</Button></div>
          </form>
        </Card>
      )}</Loaded>
    </>
  )
}
