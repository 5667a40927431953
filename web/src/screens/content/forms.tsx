// Forms: a page of its own and a line for the website; consent with proof.
import { Checkbox, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { IconForms, IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Schemas } from '~/api/client'
import { idOf } from '~/api/id'
import { useSession } from '~/api/session'
import { type Text, useText, useWords } from '~/i18n'
import { Button, Card, Confirm, Copy, Empty, ErrorNote, Loaded, toast, useErrorText } from '~/parts'
import { contentWords } from './words'

type Form = Omit<Schemas['form'], 'name'> & { id: string; name?: Text }
type Kind = 'newsletter' | 'birthday' | 'phone'
const both = (key: keyof typeof contentWords.en) => ({ zh: contentWords.zh[key], en: contentWords.en[key] })

/** What each kind asks for. */
export function formOf(kind: Kind): Pick<Schemas['form'], 'fields' | 'consent'> {
  const email = { name: 'email', label: both('lEmail'), type: 'email' as const, required: true, target: 'email' }
  const name = { name: 'name', label: both('lName'), type: 'text' as const, target: 'attribute:name' }
  if (kind === 'phone') return { fields: [{ name: 'phone', label: both('lPhone'), type: 'tel', required: true, target: 'phone' }, name], consent: { channel: 'sms', text: both('consentSms'), required: false } }
  return { fields: kind === 'birthday' ? [email, name, { name: 'birthday', label: both('lBirthday'), type: 'date', target: 'attribute:birthday' }] : [email, name], consent: { channel: 'email', text: both('consentNews'), double_opt_in: true, required: false } }
}

export function Forms() {
  const t = useWords(contentWords)
  const text = useText()
  const say = useErrorText()
  const base = useSession()?.public_url || location.origin
  const client = useQueryClient()
  const [open, setOpen] = useState<Form | 'new' | null>(null)
  const [removing, setRemoving] = useState<Form | null>(null)
  const list = useQuery({ queryKey: ['forms'], queryFn: () => api.get<{ items: Form[] }>('/api/v1/forms', { query: { limit: 200 } }) })
  const remove = useMutation({ mutationFn: (x: Form) => api.delete('/api/v1/forms/{id}', { path: { id: x.id } }), onSuccess: () => { setRemoving(null); void client.invalidateQueries({ queryKey: ['forms'] }) }, onError: (e) => { setRemoving(null); toast(say(e)) } })
  const button = <Button icon={IconPlus} onClick={() => setOpen('new')}>{t('newForm')}</Button>
  return (
    <>
      <Loaded of={list}>{(d) => d.items.length === 0 ? <Card><Empty icon={IconForms} title={t('formNone')} action={button}>{t('formNoneBody')}</Empty></Card> : (
        <div className="stack">
          {d.items.map((x) => {
            const line = `<script src="${base}/f/${x.id}.js" async></script>`
            return (
              <Card key={x.id}>
                <div className="between" style={{ flexWrap: 'wrap' }}>
                  <div><h3>{text(x.name, x.id)}</h3><p className="small dim">{x.fields.map((y) => text(y.label as Text, y.name)).join(t.lang === 'zh' ? '、' : ', ')}</p></div>
                  <div className="row" style={{ flexWrap: 'wrap' }}><a className="btn sm" href={`${base}/f/${x.id}`} target="_blank" rel="noreferrer">{t('openForm')}</a><Button small onClick={() => setOpen(x)}>{t('editForm')}</Button><Button small bad onClick={() => setRemoving(x)}>{t('del')}</Button></div>
                </div>
                <p className="small muted" style={{ marginTop: 16 }}>{t('embedHelp')}</p>
                <div className="form-line"><pre className="code grow" tabIndex={0}>{line}</pre><Copy text={line} /></div>
              </Card>
            )
          })}
          <div>{button}</div>
        </div>
      )}</Loaded>
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={t(open === 'new' ? 'newForm' : 'editForm')} centered size={560}>{open && <Edit form={open === 'new' ? null : open} done={() => setOpen(null)} />}</Modal>
      <Confirm open={removing !== null} onClose={() => setRemoving(null)} bad title={t('delFormTitle', { name: text(removing?.name, removing?.id) })} yes={t('del')} busy={remove.isPending} onYes={() => { if (removing) remove.mutate(removing) }}>{t('delFormBody')}</Confirm>
    </>
  )
}

function Edit({ form, done }: { form: Form | null; done: () => void }) {
  const t = useWords(contentWords)
  const text = useText()
  const client = useQueryClient()
  const [kind, setKind] = useState<Kind>('newsletter')
  const preset = formOf(kind)
  const [name, setName] = useState(text(form?.name))
  const consent = form ? form.consent : preset.consent
  const [words, setWords] = useState<string | null>(null)
  const [double, setDouble] = useState<boolean | null>(null)
  const [origins, setOrigins] = useState((form?.origins ?? []).join('\n'))
  const said = words ?? text(consent?.text as Text)
  const twice = double ?? consent?.double_opt_in ?? false
  const save = useMutation({
    mutationFn: () => {
      const base = form ?? { ...preset, button: both('button'), thanks: both('thanks') }
      const body = { ...base, name, origins: origins.split(/\s+/).filter(Boolean), ...(consent ? { consent: { ...consent, text: words === null ? consent.text : typeof consent.text === 'object' ? { ...consent.text, [t.lang]: words } : words, double_opt_in: twice } } : {}) } as Record<string, unknown>
      delete body.version
      if (form) return api.put('/api/v1/forms/{id}', { path: { id: form.id }, body })
      return api.post('/api/v1/forms', { body: { id: idOf(name, 'form'), ...body } })
    },
    onSuccess: () => { void client.invalidateQueries({ queryKey: ['forms'] }); done() },
  })
  return (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); save.mutate() }}>
      <TextInput label={t('fName')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      {!form && <Select label={t('fKind')} data={[{ value: 'newsletter', label: t('kNewsletter') }, { value: 'birthday', label: t('kBirthday') }, { value: 'phone', label: t('kPhone') }]} value={kind} onChange={(k) => { setKind((k ?? 'newsletter') as Kind); setWords(null); setDouble(null) }} />}
      {consent && <Textarea label={t('fConsent')} autosize minRows={2} value={said} onChange={(e) => setWords(e.currentTarget.value)} />}
      {consent?.channel === 'email' && <Checkbox label={t('fDouble')} checked={twice} onChange={(e) => setDouble(e.currentTarget.checked)} />}
      <Textarea label={t('origins')} description={t('originsHelp')} autosize minRows={1} value={origins} onChange={(e) => setOrigins(e.currentTarget.value)} />
      {save.error && <ErrorNote error={save.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={save.isPending}>{t('save')}</Button></div>
    </form>
  )
}
