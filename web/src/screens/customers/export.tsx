// export.tsx: a file of customers, made in the browser page by page. Who holds such a file holds the customers' data, so it
// asks first.
import { Modal } from '@mantine/core'
import { useRef, useState } from 'react'
import { api } from '~/api/client'
import { type Customer, ids } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords, words } from '~/i18n'
import { Bar, Button, Confirm, ErrorNote } from '~/parts'

const exportWords = words({
  en: {
    export: 'Export the list', ask: 'Make a file of {n, plural, one {one customer} other {# customers}}?', body: 'The file has names, addresses and numbers in full, and opens in Excel. Keep it as carefully as the customers themselves.', go: 'Make the file: {n, plural, one {# person} other {# people}}',
    title: 'The list as a file', running: '{rows} of {total}', stop: 'Stop', close: 'Close',
  },
  zh: {
    export: '导出名单', ask: '把 {n} 位客户导成文件？', body: '文件里有完整的姓名、地址和号码，可以用 Excel 打开。请像对待客户本人一样保管好它。', go: '导出 {n} 人',
    title: '名单文件', running: '{rows} / {total}', stop: '停止', close: '关闭',
  },
})
type Page = { items: Customer[]; next?: string }

/** A cell that a spreadsheet would take for a formula begins with an apostrophe. */
function cell(x: unknown): string {
  const text = x === null || x === undefined ? '' : typeof x === 'object' ? JSON.stringify(x) : String(x)
  const safe = typeof x === 'string' && /^[=+\-@\t\r]/.test(text) && !/^\+?\d+$/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe
}
function csv(list: Customer[]): string {
  const spaces = [...new Set(list.flatMap((c) => ids(c).map((i) => i.namespace)))].sort()
  const attributes = [...new Set(list.flatMap((c) => Object.keys(c.attributes ?? {})))].sort()
  const consents = [...new Set(list.flatMap((c) => Object.keys(c.consent ?? {})))].sort()
  const head = ['id', ...spaces, ...attributes, 'tags', ...consents.map((c) => `consent:${c}`), 'first_seen_at', 'last_seen_at']
  const rows = list.map((c) => [
    c.id, ...spaces.map((s) => ids(c).filter((i) => i.namespace === s).map((i) => i.value).join(';')), ...attributes.map((a) => (c.attributes as Record<string, unknown>)[a]), (c.tags ?? []).join(';'),
    ...consents.map((k) => (c.consent as Record<string, unknown>)[k]), c.first_seen_at, c.last_seen_at,
  ])
  return `\uFEFF${[head, ...rows].map((r) => r.map(cell).join(',')).join('\r\n')}\r\n`
}

export function ExportButton({ segment, filter, count }: { segment?: string | undefined; filter?: string | undefined; count: number | null | undefined }) {
  const t = useWords(exportWords)
  const f = useFormat()
  const [asking, setAsking] = useState(false)
  const [got, setGot] = useState<number | null>(null)
  const [error, setError] = useState<unknown>()
  const stop = useRef<AbortController>(undefined)
  const begin = async () => {
    setAsking(false)
    setError(undefined)
    setGot(0)
    const control = new AbortController()
    stop.current = control
    try {
      const list: Customer[] = []
      let cursor: string | undefined
      do {
        const page: Page = await api.get<Page>('/api/v1/customers', { query: { limit: 1000, segment, filter, cursor }, signal: control.signal })
        list.push(...page.items)
        cursor = page.next
        setGot(list.length)
      } while (cursor)
      const url = URL.createObjectURL(new Blob([csv(list)], { type: 'text/csv;charset=utf-8' }))
      const a = document.createElement('a')
      a.href = url
      a.download = `${segment ?? 'customers'}-${f.dayKey(new Date())}.csv`
      a.click()
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
      setGot(null)
    } catch (e) {
      setGot(null)
      if ((e as Error).name !== 'AbortError') setError(e)
    }
  }
  return (
    <>
      <Button onClick={() => setAsking(true)} disabled={!count}>{t('export')}</Button>
      <Confirm open={asking} title={t('ask', { n: count ?? 0 })} yes={t('go', { n: count ?? 0 })} onYes={() => void begin()} onClose={() => setAsking(false)}>{t('body')}</Confirm>
      <Modal opened={got !== null || error !== undefined} onClose={() => { stop.current?.abort(); setError(undefined) }} title={t('title')} closeButtonProps={{ 'aria-label': t('close') }} centered size={480}>
        {error !== undefined ? <ErrorNote error={error} retry={() => void begin()} /> : (
          <div className="stack" role="status">
            <p>{t('running', { rows: f.number(got ?? 0), total: f.number(count ?? 0) })}</p>
            <Bar share={count ? (got ?? 0) / count : 0} label={t('title')} />
            <Button onClick={() => stop.current?.abort()}>{t('stop')}</Button>
          </div>
        )}
      </Modal>
    </>
  )
}
