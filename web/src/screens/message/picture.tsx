// A picture: chosen from those that were uploaded, uploaded now, or an address.
import { Modal, TextInput } from '@mantine/core'
import { IconPhoto, IconUpload } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { api, type Schemas } from '~/api/client'
import { useWords } from '~/i18n'
import { Button, Empty, ErrorNote, Loaded } from '~/parts'
import { messageWords } from './words'

export const useAssets = () => useQuery({ queryKey: ['assets'], queryFn: () => api.get<{ items: Schemas['asset'][] }>('/api/v1/assets') })

export function UploadButton({ onDone }: { onDone: (a: Schemas['asset']) => void }) {
  const t = useWords(messageWords)
  const id = useId()
  const client = useQueryClient()
  const up = useMutation({
    mutationFn: (file: File) => { const form = new FormData(); form.set('file', file); return api.post<Schemas['asset']>('/api/v1/assets', { body: form }) },
    onSuccess: (a) => { void client.invalidateQueries({ queryKey: ['assets'] }); onDone(a) },
  })
  return (
    <div className="stack-2">
      <label htmlFor={id} className="btn" aria-busy={up.isPending}><IconUpload size={18} stroke={1.75} aria-hidden />{t('upload')}</label>
      <input id={id} type="file" accept="image/png,image/jpeg,image/gif,image/webp" className="sr" onChange={(e) => { const f = e.currentTarget.files?.[0]; if (f) up.mutate(f); e.currentTarget.value = '' }} />
      {up.error && <ErrorNote error={up.error} />}
    </div>
  )
}

export function Picture({ label, value, onChange }: { label: string; value: string; onChange: (src: string) => void }) {
  const t = useWords(messageWords)
  const [open, setOpen] = useState(false)
  const assets = useAssets()
  const choose = (a: Schemas['asset']) => { onChange(a.path ?? a.url ?? ''); setOpen(false) }
  return (
    <>
      <TextInput label={label} value={value} placeholder="https://" onChange={(e) => onChange(e.currentTarget.value)} rightSectionWidth={92} rightSection={<Button small icon={IconPhoto} onClick={() => setOpen(true)}>{t('chooseImage')}</Button>} />
      <Modal opened={open} onClose={() => setOpen(false)} title={label} size={720} centered>
        <div className="stack">
          <UploadButton onDone={choose} />
          <Loaded of={assets}>{(d) => d.items.length === 0 ? <Empty icon={IconPhoto} title={t('noImages')} /> : (
            <div className="pictures">{d.items.map((a) => <button key={a.id} type="button" onClick={() => choose(a)}><img src={a.path ?? a.url} alt={a.name ?? ''} loading="lazy" /><span className="small clip">{a.name}</span></button>)}</div>
          )}</Loaded>
        </div>
      </Modal>
    </>
  )
}
