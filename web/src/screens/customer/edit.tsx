// edit.tsx: what a person writes down about a customer: what was allowed, with its proof, and what we know.
import { Modal, NativeSelect, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api } from '~/api/client'
import { useWords, words } from '~/i18n'
import { Button, ErrorNote, Segmented, toast } from '~/parts'
import { useVocabulary } from '~/predicate'

const editWords = words({
  en: {
    consent: 'Record what this customer said', channel: 'About', allow: 'May be written to', refuse: 'Must not be written to', proof: 'How it was said', proofHelp: 'For example: on the phone with Li, 3 May. It is kept as the proof.', need: 'Say how; without it there is no proof.', save: 'Record it', saved: 'Recorded',
    known: 'What we know', knownSave: 'Save', knownSaved: 'Saved', another: 'Something else', anotherName: 'What', anotherValue: 'Value', close: 'Close', level: 'The level is kept by its rules.',
  },
  zh: {
    consent: '记录这位客户的表态', channel: '关于', allow: '可以联系', refuse: '不要联系', proof: '怎么说的', proofHelp: '例如：5 月 3 日电话里对小李说的。会作为凭证保存。', need: '请写明经过，否则没有凭证。', save: '记下来', saved: '已记录',
    known: '资料', knownSave: '保存', knownSaved: '已保存', another: '再加一项', anotherName: '哪一项', anotherValue: '值', close: '关闭', level: '等级由规则决定。',
  },
})

export function RecordConsent({ id, channels, close }: { id: string; channels: string[]; close: () => void }) {
  const t = useWords(editWords)
  const v = useVocabulary()
  const client = useQueryClient()
  const [channel, setChannel] = useState(channels[0] ?? 'email')
  const [value, setValue] = useState<'yes' | 'no'>('no')
  const [proof, setProof] = useState('')
  const [tried, setTried] = useState(false)
  const save = useMutation({
    mutationFn: () => api.patch('/api/v1/customers/{ref}', { path: { ref: id }, body: { consent: { [channel]: { value: value === 'yes', text: proof.trim(), reason: 'by hand' } } } }),
    onSuccess: async () => { toast(t('saved')); close(); await client.invalidateQueries({ queryKey: ['customer', id] }); await client.invalidateQueries({ queryKey: ['timeline', id] }) },
  })
  const submit = (e: FormEvent) => { e.preventDefault(); setTried(true); if (proof.trim()) save.mutate() }
  return (
    <Modal opened onClose={close} title={t('consent')} closeButtonProps={{ 'aria-label': t('close') }} centered size={480}>
      <form className="stack" onSubmit={submit}>
        <NativeSelect label={t('channel')} value={channel} onChange={(e) => setChannel(e.currentTarget.value)} data={channels.map((c) => ({ value: c, label: v.channel(c) }))} />
        <Segmented label={t('consent')} value={value} onChange={setValue} options={[{ value: 'no', label: t('refuse') }, { value: 'yes', label: t('allow') }]} />
        <TextInput label={t('proof')} description={t('proofHelp')} data-autofocus value={proof} maxLength={500} onChange={(e) => setProof(e.currentTarget.value)} error={tried && !proof.trim() ? t('need') : undefined} />
        {save.error && <ErrorNote error={save.error} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={save.isPending}>{t('save')}</Button></div>
      </form>
    </Modal>
  )
}

export function EditAttributes({ id, attributes, close }: { id: string; attributes: Record<string, unknown>; close: () => void }) {
  const t = useWords(editWords)
  const v = useVocabulary()
  const client = useQueryClient()
  const simple = Object.entries(attributes).filter(([k, x]) => k !== 'level' && (typeof x !== 'object' || x === null))
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(simple.map(([k, x]) => [k, String(x ?? '')])))
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const typed = (k: string, x: string): string | number | boolean | null => {
    if (x.trim() === '') return null
    const type = v.attribute(k).type
    if ((type === 'int' || type === 'decimal') && Number.isFinite(Number(x))) return Number(x)
    return type === 'bool' ? x === 'true' : x.trim()
  }
  const save = useMutation({
    mutationFn: () => {
      const changed = Object.entries(values).filter(([k, x]) => x !== String(attributes[k] ?? '')).map(([k, x]) => [k, typed(k, x)])
      return api.patch('/api/v1/customers/{ref}', { path: { ref: id }, body: { attributes: { ...Object.fromEntries(changed), ...(name.trim() && value.trim() ? { [name.trim()]: typed(name.trim(), value) } : {}) } } })
    },
    onSuccess: async () => { toast(t('knownSaved')); close(); await client.invalidateQueries({ queryKey: ['customer', id] }); await client.invalidateQueries({ queryKey: ['timeline', id] }) },
  })
  return (
    <Modal opened onClose={close} title={t('known')} closeButtonProps={{ 'aria-label': t('close') }} centered size={520}>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); save.mutate() }}>
        {Object.entries(values).map(([k, x]) => <TextInput key={k} label={v.attribute(k).label} type={v.attribute(k).type === 'date' ? 'date' : 'text'} value={x} onChange={(e) => setValues({ ...values, [k]: e.currentTarget.value })} />)}
        <fieldset className="cu-set"><legend>{t('another')}</legend>
          <div className="pick-two"><TextInput label={t('anotherName')} value={name} onChange={(e) => setName(e.currentTarget.value)} /><TextInput label={t('anotherValue')} value={value} onChange={(e) => setValue(e.currentTarget.value)} /></div>
        </fieldset>
        {save.error && <ErrorNote error={save.error} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={save.isPending}>{t('knownSave')}</Button></div>
      </form>
    </Modal>
  )
}
