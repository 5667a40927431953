// add.tsx: one customer by hand, with the proof of what was allowed; or a whole list, which the imports do.
import { Checkbox, Modal, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { type Answer, request, type Schemas } from '~/api/client'
import { nameOf } from '~/api/customer'
import { useWords } from '~/i18n'
import { DropZone, ImportFile } from '~/imports/import'
import { Button, ErrorNote, toast } from '~/parts'
import { customersWords } from './words'

type Customer = Schemas['customer']

/** `dropped`: a list that was dropped on the page already. */
export function AddCustomers({ open, onClose, dropped = null }: { open: boolean; onClose: () => void; dropped?: File | null }) {
  const t = useWords(customersWords)
  const [chosen, setFile] = useState<File | null>(null)
  const file = chosen ?? dropped
  const drop = () => { setFile(null); if (dropped) onClose() }
  return (
    <Modal opened={open} onClose={() => { setFile(null); onClose() }} title={t('addTitle')} closeButtonProps={{ 'aria-label': t('close') }} size={file ? 880 : 560} centered>
      {file ? <BringList file={file} onDone={() => { setFile(null); onClose() }} onCancel={drop} /> : (
        <>
          {open && <OneByHand onDone={onClose} />}
          <h3 style={{ margin: '28px 0 8px' }}>{t('orFile')}</h3>
          <DropZone compact onFile={setFile} />
        </>
      )}
    </Modal>
  )
}

/** A list of customers in a file: looked at, mapped, taken in. */
export function BringList({ file, onDone, onCancel }: { file: File; onDone: () => void; onCancel: () => void }) {
  const client = useQueryClient()
  return <ImportFile file={file} kind="customers" onCancel={onCancel} onDone={() => { void client.invalidateQueries({ queryKey: ['customers'] }); void client.invalidateQueries({ queryKey: ['preview'] }); onDone() }} />
}

function OneByHand({ onDone }: { onDone: () => void }) {
  const t = useWords(customersWords)
  const client = useQueryClient()
  const [, go] = useLocation()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [phone, setPhone] = useState('')
  const [may, setMay] = useState({ email: false, sms: false })
  const [proof, setProof] = useState('')
  const [tried, setTried] = useState(false)
  const allowed = may.email || may.sms
  const add = useMutation({
    mutationFn: (): Promise<Answer<Customer>> => {
      const given = { value: true, text: proof.trim(), reason: 'by hand' }
      return request<Customer>('POST', '/api/v1/customers', { body: {
        identifiers: { ...(email.trim() ? { email: email.trim() } : {}), ...(phone.trim() ? { phone: phone.trim() } : {}) }, ...(name.trim() ? { attributes: { name: name.trim() } } : {}),
        ...(allowed ? { consent: { ...(may.email ? { email: given } : {}), ...(may.sms ? { sms: given } : {}) } } : {}),
      } })
    },
    onSuccess: ({ data, status }) => {
      void client.invalidateQueries({ queryKey: ['customers'] })
      toast(t(status === 201 ? 'added' : 'updated', { name: nameOf(data).text }))
      onDone()
      go(`/customers/${encodeURIComponent(data.id ?? '')}`)
    },
  })
  const lacks = !email.trim() && !phone.trim()
  const noProof = allowed && !proof.trim()
  const submit = (e: FormEvent) => { e.preventDefault(); setTried(true); if (!lacks && !noProof) add.mutate() }
  return (
    <form className="cu-form" onSubmit={submit} noValidate>
      <TextInput label={t('name')} value={name} data-autofocus autoComplete="off" onChange={(e) => setName(e.currentTarget.value)} />
      <div className="pick-two">
        <TextInput label={t('email')} type="email" autoComplete="off" value={email} onChange={(e) => setEmail(e.currentTarget.value)} error={tried && lacks ? t('needOne') : undefined} />
        <TextInput label={t('phone')} type="tel" autoComplete="off" value={phone} onChange={(e) => setPhone(e.currentTarget.value)} />
      </div>
      <fieldset className="cu-set"><legend>{t('consent')}</legend>
        <Checkbox label={t('mayEmail')} checked={may.email} onChange={(e) => setMay({ ...may, email: e.currentTarget.checked })} />
        <Checkbox label={t('maySms')} checked={may.sms} onChange={(e) => setMay({ ...may, sms: e.currentTarget.checked })} />
      </fieldset>
      {allowed && <TextInput label={t('proof')} description={t('proofHelp')} value={proof} onChange={(e) => setProof(e.currentTarget.value)} error={tried && noProof ? t('proofNeeded') : undefined} />}
      {add.error && <ErrorNote error={add.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={add.isPending}>{t('addGo')}</Button></div>
    </form>
  )
}
