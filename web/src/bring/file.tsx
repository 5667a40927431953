// Customers out of a file: read once without bringing anything, its columns in words, then brought.
import { Checkbox, Select } from '@mantine/core'
import { IconFileSpreadsheet } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type DragEvent, useRef, useState } from 'react'
import { api, Problem } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Note, toast, useErrorText } from '~/parts'
import { type Import, sendFile, useImport } from '~/imports/run'
import './bring.css'
import { bringWords } from './words'

const KNOWN = ['email', 'phone', 'user_id', 'member_no', 'attribute:name', 'attribute:birthday', 'attribute:expires_on', 'attribute:owner', 'attribute:language', 'attribute:gender', 'attribute:city', 'tag', 'consent:email', 'consent:sms']
const WORDED = ['email', 'phone', 'user_id', 'member_no', 'name', 'birthday', 'expires_on', 'tag', 'consent:email', 'consent:sms', 'owner', 'language', 'gender', 'city'] as const
const WHO = ['email', 'phone', 'user_id', 'member_no', 'external_id', 'openid', 'unionid', 'wecom']

/** What the target of a column is called; `attribute:x` and namespaces by their words where there are some. */
function useTarget() {
  const t = useWords(bringWords)
  return (target: string) => {
    const bare = target.replace(/^attribute:/, '')
    const known = WORDED.find((w) => w === bare)
    if (known) return t(known)
    if (target === '-') return t('ignore')
    return target.startsWith('attribute:') ? t('keep', { name: bare }) : t('id', { name: bare })
  }
}

function Columns({ read, mapping, onChange, wanted }: { read: Import; mapping: Record<string, string>; onChange: (column: string, target: string) => void; wanted?: string | undefined }) {
  const t = useWords(bringWords)
  const name = useTarget()
  const [all, setAll] = useState(false)
  const columns = read.preview?.columns ?? []
  const target = (c: string) => mapping[c] ?? read.mapping?.[c] ?? '-'
  const understood = columns.filter((c) => target(c) !== `attribute:${c}` || mapping[c] !== undefined)
  const shown = all || understood.length === 0 ? columns : understood
  const options = [...new Set([...(wanted ? [`attribute:${wanted}`] : []), ...KNOWN])]
  return (
    <>
      <p className="small dim">{t('columns')}</p>
      <table className="tbl bring-cols">
        <thead><tr><th>{t('column')}</th><th>{t('example')}</th><th>{t('means')}</th></tr></thead>
        <tbody>
          {shown.map((c) => (
            <tr key={c}>
              <td className="wrap">{c}</td>
              <td className="dim clip">{read.preview?.rows.map((r) => r[columns.indexOf(c)]).find((x) => x) ?? ''}</td>
              <td><Select aria-label={`${t('means')}: ${c}`} size="sm" allowDeselect={false} value={target(c)} onChange={(v) => v && onChange(c, v)}
                data={[...new Set([...options, target(c), `attribute:${c}`, '-'])].map((v) => ({ value: v, label: name(v) }))} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < columns.length && <p className="small dim">{t('rest', { n: columns.length - shown.length })}{' '}<button type="button" className="link" onClick={() => setAll(true)}>{t('all')}</button></p>}
    </>
  )
}

/** `wanted`: the attribute that is asked for. `channels`: by which they will be written to. */
export function BringFile({ wanted, channels = ['email'], onDone }: { wanted?: string | undefined; channels?: string[]; onDone?: () => void }) {
  const t = useWords(bringWords)
  const say = useErrorText()
  const f = useFormat()
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File>()
  const [over, setOver] = useState(false)
  const [mapping, setMapping] = useState<Record<string, string>>({})
  const [agreed, setAgreed] = useState<Record<string, boolean>>({})
  const [readId, setReadId] = useState<string>()
  const [bringId, setBringId] = useState<string>()
  const read = useImport(readId)
  const bring = useImport(bringId, (i) => { if (i.status === 'done') { void client.invalidateQueries(); onDone?.() } })
  const look = useMutation({ mutationFn: (x: File) => sendFile(x, { kind: 'customers', dry: true }), onSuccess: (i) => setReadId(i.id) })
  const targets = (columns: string[]) => columns.map((c) => mapping[c] ?? read.data?.mapping?.[c] ?? '-')
  const columns = read.data?.preview?.columns ?? []
  const askable = channels.filter((c) => (c === 'email' || c === 'sms') && targets(columns).includes(c === 'sms' ? 'phone' : 'email') && !targets(columns).includes(`consent:${c}`))
  const go = useMutation({ mutationFn: () => sendFile(file as File, { kind: 'customers', mapping, consent: askable.filter((c) => agreed[c]) }), onSuccess: (i) => setBringId(i.id) })
  const undo = useMutation({ mutationFn: () => api.post('/api/v1/imports/{id}/undo', { path: { id: bringId } }), onSuccess: () => { again(); toast(t('undone')); void client.invalidateQueries() }, onError: (e) => toast(say(e)) })
  function again() { setFile(undefined); setReadId(undefined); setBringId(undefined); setMapping({}); setAgreed({}); look.reset(); go.reset() }
  const take = (x: File | undefined) => { if (x) { again(); setFile(x); look.mutate(x) } }
  const drop = (e: DragEvent) => { e.preventDefault(); setOver(false); take(e.dataTransfer.files[0]) }
  const error = look.error ?? go.error
  const other = <Button small onClick={again}>{t('other')}</Button>
  if (error) return <Note kind="bad" action={other}>{error instanceof Problem && error.status === 413 ? t('tooLarge') : say(error)}</Note>
  const failed = [read.data, bring.data].find((i) => i?.status === 'failed')
  if (failed) return <Note kind="bad" action={other}>{t('failed', { why: failed.detail ?? '' })}</Note>
  if (bring.data?.status === 'done')
    return <Note kind="good" action={<Button small plain busy={undo.isPending} onClick={() => undo.mutate()}>{t('undo')}</Button>}><p className="m">{t('done', { n: bring.data.accepted })}</p></Note>
  if (!file)
    return (
      <div className={`bring-drop ${over ? 'over' : ''}`} onDragOver={(e) => { e.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={drop}>
        <IconFileSpreadsheet size={28} stroke={1.5} aria-hidden />
        <div className="grow"><p className="m">{t('drop')}</p><p className="small dim">{t('dropHow')}</p></div>
        <input ref={input} type="file" className="sr" tabIndex={-1} aria-hidden accept=".csv,.xlsx,.txt,.tsv,.ndjson,.jsonl,text/csv" onChange={(e) => take(e.currentTarget.files?.[0])} />
        <Button onClick={() => input.current?.click()}>{t('choose')}</Button>
      </div>
    )
  if (read.data?.status !== 'done') return <p className="muted" role="status">{t('reading', { name: file.name })}</p>
  const nobody = read.data.accepted === 0
  const named = targets(columns).some((x) => WHO.includes(x))
  return (
    <div className="stack bring-read">
      <p className="m">{t('found', { n: read.data.accepted, name: file.name })}</p>
      <Columns read={read.data} mapping={mapping} wanted={wanted} onChange={(c, v) => setMapping((m) => ({ ...m, [c]: v }))} />
      {!named ? <Note kind="warn">{t('whoMissing')}</Note> : nobody ? <Note kind="warn">{t('badAll')}</Note> : read.data.rejected > 0 && (
        <Note kind="warn" action={<a className="btn sm" href={`/api/v1/imports/${encodeURIComponent(read.data.id)}/errors`} download>{t('see')}</a>}>{t('bad', { n: f.number(read.data.rejected) })}</Note>
      )}
      {askable.map((c) => <Checkbox key={c} label={t(c === 'sms' ? 'agreedSms' : 'agreedEmail')} description={t('agreedHelp')} checked={agreed[c] ?? false} onChange={(e) => { const { checked } = e.currentTarget; setAgreed((a) => ({ ...a, [c]: checked })) }} />)}
      <div className="row bring-do">
        <Button onClick={() => go.mutate()} disabled={!named} busy={go.isPending || !!bringId} className="strong">{bringId ? t('importing', { n: read.data.accepted }) : t('bring', { n: read.data.accepted })}</Button>
        {other}
      </div>
    </div>
  )
}
