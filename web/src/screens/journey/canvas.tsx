// canvas.tsx: the same journey as a drawing that lays itself out. Nothing can be dragged out of place; a press on a box opens
// its inspector.
import { BaseEdge, Background, BackgroundVariant, type Edge, EdgeLabelRenderer, type EdgeProps, Handle, type Node, type NodeProps, Position, ReactFlow, ReactFlowProvider, useReactFlow, useViewport } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { IconMinus, IconPlus } from '@tabler/icons-react'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { refusalName } from '~/messages/words'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button } from '~/parts'
import './canvas.css'
import { IconDoorExit, stepIcon, triggerIcon } from './icons'
import { InspectorHead } from './inspector-head'
import { BOX, draw, elbow, type Link as Way, type Place } from './layout'
import { armsOf, type Journey, kindOf, type Path, pathKey, type Step } from './model'
import type { Ask } from './people'
import { type Figures, tookArm } from './report'
import { bold, plain, type Say } from './say'
import { channelTitle, entryName as entry } from './verbs'
import { journeyWords } from './words'

type Shared = { journey: Journey; figures: Figures | undefined; say: Say; selected: string | undefined; select: (key: string | undefined) => void; wrong: Set<string> }
const Sharing = createContext<Shared | undefined>(undefined)
const useShared = () => useContext(Sharing) as Shared

type BoxNode = Node<{ place: Place }>
type WayEdge = Edge<{ way: Way }>

/** Heading of a box: "SMS: Still waiting", "Wait 1 hour". */
function headOf(step: Step, say: Say): string {
  if (step.send) return `${channelTitle(say.lang, step.send.channel)}${say.lang === 'zh' ? '：' : ': '}${say.step(step).filter((p) => p.strong).map((p) => p.text).join('')}`
  const asked = question(step)
  if (asked) { const cond = say.predicate(asked); return `${cond.charAt(0).toUpperCase()}${cond.slice(1)}${say.lang === 'zh' ? '？' : '?'}` }
  return plain(say.step(step))
}
/** A branch of one condition and the rest is a question with "yes" and "everyone else". */
const question = (step: Step) => (step.branch?.length === 2 && step.branch[0]?.if && step.branch[1]?.else ? step.branch[0].if : undefined)
/** "Puts something into the cart": the start without its "when". */
function startOf(journey: Journey, say: Say): string {
  const said = say.trigger(journey.trigger)
  const what = journey.trigger.event ? said.filter((p) => p.strong).map((p) => p.text).join('') : plain(said)
  return what.charAt(0).toUpperCase() + what.slice(1)
}

function numberOf(step: Step, figures: Figures | undefined): { n: number; word: 'sentShort' | 'waitingShort' | 'cameShort' | 'given' | 'tagged' | 'asked' } | undefined {
  const x = figures?.of.get(step.id ?? '')
  if (!x) return undefined
  const kind = kindOf(step)
  if (kind === 'send') return { n: x.sent, word: 'sentShort' }
  if (kind === 'wait') return { n: x.now, word: 'waitingShort' }
  if (kind === 'coupon') return { n: x.came, word: 'given' }
  if (kind === 'tag') return { n: x.came, word: 'tagged' }
  if (kind === 'task') return { n: x.came, word: 'asked' }
  return { n: x.came, word: 'cameShort' }
}

const Ends = () => <><Handle type="target" position={Position.Top} isConnectable={false} /><Handle type="source" position={Position.Bottom} isConnectable={false} /></>

function Box({ data: { place } }: NodeProps<BoxNode>) {
  const { journey, figures, say, selected, select, wrong } = useShared()
  const t = useWords(journeyWords)
  const f = useFormat()
  if (place.kind === 'end') return <div className="cv-end"><Ends />{t('endHere')}</div>
  if (place.kind === 'arm') {
    const n = tookArm(figures, place.of, place.index)
    const name = question(place.of) && place.index === 0 ? t('yes') : plain(say.arm(place.arm))
    return <div className="cv-arm" title={name}><Ends /><span className="clip">{name}</span>{n !== undefined && <span className="num nowrap">&nbsp;· {f.number(n)}</span>}</div>
  }
  const step = place.kind === 'step' ? place.step : undefined
  const key = place.kind === 'step' ? pathKey(place.path) : 'start'
  const I = step ? stepIcon(step) : triggerIcon(journey.trigger)
  const number = step ? numberOf(step, figures) : figures ? { n: figures.report.entered, word: 'inShort' as const } : undefined
  const x = figures?.of.get(step?.id ?? '')
  const aside = figures?.report.refused_by?.holdout ?? 0
  const head = step ? headOf(step, say) : startOf(journey, say)
  const note = step
    ? step.branch ? t('firstWins') : step.split ? t('drawn') : x?.notSent ? t('notSentShort', { n: f.number(x.notSent) }) : ''
    : aside ? t('notAgainstAside', { n: f.number(aside) }) : say.again(journey)
  const dashed = step?.wait !== undefined
  return (
    <button type="button" className={`cv-box ${step ? '' : 'start'} ${dashed ? 'wait' : ''} ${selected === key ? 'sel' : ''} ${wrong.has(key) ? 'wrong' : ''}`} aria-pressed={selected === key} onClick={() => select(selected === key ? undefined : key)}>
      <Ends />
      <span className="cv-ic" aria-hidden><I size={20} stroke={1.75} /></span>
      <span className="cv-said"><b className={note ? '' : 'two'} title={head}>{head}</b>{note && <span className="small dim">{note}</span>}</span>
      {number && <span className="cv-num num">{f.number(number.n)}<small>{t(number.word)}</small></span>}
    </button>
  )
}

function WayLine({ id, sourceX, sourceY, targetX, targetY, data }: EdgeProps<WayEdge>) {
  const { figures, journey } = useShared()
  const f = useFormat()
  const way = data?.way
  const from = way?.from.startsWith('s') ? way.from : ''
  const before = from && way?.into ? stepBefore(journey, from) : undefined
  const passed = before?.wait && way?.into?.id ? figures?.of.get(way.into.id)?.came : undefined
  return (
    <>
      <BaseEdge id={id} path={elbow(sourceX, sourceY, targetX, targetY, way?.bend ?? (sourceY + targetY) / 2)} />
      {passed !== undefined && passed > 0 && <EdgeLabelRenderer><span className="cv-pass num" style={{ transform: `translate(-50%,-50%) translate(${targetX}px,${(sourceY + targetY) / 2}px)` }}>{f.number(passed)}</span></EdgeLabelRenderer>}
    </>
  )
}
function stepBefore(journey: Journey, node: string): Step | undefined {
  const path = node.slice(1).split('-').map(Number)
  let list = journey.steps
  for (let i = 0; i + 1 < path.length; i += 2) list = armsOf(list[path[i] ?? 0] as Step)?.[path[i + 1] ?? 0]?.steps ?? []
  return list[path[path.length - 1] ?? 0]
}

const nodeTypes = { box: Box }
const edgeTypes = { way: WayLine }

function Zoom() {
  const t = useWords(journeyWords)
  const flow = useReactFlow()
  const { zoom } = useViewport()
  return (
    <div className="cv-zoom">
      <button type="button" className="tool" aria-label={t('zoomOut')} onClick={() => void flow.zoomOut()}><IconMinus size={18} stroke={1.75} aria-hidden /></button>
      <span className="num small cv-percent" aria-live="off">{Math.round(zoom * 100)}%</span>
      <button type="button" className="tool" aria-label={t('zoomIn')} onClick={() => void flow.zoomIn()}><IconPlus size={18} stroke={1.75} aria-hidden /></button>
      <button type="button" className="tool" onClick={() => void flow.fitView({ padding: 0.08, maxZoom: 1 })}>{t('fit')}</button>
    </div>
  )
}

type CanvasProps = {
  journey: Journey; figures: Figures | undefined; say: Say; open: (ask: Ask) => void
  /** For the editor: what to show for a box instead of its numbers; '' is the start. */
  inspector?: (path: Path | undefined, close: () => void) => ReactNode
  selected?: string | undefined; onSelect?: (key: string | undefined) => void; wrong?: Set<string>
}

function Drawing({ journey, figures, say, open, inspector, selected: outer, onSelect, wrong }: CanvasProps) {
  const t = useWords(journeyWords)
  const [own, setOwn] = useState<string>()
  const selected = onSelect ? outer : own
  const select = onSelect ?? setOwn
  const frame = useRef<HTMLDivElement>(null)
  const flow = useReactFlow()
  const drawing = useMemo(() => draw(journey.steps), [journey.steps])
  const nodes = useMemo<BoxNode[]>(() => drawing.places.map((place) => {
    const w = place.kind === 'arm' ? 260 : place.kind === 'end' ? 72 : BOX.width
    const h = place.kind === 'arm' ? 24 : place.kind === 'end' ? 32 : BOX.height
    return { id: place.id, type: 'box', position: { x: place.x - w / 2, y: place.y - (place.kind === 'arm' ? 12 : 0) }, width: w, height: h, data: { place }, draggable: false, selectable: false, connectable: false }
  }), [drawing])
  const edges = useMemo<WayEdge[]>(() => drawing.links.map((way) => ({ id: way.id, source: way.from, target: way.to, type: 'way', data: { way }, selectable: false, focusable: false })), [drawing])
  const width = drawing.width
  useEffect(() => {
    const w = frame.current?.clientWidth ?? 1200
    const room = w > 1100 ? w - 420 : w - 32
    const zoom = Math.max(0.4, Math.min(1, room / width))
    void flow.setViewport({ x: (w > 1100 ? (w - 300) / 2 : w / 2), y: w > 700 ? 32 : 76, zoom })
  }, [flow, width])
  const exits = say.exits(journey)
  const path = selected === undefined || selected === 'start' ? undefined : selected.split('.').map(Number)
  const shared = useMemo(() => ({ journey, figures, say, selected, select, wrong: wrong ?? new Set<string>() }), [journey, figures, say, selected, select, wrong])
  const place = drawing.places.find((p) => p.kind === 'step' && pathKey(p.path) === selected)
  return (
    <Sharing.Provider value={shared}>
      <div className="cv" ref={frame} aria-label={t('canvasLabel')} role="region">
        <ReactFlow nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false} onNodeClick={() => {}}
          minZoom={0.3} maxZoom={1.5} panOnScroll zoomOnDoubleClick={false} proOptions={{ hideAttribution: true }} onPaneClick={() => select(undefined)}>
          <Background variant={BackgroundVariant.Dots} gap={22} size={2} color="var(--line)" />
        </ReactFlow>
        {exits.length > 0 && <div className="cv-exit"><IconDoorExit size={20} stroke={1.75} aria-hidden /><span>{bold(exits)}{figures?.report.ended_by?.exit ? <>: <button type="button" className="count" onClick={() => open({ of: 'ended' })}>{figures.report.ended_by.exit}</button></> : null}</span></div>}
        <Zoom />
        {selected !== undefined && (
          <aside className="cv-insp" aria-label={t('cStep')}>
            {inspector ? inspector(path, () => select(undefined)) : place?.kind === 'step' ? <Inspector step={place.step} figures={figures} say={say} open={open} close={() => select(undefined)} /> : <StartInspector journey={journey} figures={figures} say={say} open={open} close={() => select(undefined)} />}
          </aside>
        )}
      </div>
    </Sharing.Provider>
  )
}

function Line({ label, n, ask, open }: { label: string; n: number; ask?: Ask; open: (ask: Ask) => void }) {
  const f = useFormat()
  return <div className="cv-kv"><dt>{label}</dt><dd className="num">{n && ask ? <button type="button" className="count b" onClick={() => open(ask)}>{f.number(n)}</button> : <b className="b">{f.number(n)}</b>}</dd></div>
}

function Inspector({ step, figures, say, open, close }: { step: Step; figures: Figures | undefined; say: Say; open: (ask: Ask) => void; close: () => void }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const x = figures?.of.get(step.id ?? '')
  const what = say.step(step).filter((p) => p.strong).map((p) => p.text).join(' ')
  const at = { step: step.id ?? '', what }
  const reasons = Object.entries(x?.reasons ?? {}).sort((a, b) => b[1] - a[1])
  const sends = step.send !== undefined
  return (
    <>
      <InspectorHead title={headOf(step, say)} close={close} />
      <p className="cv-words">{plain(say.step(step))}</p>
      {x && (
        <dl>
          <Line label={t('arrived')} n={x.came} open={open} />
          {(x.now > 0 || step.wait) && <Line label={t('cWaiting')} n={x.now} ask={{ of: 'waiting', ...at }} open={open} />}
          {sends && <Line label={t('cSent')} n={x.sent} ask={{ of: 'sent', ...at }} open={open} />}
          {sends && <Line label={t('cDelivered')} n={x.delivered} ask={{ of: 'delivered', ...at }} open={open} />}
          {sends && <Line label={t('cOpened')} n={x.opened} ask={{ of: 'opened', ...at }} open={open} />}
          {sends && <Line label={t('cClicked')} n={x.clicked} ask={{ of: 'clicked', ...at }} open={open} />}
          {sends && <Line label={t('cNotSent')} n={x.notSent} ask={{ of: 'not_sent', ...at }} open={open} />}
        </dl>
      )}
      {reasons.length > 0 && <p className="small dim" style={{ margin: '2px 0 16px' }}>{reasons.map(([r, n]) => `${refusalName(say.lang, r)} ${f.number(n)}`).join(say.lang === 'zh' ? '，' : ', ')}</p>}
      {x && (
        <div className="row" style={{ gap: 8, marginTop: 12 }}>
          {sends && x.sent > 0 && <Button small onClick={() => open({ of: 'sent', ...at })}>{t('seeAll')}</Button>}
          {!sends && x.now > 0 && <Button small onClick={() => open({ of: 'waiting', ...at })}>{t('seeAll')}</Button>}
          {x.notSent > 0 && <Button small plain onClick={() => open({ of: 'not_sent', ...at })}>{t('whyNot')}</Button>}
        </div>
      )}
    </>
  )
}

function StartInspector({ journey, figures, say, open, close }: { journey: Journey; figures: Figures | undefined; say: Say; open: (ask: Ask) => void; close: () => void }) {
  const t = useWords(journeyWords)
  return (
    <>
      <InspectorHead title={plain(say.trigger(journey.trigger))} close={close} />
      <p className="cv-words">{say.who(journey)}{say.lang === 'zh' ? '。' : '. '}{say.again(journey)}{say.lang === 'zh' ? '。' : '.'}</p>
      {figures && <dl><Line label={t('entered')} n={figures.report.entered} ask={{ of: 'entered' }} open={open} />{Object.entries(figures.report.refused_by ?? {}).map(([r, n]) => <Line key={r} label={entry(say.lang, r)} n={n} open={open} />)}</dl>}
    </>
  )
}

export default function Canvas(props: CanvasProps) {
  return <ReactFlowProvider><Drawing {...props} /></ReactFlowProvider>
}
