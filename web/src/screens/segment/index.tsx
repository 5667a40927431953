// A segment, or a new one: who belongs to it in sentences, and at once how many, who for example, and how they are reached.
// It is saved by a button and not while it is written: journeys start from segments, and half a sentence is everybody.
import { Menu, TextInput } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useLocation, useParams } from 'wouter'
import { api, Problem, request } from '~/api/client'
import { useQueryOf } from '~/api/search'
import { useText, useWords } from '~/i18n'
import { Button, Confirm, Empty, ErrorNote, LinkButton, Loaded, Note, PageHead, SaveError, toast, useErrorText } from '~/parts'
import { finished, type Predicate, PredicateRows, usePreview } from '~/predicate'
import { countsOf } from '~/predicate/preview'
import { ExportButton } from '../customers/export'
import '../customers/customers.css'
import type { Segment as Body } from '../segments'
import { Examples } from './examples'
import { History, people, Reach, Size, useHistory } from './side'
import './segment.css'
import { segmentWords } from './words'

export default function Segment() {
  const id = useParams<{ id: string }>().id ?? 'new'
  const q = useQuery({ queryKey: ['segment', id], enabled: id !== 'new', queryFn: () => request<Body>('GET', '/api/v1/segments/{id}', { path: { id } }) })
  const [round, setRound] = useState(0)
  if (id === 'new') return <Editor key="new" />
  if (!q.data && q.error instanceof Problem && q.error.status === 404) return <Gone />
  return q.data ? <Editor key={`${id} ${round}`} newest={q.data.data} tag={q.data.etag} anew={() => void q.refetch().then(() => setRound((n) => n + 1))} /> : <main className="page"><Loaded of={q}>{() => null}</Loaded></main>
}

const NEW: Predicate = { did: 'Order Completed', within: '30d' }
function given(search: URLSearchParams): Predicate {
  try {
    const p: unknown = JSON.parse(search.get('if') ?? '')
    return typeof p === 'object' && p !== null ? (p as Predicate) : NEW
  } catch { return NEW }
}

function Gone() {
  const t = useWords(segmentWords)
  return <main className="page"><Empty title={<span role="heading" aria-level={1}>{t('gone')}</span>} action={<LinkButton to="/customers/segments">{t('segments')}</LinkButton>}>{t('goneSub')}</Empty></main>
}

/** What is edited is what writing began with: a newer one comes in only while nothing is changed, or when asked for. */
function Editor({ newest, tag, anew }: { newest?: Body; tag?: string | null; anew?: () => void }) {
  const [begun, setBegun] = useState({ stored: newest, etag: tag })
  const { stored, etag } = begun
  const t = useWords(segmentWords)
  const text = useText()
  const client = useQueryClient()
  const say = useErrorText()
  const search = useQueryOf()
  const [, go] = useLocation()
  const storedName = text(stored?.name, stored?.id)
  const [name, setName] = useState(stored ? storedName : '')
  const [naming, setNaming] = useState(!stored)
  const [rule, setRule] = useState<Predicate>(() => stored?.if ?? given(search))
  const [asking, setAsking] = useState(false)
  const frozen = stored !== undefined && stored.if === undefined
  const { predicate, missing } = useMemo(() => (frozen ? { predicate: { segment: stored.id } as Predicate, missing: 0 } : finished(rule)), [rule, frozen, stored?.id])
  const preview = usePreview(predicate, !frozen)
  const total = usePreview(preview.data && preview.data.of === undefined ? EVERYBODY : null)
  const days = useHistory(stored?.id)
  const dirty = !frozen && (JSON.stringify(rule) !== JSON.stringify(stored?.if) || (stored !== undefined && name.trim() !== storedName))
  const count = preview.data?.count
  useEffect(() => {
    if (dirty || !newest || newest === stored) return
    setBegun({ stored: newest, etag: tag })
    if (newest.if) setRule(newest.if)
    setName(text(newest.name, newest.id))
  }, [dirty, newest, tag, stored, text])
  const save = useMutation({
    mutationFn: async (over: boolean = false) => {
      const body = { ...(stored ?? {}), name: stored && name.trim() === storedName ? stored.name : name.trim(), if: predicate }
      return stored ? request<Body>('PUT', '/api/v1/segments/{id}', { path: { id: stored.id }, body, ...(etag && !over ? { etag } : {}) }) : request<Body>('POST', '/api/v1/segments', { body: { name: body.name, if: predicate } })
    },
    onSuccess: async (answer) => {
      const made = answer.data
      setAsking(false)
      await client.invalidateQueries({ queryKey: ['segments'] })
      await client.invalidateQueries({ queryKey: ['vocabulary'] })
      if (!stored) go(`/customers/segments/${encodeURIComponent(made.id)}`, { replace: true })
      else {
        if (made.if) setRule(made.if)
        setBegun({ stored: made, etag: answer.etag })
        client.setQueryData(['segment', stored.id], answer)
        await client.invalidateQueries({ queryKey: ['segment', stored.id] })
      }
    },
    onError: () => setAsking(false),
  })
  const journey = useMutation({
    mutationFn: () => api.post<{ id: string }>('/api/v1/journeys', { body: { name: t('draftName', { name: storedName }), trigger: { segment: stored?.id, on: 'enter' }, steps: [] } }),
    onSuccess: (j) => { toast(t('journeyMade')); void client.invalidateQueries({ queryKey: ['journeys'] }); go(`/journeys/${encodeURIComponent(j.id)}/edit`) },
    onError: (e) => toast(say(e)),
  })
  const state = save.isPending ? t('saving') : missing > 0 ? t('unfinished') : dirty ? t('unsaved') : stored ? t('saved') : ''
  const ready = predicate !== null && missing === 0 && name.trim() !== '' && !preview.error && preview.settled
  const press = () => { if (name.trim() === '') setNaming(true); else if (stored && JSON.stringify(rule) !== JSON.stringify(stored.if)) setAsking(true); else save.mutate(false) }
  const draft = dirty || !stored
  return (
    <main className="page">
      <PageHead
        crumbs={[{ to: '/customers', name: t('customers') }, { to: '/customers/segments', name: t('segments') }]}
        title={naming
          ? <TextInput className="sg-title" aria-label={t('name')} placeholder={t('name')} value={name} maxLength={120} autoFocus={stored !== undefined} onChange={(e) => setName(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter' && stored) setNaming(false) }} />
          : <button type="button" className="sg-rename" onClick={() => setNaming(true)} title={t('rename')}>{name}</button>}
        sub={<span className="small dim" role="status">{state}</span>}>
        {stored && dirty && <Button plain onClick={() => { setRule(stored.if ?? {}); setName(storedName) }}>{t('back')}</Button>}
        {stored && !dirty && <More stored={stored} name={storedName} count={count ?? 0} />}
        {stored && !dirty && <ExportButton segment={stored.id} count={count} />}
        {stored && !dirty
          ? <Button primary busy={journey.isPending} onClick={() => journey.mutate()}>{t('use')}</Button>
          : <Button primary disabled={!ready} busy={save.isPending} title={name.trim() === '' ? t('needName') : undefined} onClick={press}>{count === undefined || !ready ? t('keepPlain') : t(stored ? 'change' : 'keep', { n: count })}</Button>}
      </PageHead>
      {save.error && <div style={{ marginBottom: 16 }}><SaveError error={save.error} busy={save.isPending} mine={() => save.mutate(true)} theirs={() => { save.reset(); anew?.() }} /></div>}
      <div className="cols sg-cols">
        <div className="stack sg-stack">
          {frozen ? <Note>{t('frozen')}</Note> : (
            <section className="card">
              <PredicateRows value={rule} onChange={setRule} head="many" counts={countsOf(rule, preview.data?.left ?? [])} />
            </section>
          )}
          {preview.error ? <ErrorNote error={preview.error} retry={() => void preview.refetch()} /> : null}
          {preview.data && predicate && <Examples predicate={predicate} sample={preview.data.sample} count={preview.data.count} />}
        </div>
        <aside className="stack sg-stack">
          <Size preview={predicate ? preview.data : undefined} total={total.data?.count} draft={draft} settled={preview.settled} history={days.data ?? []} to={!draft && stored ? `/customers?segment=${encodeURIComponent(stored.id)}` : predicate ? people(predicate) : undefined} />
          {preview.data && predicate && <Reach preview={preview.data} predicate={predicate} />}
          {stored && !frozen && <History id={stored.id} days={days} />}
        </aside>
      </div>
      <Confirm open={asking} title={t('confirmTitle', { n: count ?? 0, name: name.trim() })} yes={t('change', { n: count ?? 0 })} busy={save.isPending} onYes={() => save.mutate(false)} onClose={() => setAsking(false)}>
        <p>{t('confirmBody', { now: stored?.members ?? 0 })}</p><p style={{ marginTop: 8 }}>{t('confirmBodyPlain')}</p>
      </Confirm>
    </main>
  )
}
const EVERYBODY: Predicate = { all: [] }

function More({ stored, name, count }: { stored: Body; name: string; count: number }) {
  const t = useWords(segmentWords)
  const client = useQueryClient()
  const say = useErrorText()
  const [, go] = useLocation()
  const [asking, setAsking] = useState(false)
  const snapshot = useMutation({
    mutationFn: () => api.post<Body>('/api/v1/segments/{id}/snapshot', { path: { id: stored.id }, body: { name: `${name} ${new Date().toISOString().slice(0, 10)}` } }),
    onSuccess: (s) => { toast(t('snapshotDone', { n: s.members ?? count })); void client.invalidateQueries({ queryKey: ['segments'] }); go(`/customers/segments/${encodeURIComponent(s.id)}`) },
    onError: (e) => toast(say(e)),
  })
  const remove = useMutation({
    mutationFn: () => api.delete('/api/v1/segments/{id}', { path: { id: stored.id } }),
    onSuccess: () => { toast(t('removed', { name })); void client.invalidateQueries({ queryKey: ['segments'] }); go('/customers/segments') },
    onError: (e) => { setAsking(false); toast(say(e)) },
  })
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target><button type="button" className="btn cu-dots" aria-label={t('more')}><IconDots size={20} stroke={1.75} aria-hidden /></button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => snapshot.mutate()}>{t('snapshot')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => setAsking(true)}>{t('remove')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm bad open={asking} title={t('removeTitle', { name })} yes={t('removeYes')} busy={remove.isPending} onYes={() => remove.mutate()} onClose={() => setAsking(false)}>{t('removeBody', { n: count })}</Confirm>
    </>
  )
}
