// import.tsx: a file dropped, looked at, and brought in. The server reads it dry first: what each column means and which rows
// cannot be taken is known before anything changes.
import { Select } from '@mantine/core'
import { IconFileSpreadsheet, IconUpload } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type DragEvent, useEffect, useId, useMemo, useState } from 'react'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Bar, Button, ErrorNote, Loading, Note, Segmented } from '~/parts'
import { dataWords } from '~/screens/data/words'
import './import.css'
import { Refused } from './refused'
import { type Import, sendFile, useImport } from './run'
import { guessKind, type ImportKind, targetsOf, wordOf } from './targets'

export function DropZone({ onFile, compact }: { onFile: (f: File) => void; compact?: boolean }) {
  const t = useWords(dataWords)
  const id = useId()
  const [over, setOver] = useState(false)
  const drop = (e: DragEvent) => { e.preventDefault(); setOver(false); const f = e.dataTransfer.files[0]; if (f) onFile(f) }
  return (
    <div className={`drop ${over ? 'over' : ''} ${compact ? 'compact' : ''}`} onDragOver={(e) => { e.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={drop}>
      <IconUpload size={24} stroke={1.75} aria-hidden className="dim" />
      <p className="b">{t('dropTitle')}</p>
      <p className="muted">{t('dropBody')}</p>
      <label htmlFor={id} className="btn" style={{ marginTop: 8 }}>{t('choose')}</label>
      <input id={id} type="file" className="sr" accept=".csv,.tsv,.txt,.xlsx,.ndjson,.jsonl,.json" onChange={(e) => { const f = e.currentTarget.files?.[0]; if (f) onFile(f); e.currentTarget.value = '' }} />
    </div>
  )
}

function Meaning({ column, target, kind, set }: { column: string; target: string; kind: ImportKind; set: (t: string) => void }) {
  const t = useWords(dataWords)
  const own = kind === 'customers' ? `attribute:${column}` : `property:${column}`
  const data = useMemo(() => {
    const list = targetsOf(kind).map((x) => { const w = wordOf(x); return { value: x, label: w ? t(w) : x } })
    for (const extra of [own, target]) if (!list.some((x) => x.value === extra) && extra !== '-') list.push({ value: extra, label: t('other', { name: extra.replace(/^(attribute|property):/, '') }) })
    return [...list, { value: '-', label: t('skip') }]
  }, [kind, own, target, t])
  return <Select aria-label={`${column}: ${t('means')}`} data={data} value={target} searchable onChange={(v) => { if (v) set(v) }} />
}

export function ImportFile({ file, kind: first, onDone, onCancel }: { file: File; kind?: ImportKind; onDone: (i: Import) => void; onCancel: () => void }) {
  const t = useWords(dataWords)
  const f = useFormat()
  const client = useQueryClient()
  const [kind, setKind] = useState<ImportKind | null>(first ?? null)
  const [mode, setMode] = useState<'history' | 'live'>('history')
  const [mapping, setMapping] = useState<Record<string, string>>()
  const [dryId, setDryId] = useState<string>()
  const [realId, setRealId] = useState<string>()
  useEffect(() => {
    if (kind) return
    void file.slice(0, 4096).text().then((head) => setKind(/\.xlsx$/i.test(file.name) ? 'customers' : guessKind(head)))
  }, [file, kind])
  const check = useMutation({ mutationFn: (a: { kind: ImportKind; mapping?: Record<string, string> | undefined }) => sendFile(file, { kind: a.kind, dry: true, mapping: a.mapping }), onSuccess: (i) => setDryId(i.id) })
  const { mutate: ask } = check
  useEffect(() => { if (kind) ask({ kind, mapping }) }, [kind, mapping, ask])
  const dry = useImport(dryId)
  const run = useMutation({ mutationFn: () => sendFile(file, { kind: kind ?? 'customers', mode, mapping: mapping ?? dry.data?.mapping }), onSuccess: (i) => setRealId(i.id) })
  const real = useImport(realId, (i) => {
    if (i.status !== 'done') return
    void client.invalidateQueries()
    onDone(i)
  })
  const d = dry.data
  const ready = d && d.status === 'done' && !check.isPending
  const chosen = (c: string) => mapping?.[c] ?? d?.mapping?.[c] ?? '-'
  if (realId && !run.error) {
    const r = real.data
    return (
      <div className="stack">
        <p className="b">{file.name}</p>
        {r?.status === 'failed' ? <Note kind="bad">{r.detail}</Note> : (
          <>
            <Bar share={r && d?.rows ? r.rows / d.rows : 0} label={`${r?.rows ?? 0} / ${d?.rows ?? 0}`} />
            <p className="small dim num" role="status">{f.number(r?.rows ?? 0)} / {f.number(d?.rows ?? 0)}</p>
          </>
        )}
      </div>
    )
  }
  return (
    <div className="stack">
      <div className="between" style={{ flexWrap: 'wrap' }}>
        <p className="row"><IconFileSpreadsheet size={22} stroke={1.75} aria-hidden className="dim" /><span className="b clip">{file.name}</span><span className="small dim">{f.bytes(file.size)}</span></p>
        <Segmented label={t('kind')} value={kind ?? 'customers'} onChange={(k) => { setMapping(undefined); setKind(k) }} options={(['customers', 'orders', 'events'] as const).map((k) => ({ value: k, label: t(k) }))} />
      </div>
      {check.error && <ErrorNote error={check.error} retry={() => kind && ask({ kind, mapping })} />}
      {d?.status === 'failed' && <Note kind="bad">{d.detail}</Note>}
      {!d && !check.error && <Loading lines={5} />}
      {d && d.status !== 'failed' && (
        <>
          <div><h3>{t('mapTitle')}</h3><p className="small muted">{t('mapBody', { rows: d.rows, read: (d.read_as ?? '').replace(/, delimiter.*$/, '').replace(/^(csv|xlsx|ndjson)/, (x) => (x === 'xlsx' ? 'Excel' : x.toUpperCase())) })}</p></div>
          <div className="table-scroll">
            <table className="tbl map-table">
              <thead><tr><th>{t('column')}</th><th>{t('means')}</th><th>{t('example')}</th></tr></thead>
              <tbody>
                {(d.preview?.columns ?? []).map((c, i) => (
                  <tr key={c}>
                    <td className="m wrap">{c}</td>
                    <td style={{ minWidth: 200 }}><Meaning column={c} target={chosen(c)} kind={kind ?? 'customers'} set={(x) => setMapping({ ...d.mapping, ...mapping, [c]: x })} /></td>
                    <td className="muted small wrap">{[...new Set((d.preview?.rows ?? []).map((r) => r[i]).filter(Boolean))].slice(0, 3).join(t.lang === 'zh' ? '、' : ', ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <div className="row" style={{ flexWrap: 'wrap' }} role="status">
            {ready ? <span className="m">{t('willTake', { n: d.accepted })}</span> : <span className="dim">{t('checking')}</span>}
            {ready && d.rejected > 0 && <span className="alone-error">{t('cannotTake', { n: d.rejected })}</span>}
          </div>
          {ready && d.rejected > 0 && <Refused id={d.id} n={d.rejected} />}
          {kind !== 'customers' && <Select label={t('mode')} description={t('modeNote')} data={[{ value: 'history', label: t('history') }, { value: 'live', label: t('liveMode') }]} value={mode} onChange={(m) => setMode(m === 'live' ? 'live' : 'history')} />}
        </>
      )}
      {run.error && <ErrorNote error={run.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onCancel}>{t('cancel')}</Button>
        <Button primary busy={run.isPending} disabled={!ready || d.accepted === 0} onClick={() => run.mutate()}>{t('start', { n: d?.accepted ?? 0 })}</Button>
      </div>
    </div>
  )
}
