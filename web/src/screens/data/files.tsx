// Files: dropped, checked, brought in, taken back.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '~/api/client'
import { useLive } from '~/api/live'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { DropZone, ImportFile } from '~/imports/import'
import type { Import } from '~/imports/run'
import { Button, Card, Confirm, Loaded, Status, toast, useErrorText } from '~/parts'
import { dataWords } from './words'

function State({ i }: { i: Import }) {
  const t = useWords(dataWords)
  if (i.undoing) return <Status kind="paused">{t('undoing')}</Status>
  if (i.undone) return <Status kind="stopped">{t('undone')}</Status>
  if (i.status === 'failed') return <Status kind="bad">{t('failed')}</Status>
  if (i.status === 'done') return <Status kind="working">{t('done')}</Status>
  return <Status kind="running">{t(i.status)}</Status>
}

export function Imports() {
  const t = useWords(dataWords)
  const f = useFormat()
  const say = useErrorText()
  const client = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [undoing, setUndoing] = useState<Import | null>(null)
  const list = useQuery({ queryKey: ['imports'], queryFn: () => api.get<{ items: Import[] }>('/api/v1/imports', { query: { limit: 100 } }) })
  const again = () => void client.invalidateQueries({ queryKey: ['imports'] })
  useLive('import', again)
  const undo = useMutation({
    mutationFn: (i: Import) => api.post('/api/v1/imports/{id}/undo', { path: { id: i.id } }),
    onSuccess: (_, i) => { setUndoing(null); toast(t('undoToast', { file: i.file ?? i.id })); void client.invalidateQueries() },
    onError: (e) => { setUndoing(null); toast(say(e)) },
  })
  return (
    <div className="stack-5">
      {file ? <Card><ImportFile key={`${file.name}${file.lastModified}`} file={file} onDone={() => { setFile(null); again() }} onCancel={() => setFile(null)} /></Card> : <DropZone onFile={setFile} />}
      <Loaded of={list}>{(d) => {
        const items = d.items.filter((i) => !i.dry_run)
        if (!items.length) return <p className="muted">{t('importsNone')}</p>
        return (
          <Card className="table-scroll">
            <table className="tbl">
              <thead><tr><th>{t('file')}</th><th>{t('when')}</th><th className="n">{t('accepted')}</th><th className="n">{t('refusedRows')}</th><th className="n" /></tr></thead>
              <tbody>
                {items.map((i) => (
                  <tr key={i.id}>
                    <td><p className="m wrap">{i.file ?? i.id}</p><p className="small dim row" style={{ gap: 8 }}>{t(i.kind)} <State i={i} /></p>{i.status === 'failed' && <p className="small alone-error wrap">{i.detail}</p>}</td>
                    <td className="muted nowrap">{f.near(i.created_at)}</td>
                    <td className="n num">{f.number(i.accepted)}</td>
                    <td className="n num">{i.rejected > 0 ? <a href={`/api/v1/imports/${encodeURIComponent(i.id)}/errors`} download title={t('errorsFile')}>{f.number(i.rejected)}</a> : ''}</td>
                    <td className="n">{i.status === 'done' && !i.undone && !i.undoing && <Button small onClick={() => setUndoing(i)}>{t('undo')}</Button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Card>
        )
      }}</Loaded>
      <Confirm open={undoing !== null} onClose={() => setUndoing(null)} bad title={t('undoTitle', { file: undoing?.file ?? '' })} yes={t('undo')} busy={undo.isPending} onYes={() => { if (undoing) undo.mutate(undoing) }}>{t('undoBody')}</Confirm>
    </div>
  )
}
