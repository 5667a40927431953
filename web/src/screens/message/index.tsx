// One message: an email of blocks, or an SMS. Drafted here, saved as the template's next version.
import { Menu, TextInput } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useLocation, useParams } from 'wouter'
import { api, Problem, request } from '~/api/client'
import { useJourneyList } from '~/api/lists'
import { nameOf } from '~/api/customer'
import { idOf } from '~/api/id'
import { channelWords } from '~/channels/words'
import { type Lang, textOf, useLang, useWords } from '~/i18n'
import { Button, Confirm, Empty, LinkButton, Loaded, PageHead, Pick, SaveError, Segmented, toast, useErrorText } from '~/parts'
import { Begin } from './begin'
import { copied, newMail } from './blocks'
import { EmailEditor } from './email'
import './message.css'
import { isBoth, type Said, type Template } from './said'
import { SmsEditor } from './sms'
import { TestSend } from './test-send'
import { type Device, usePreview } from './use-preview'
import { messageWords } from './words'

const fresh = (channel: string, lang: Lang): Template => channel === 'sms' ? { channel: 'sms', name: '', text: '' } : { channel, name: '', subject: '', blocks: newMail(lang) }

export default function Message() {
  const { id, channel } = useParams<{ id?: string; channel?: string }>()
  const { lang } = useLang()
  const kept = useQuery({ queryKey: ['template', id], enabled: !!id, refetchOnWindowFocus: false, queryFn: () => request<Template>('GET', '/api/v1/templates/{id}', { path: { id } }) })
  const [begun, setBegun] = useState<{ channel: string; template: Template }>()
  const [round, setRound] = useState(0)
  if (!id) {
    const kind = channel === 'sms' ? 'sms' : 'email'
    if (begun?.channel === kind) return <Editor key={`new ${kind}`} newest={begun.template} tag={null} anew={() => {}} />
    return <Begin key={kind} channel={kind} onBegin={(template) => setBegun({ channel: kind, template: { ...template, ...(template.blocks ? { blocks: template.blocks.map(copied) } : {}) } })} blank={() => setBegun({ channel: kind, template: fresh(kind, lang) })} />
  }
  if (!kept.data && kept.error instanceof Problem && kept.error.status === 404) return <Gone />
  if (!kept.data) return <main className="page"><Loaded of={kept} lines={8}>{() => null}</Loaded></main>
  return <Editor key={`${id} ${round}`} newest={kept.data.data} tag={kept.data.etag} anew={() => void kept.refetch().then(() => setRound((n) => n + 1))} />
}

function Gone() {
  const t = useWords(messageWords)
  return <main className="page"><Empty title={<span role="heading" aria-level={1}>{t('gone')}</span>} action={<LinkButton to="/content">{t('back')}</LinkButton>}>{t('goneSub')}</Empty></main>
}

/** What is edited is what writing began with: a newer one comes in only while nothing is changed, or when asked for. */
function Editor({ newest, tag, anew }: { newest: Template; tag: string | null; anew: () => void }) {
  const [begun, setBegun] = useState({ template: newest, etag: tag })
  const { template, etag } = begun
  const t = useWords(messageWords)
  const w = useWords(channelWords)
  const say = useErrorText()
  const [, go] = useLocation()
  const client = useQueryClient()
  const [draft, set] = useState(template)
  const [lang, setLang] = useState<Lang>(t.lang)
  const [device, setDevice] = useState<Device>('computer')
  const [person, setPerson] = useState<string>()
  const [deleting, setDeleting] = useState(false)
  const [asking, setAsking] = useState(false)
  const both = isBoth(draft)
  const dirty = JSON.stringify(draft) !== JSON.stringify(template)
  useEffect(() => {
    if (dirty || newest === template) return
    setBegun({ template: newest, etag: tag })
    set(newest)
  }, [dirty, newest, tag, template])
  const preview = usePreview(draft, person, device, lang)
  const used = useJourneyList<{ id: string; name?: Said; steps?: unknown }>()
  const usedBy = template.id ? (used.data ?? []).filter((j) => JSON.stringify(j.steps ?? '').includes(`"template":"${template.id}"`)).map((j) => textOf(j.name, t.lang, j.id)) : []
  const live = (template as { used_by?: string[] }).used_by?.map((id) => textOf(used.data?.find((j) => j.id === id)?.name, t.lang, id)) ?? []
  useEffect(() => {
    if (!dirty) return
    const stay = (e: BeforeUnloadEvent) => e.preventDefault()
    addEventListener('beforeunload', stay)
    return () => removeEventListener('beforeunload', stay)
  }, [dirty])
  const name = textOf(draft.name, t.lang)
  const save = useMutation({
    mutationFn: async (over: boolean) => {
      const { version: _, used_by: __, ...body } = draft as Template & { used_by?: string[] }
      if (template.id) return request<Template>('PUT', '/api/v1/templates/{id}', { path: { id: template.id }, body, ...(etag && !over ? { etag } : {}) })
      const base = idOf(name, draft.channel)
      try {
        return await request<Template>('POST', '/api/v1/templates', { body: { ...body, id: base } })
      } catch (e) {
        if (e instanceof Problem && e.status === 409) return request<Template>('POST', '/api/v1/templates', { body: { ...body, id: `${base}-${Date.now().toString(36).slice(-4)}` } })
        throw e
      }
    },
    onSuccess: (r) => { toast(t('saved')); if (template.id) { client.setQueryData(['template', template.id], r); setBegun({ template: r.data, etag: r.etag }); set(r.data) } void client.invalidateQueries({ queryKey: ['templates'] }); void client.invalidateQueries({ queryKey: ['template', r.data.id] }); if (!template.id && r.data.id) go(`/content/templates/${encodeURIComponent(r.data.id)}`, { replace: true }) },
  })
  const remove = useMutation({ mutationFn: () => api.delete('/api/v1/templates/{id}', { path: { id: template.id ?? '' } }), onSuccess: () => { toast(t('deleted')); void client.invalidateQueries({ queryKey: ['templates'] }); go('/content') }, onError: (e) => { setDeleting(false); toast(say(e)) } })
  const p = preview.data
  const seen = person ?? p?.customer?.id
  const who = p?.customers?.find((c) => c.id === seen)?.name || (p?.customer ? nameOf(p.customer).text : t('someone'))
  const people = (
    <span className="row" style={{ gap: 6 }}><span className="small muted nowrap">{t('seenBy')}</span>
      <Pick small choices={(p?.customers ?? []).map((c) => ({ value: c.id, label: c.name || c.to || c.id }))} value={person ?? p?.customer?.id} onPick={setPerson}>{who}</Pick></span>
  )
  const languages = <Segmented label={t('language')} value={lang} onChange={setLang} options={[{ value: 'zh', label: t('zh') }, { value: 'en', label: t('en') }]} />
  const tools = (
    <>
      {languages}
      {people}
      <TestSend source={draft} customer={person ?? p?.customer?.id} person={who} language={lang} />
      {template.id && <Menu position="bottom-end"><Menu.Target><Button small aria-label={t('deleteIt')}><IconDots size={16} aria-hidden /></Button></Menu.Target><Menu.Dropdown><Menu.Item onClick={() => setDeleting(true)}>{t('deleteIt')}</Menu.Item></Menu.Dropdown></Menu>}
    </>
  )
  const saveButton = <Button small primary busy={save.isPending} disabled={!dirty && !!template.id} onClick={() => (live.length ? setAsking(true) : save.mutate(false))}>{t(live.length ? 'saveUsed' : 'save')}</Button>
  const status = `${draft.channel === 'sms' ? t('asSms') : t('asEmail')}, ${dirty || !template.id ? t('unsaved') : t('saved')}${usedBy.length ? ` · ${t('usedBy', { names: usedBy.slice(0, 2).join(t.lang === 'zh' ? '、' : ', ') })}` : ''}`
  const title = <TextInput className="message-name" variant="unstyled" aria-label={t('name')} placeholder={t(draft.channel === 'sms' ? 'newSms' : 'newEmail')} value={name || (template.id && !draft.name ? template.id : name)} onChange={(e) => set({ ...draft, name: e.currentTarget.value })} />
  const ask = <Confirm open={asking} onClose={() => setAsking(false)} title={t('usedTitle', { n: live.length })} yes={t('usedYes')} busy={save.isPending} onYes={() => { setAsking(false); save.mutate(false) }}>{t('usedBody', { names: live.join(t.lang === 'zh' ? '、' : ', ') })}</Confirm>
  const confirm = <Confirm open={deleting} onClose={() => setDeleting(false)} bad title={t('deleteTitle', { name: name || template.id || '' })} yes={t('deleteIt')} busy={remove.isPending} onYes={() => remove.mutate()}>{t('deleteBody')}</Confirm>
  const failed = save.error && <div style={{ padding: '12px 24px' }}><SaveError error={save.error} busy={save.isPending} mine={() => save.mutate(true)} theirs={() => { save.reset(); anew() }} /></div>
  if (draft.channel === 'sms')
    return (
      <main className="page">
        <PageHead crumbs={[{ to: '/content', name: t('back') }]} title={title} sub={status}>{saveButton}</PageHead>
        {failed}
        <SmsEditor draft={draft} set={set} lang={lang} both={both} preview={p} error={preview.error} tools={tools} />
        {confirm}{ask}
      </main>
    )
  if (draft.channel !== 'email')
    return <main className="page"><PageHead crumbs={[{ to: '/content', name: t('back') }]} title={name || template.id} sub={w('other', { channel: draft.channel })} /><pre className="code">{JSON.stringify(draft, null, 2)}</pre></main>
  return (
    <main className="mail-page">
      <div className="mail-bar">
        <div className="grow row" style={{ minWidth: 0 }}>{title}<span className="small dim clip">{status}</span></div>
        <Segmented label={t('device')} value={device} onChange={setDevice} options={(['computer', 'phone', 'dark'] as const).map((d) => ({ value: d, label: t(d) }))} />
        {tools}
        {saveButton}
      </div>
      {failed}
      <EmailEditor draft={draft} set={set} lang={lang} both={both} device={device} preview={p} error={preview.error} />
      {confirm}{ask}
    </main>
  )
}
