// export.tsx: a file of customers: begun, watched, offered. Who holds such a file holds the customers' data, so it asks.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Schemas } from '~/api/client'
import { useFormat } from '~/i18n/format'
import { useWords, words } from '~/i18n'
import { Button, Confirm, ErrorNote, Note } from '~/parts'
import { Modal } from '@mantine/core'

const exportWords = words({
  en: {
    export: 'Export the list', ask: 'Make a file of {n, plural, one {one customer} other {# customers}}?', body: 'The file has names, addresses and numbers in full. It lies on this server for one day, and who made it is recorded.', go: 'Make the file: {n, plural, one {# person} other {# people}}',
    title: 'The list as a file', running: 'Written so far: {rows}{of}', of: ' of {total}', done: 'Ready: {rows, plural, one {# row} other {# rows}}, {size}', get: 'Save the file', failed: 'The file could not be made. Nothing is lost; try again.', close: 'Close', again: 'Try again',
  },
  zh: {
    export: '导出名单', ask: '把 {n} 位客户导成文件？', body: '文件里有完整的姓名、地址和号码。它在服务器上保存一天，并会记下是谁导出的。', go: '导出 {n} 人',
    title: '名单文件', running: '已写好 {rows} 行{of}', of: '，共 {total} 行', done: '好了：{rows} 行，{size}', get: '保存文件', failed: '文件没有做成。没有丢失任何内容，请再试一次。', close: '关闭', again: '再试一次',
  },
})

export function ExportButton({ segment, count }: { segment?: string | undefined; count: number | null | undefined }) {
  const t = useWords(exportWords)
  const f = useFormat()
  const [asking, setAsking] = useState(false)
  const [id, setId] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const job = useQuery({
    queryKey: ['export', id], enabled: id !== undefined, refetchInterval: (q) => (q.state.data?.status === 'running' || !q.state.data ? 800 : false),
    queryFn: () => api.get<Schemas['export']>('/api/v1/exports/{id}', { path: { id } }),
  })
  const begin = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const made = await api.post<Schemas['export']>('/api/v1/exports', { body: { kind: 'customers', format: 'csv', ...(segment ? { segment } : {}) } })
      setId(made.id)
    } catch (e) { setError(e) }
    setBusy(false)
    setAsking(false)
  }
  const x = job.data
  return (
    <>
      <Button onClick={() => setAsking(true)} disabled={!count}>{t('export')}</Button>
      <Confirm open={asking} title={t('ask', { n: count ?? 0 })} yes={t('go', { n: count ?? 0 })} busy={busy} onYes={() => void begin()} onClose={() => setAsking(false)}>{t('body')}</Confirm>
      <Modal opened={id !== undefined || error !== undefined} onClose={() => { setId(undefined); setError(undefined) }} title={t('title')} closeButtonProps={{ 'aria-label': t('close') }} centered size={480}>
        {error !== undefined ? <ErrorNote error={error} retry={() => void begin()} />
          : job.error ? <ErrorNote error={job.error} retry={() => void job.refetch()} />
            : x?.status === 'failed' ? <Note kind="bad">{x.detail || t('failed')}</Note>
              : x?.status === 'done'
                ? <div className="between"><span>{t('done', { rows: x.rows, size: f.bytes(x.bytes ?? 0) })}</span><a className="btn primary" href={x.url ?? `/api/v1/exports/${encodeURIComponent(x.id)}/file`} download>{t('get')}</a></div>
                : <p role="status">{t('running', { rows: f.number(x?.rows ?? 0), of: x?.total ? t('of', { total: f.number(x.total) }) : '' })}</p>}
      </Modal>
    </>
  )
}
