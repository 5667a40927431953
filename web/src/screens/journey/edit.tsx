// The editor of a journey: always the next version, kept as a draft while it is written; customers stay on what runs.
import { TextInput } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useLocation, useParams } from 'wouter'
import { useQuery } from '@tanstack/react-query'
import { useQueryOf } from '~/api/search'
import { Problem, request } from '~/api/client'
import { useChannelList } from '~/api/lists'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Loaded, Loading, Note, SaveError, Segmented } from '~/parts'
import { WayBack } from '~/shell/frame'
import { JourneyGone } from './gone'
import { InspectorHead } from './inspector-head'
import './edit.css'
import { StepFields } from './edit-fields'
import type { Stock } from './edit-kinds'
import { AddMenu, StepRows, StepTable, StepTools, useRowActions } from './edit-rows'
import { type Editor, useEditor } from './edit-state'
import { GoalLine, Leave, Rules, Start, StartFields, Who } from './edit-top'
import { editWords } from './edit-words'
import { Glyph, IconDoorExit, triggerIcon } from './icons'
import './journey.css'
import { pathOfPointer, type Path, replaceAt, type Shown, stepAt } from './model'
import { useCoupons, useJourneys, useNames, useSegments, useTemplates } from './names'
import { plain, type Say, useSay } from './say'
import { journeyWords } from './words'

const Canvas = lazy(() => import('./canvas'))
type View = 'sentence' | 'table' | 'canvas'

function useStock(): Stock {
  const channels = useChannelList()
  return { templates: useTemplates().data ?? [], coupons: useCoupons().data ?? [], segments: useSegments().data ?? [], journeys: useJourneys().data ?? [], channels: [...new Set((channels.data ?? []).map((c) => c.channel))] }
}

export default function JourneyEdit() {
  const { id = '' } = useParams<{ id: string }>()
  const q = useQuery({ queryKey: ['journey', id, 'edited'], gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false, queryFn: () => request<Shown>('GET', '/api/v1/journeys/{id}', { path: { id } }) })
  const [round, setRound] = useState(0)
  if (!q.data && q.error instanceof Problem && q.error.status === 404) return <JourneyGone />
  if (!q.data) return <main className="page"><Loaded of={q} lines={10}>{() => null}</Loaded></main>
  return <Edit key={`${id} ${round}`} shown={q.data.data} tag={q.data.etag} anew={() => void q.refetch().then(() => setRound((n) => n + 1))} />
}

function Edit({ shown, tag, anew }: { shown: Shown; tag: string | null; anew: () => void }) {
  const t = useWords(editWords)
  const w = useWords(journeyWords)
  const f = useFormat()
  const text = useText()
  const [, go] = useLocation()
  const editor = useEditor(shown, tag)
  const stock = useStock()
  const say = useSay(useNames(editor.journey))
  const asked = useQueryOf().get('view')
  const [view, setView] = useState<View>(asked === 'table' || asked === 'canvas' ? asked : 'sentence')
  const to = `/journeys/${encodeURIComponent(shown.id)}`
  const name = text(editor.journey.name, shown.id)
  const status = { unchanged: t('unchanged'), saving: t('saving'), saved: t('saved', { at: f.clock(editor.savedAt ?? Date.now()) }), refused: t('notSaved'), failed: t('notSaved') }[editor.state]
  const finish = async () => { if (await editor.flush()) go(`${to}/launch`) }
  return (
    <>
      <WayBack to={to} name={name} title={t('title')} status={<span role="status" className={editor.state === 'refused' || editor.state === 'failed' ? 'ed-not' : ''}>{status}</span>}>
        <Segmented<View> value={view} onChange={setView} label={t('view')} options={[{ value: 'sentence', label: w('sentence') }, { value: 'table', label: w('table') }, { value: 'canvas', label: w('canvas') }]} />
        <Button small icon={IconArrowBackUp} disabled={!editor.undo} onClick={() => editor.undo?.()}>{t('undo')}</Button>
        <Button small primary disabled={editor.state === 'refused'} onClick={() => void finish()}>{t('next')}</Button>
      </WayBack>
      <main className={view === 'canvas' ? 'cv-page' : 'page ed-page'}>
        {view !== 'canvas' && <Head editor={editor} shown={shown} />}
        <Problems editor={editor} say={say} anew={anew} />
        {view === 'sentence' && <Sentences editor={editor} say={say} stock={stock} />}
        {view === 'table' && <><StepTable editor={editor} say={say} stock={stock} /><Around editor={editor} say={say} stock={stock} /></>}
        {view === 'canvas' && <CanvasEditor editor={editor} say={say} stock={stock} />}
      </main>
    </>
  )
}

function Head({ editor, shown }: { editor: Editor; shown: Shown }) {
  const t = useWords(editWords)
  const text = useText()
  const { journey, change } = editor
  const rename = (value: string) => change({ ...journey, name: journey.name && typeof journey.name === 'object' ? { ...journey.name, [t.lang]: value } : value })
  return (
    <div className="ed-head">
      <TextInput aria-label={t('nameLabel')} className="ed-name" maxLength={120} value={text(journey.name, journey.id)} onChange={(e) => rename(e.currentTarget.value)} />
      <p className="muted ed-sub">{[shown.version > 0 ? t('liveNote', { n: shown.version }) : '', t('rowHelp')].filter(Boolean).join(' ')}</p>
      <div className="ed-phone"><Note>{t('phone')}</Note></div>
    </div>
  )
}

function Problems({ editor, say, anew }: { editor: Editor; say: Say; anew: () => void }) {
  const t = useWords(editWords)
  if (editor.state === 'failed') return <div className="ed-problems"><SaveError error={editor.error} mine={editor.over} theirs={anew} /></div>
  if (editor.state !== 'refused') return null
  return (
    <div className="ed-problems">
      <Note kind="warn">
        <p className="m">{t('refused')}</p>
        <ul>{editor.errors.slice(0, 5).map((e) => {
          const path = pathOfPointer(e.path)
          const step = path && stepAt(editor.journey.steps, path)
          return <li key={e.path + e.message} className="wrap">{step ? `${plain(say.step(step))}: ` : ''}{e.message}</li>
        })}</ul>
      </Note>
    </div>
  )
}

type Parts = { editor: Editor; say: Say; stock: Stock }
function Block({ title, children }: { title: string; children: ReactNode }) {
  return <section className="card ed-block"><h2>{title}</h2>{children}</section>
}

function Sentences({ editor, say, stock }: Parts) {
  const t = useWords(editWords)
  const props = { journey: editor.journey, change: editor.change, say, stock }
  return (
    <div className="stack-5">
      <Block title={t('sStart')}>
        <div className="ed-line lead"><Glyph icon={triggerIcon(editor.journey.trigger)} start /><span className="ed-say"><Start {...props} /></span><AddMenu at={[0]} editor={editor} stock={stock} label={t('add')} /></div>
        <div className="ed-line lead"><span className="ed-gap" /><span className="ed-say"><Who {...props} /></span></div>
      </Block>
      <Block title={t('sSteps')}><StepRows editor={editor} say={say} stock={stock} /></Block>
      <Rest editor={editor} say={say} stock={stock} />
    </div>
  )
}

function Rest({ editor, say, stock }: Parts) {
  const t = useWords(editWords)
  const props = { journey: editor.journey, change: editor.change, say, stock }
  return (
    <>
      <Block title={t('sEnd')}><div className="ed-line lead"><Glyph icon={IconDoorExit} /><span className="ed-say"><Leave {...props} /></span></div></Block>
      <Block title={t('sGoal')}><div className="ed-line lead"><span className="ed-say"><GoalLine {...props} /></span></div></Block>
      <Block title={t('sRules')}><div className="ed-line lead"><span className="ed-say"><Rules {...props} /></span></div></Block>
    </>
  )
}

function Around({ editor, say, stock }: Parts) {
  const t = useWords(editWords)
  const props = { journey: editor.journey, change: editor.change, say, stock }
  return (
    <div className="stack-5" style={{ marginTop: 24 }}>
      <Block title={t('sStart')}><div className="ed-line lead"><span className="ed-say"><Start {...props} /></span></div><div className="ed-line lead"><span className="ed-say"><Who {...props} /></span></div></Block>
      <Rest editor={editor} say={say} stock={stock} />
    </div>
  )
}

function CanvasEditor({ editor, say, stock }: Parts) {
  const t = useWords(editWords)
  const [selected, setSelected] = useState<string>()
  const { move, remove } = useRowActions({ editor, say, stock })
  const inspector = (path: Path | undefined, close: () => void) => {
    const step = path && stepAt(editor.journey.steps, path)
    if (!path || !step)
      return <><InspectorHead title={t('sStart')} close={close} /><div style={{ marginTop: 16 }}><StartFields value={editor.journey.trigger} set={(trigger) => editor.change({ ...editor.journey, trigger })} say={say} stock={stock} /></div><div style={{ marginTop: 16 }}><AddMenu at={[0]} editor={editor} stock={stock} label={t('add')} big /></div></>
    const after = [...path.slice(0, -1), (path[path.length - 1] ?? 0) + 1]
    return (
      <>
        <InspectorHead title={plain(say.step(step))} close={close} />
        <div style={{ margin: '16px 0' }} key={selected}><StepFields step={step} onChange={(s) => editor.steps(replaceAt(editor.journey.steps, path, s))} journey={editor.journey} stock={stock} say={say} /></div>
        <div className="between"><AddMenu at={after} editor={editor} stock={stock} label={t('add')} big added={(p) => setSelected(p.join('.'))} />
          <StepTools path={path} step={step} say={say} move={(p, by) => { move(p, by); close() }} remove={(p) => { remove(p); close() }} /></div>
      </>
    )
  }
  return <Suspense fallback={<Loading />}><Canvas journey={editor.journey} figures={undefined} say={say} open={() => {}} inspector={inspector} selected={selected} onSelect={setSelected} wrong={editor.wrong} /></Suspense>
}
