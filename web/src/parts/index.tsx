// The small parts of mockups/00: screens are composed of these and add only their layout.
import { Menu, Modal } from '@mantine/core'
import {
  IconAlertTriangle, IconCheck, IconChevronDown, IconCircleHalf2, IconExclamationCircle, IconHelpCircle, IconInfoCircle, IconPencil,
  IconPlayerPause, IconPlayerPlayFilled, IconPlayerStop, type TablerIcon,
} from '@tabler/icons-react'
import { type ComponentProps, Component, type ErrorInfo, type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { Offline, Problem } from '~/api/client'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { partsWords } from './words'
export { toast } from './toast'

type ButtonLook = { primary?: boolean; plain?: boolean; bad?: boolean; small?: boolean; large?: boolean; icon?: TablerIcon | undefined }
const look = (b: ButtonLook, extra = '') =>
  ['btn', b.primary && 'primary', b.plain && 'plain', b.bad && 'bad', b.small && 'sm', b.large && 'lg', extra].filter(Boolean).join(' ')

/** What happens is in its text. `busy`: it works and cannot be pressed again. */
export function Button({ primary, plain, bad, small, large, icon: I, busy, children, className, ...rest }: ButtonLook & { busy?: boolean | undefined } & ComponentProps<'button'>) {
  return (
    <button type="button" {...rest} disabled={rest.disabled || busy} aria-busy={busy || undefined} className={look({ primary, plain, bad, small, large } as ButtonLook, className)}>
      {I && <I className="i s" size={small ? 16 : 20} stroke={1.75} aria-hidden />}
      {children}
    </button>
  )
}
export function LinkButton({ to, primary, plain, bad, small, large, icon: I, children, className }: ButtonLook & { to: string; children: ReactNode; className?: string }) {
  return (
    <Link href={to} className={look({ primary, plain, bad, small, large } as ButtonLook, className)}>
      {I && <I className="i s" size={small ? 16 : 20} stroke={1.75} aria-hidden />}
      {children}
    </Link>
  )
}

/** Title of a page: the answer, not the page's name, wherever there is one. */
export function PageHead({ title, sub, crumbs, children }: { title: ReactNode; sub?: ReactNode; crumbs?: { to: string; name: string }[] | undefined; children?: ReactNode }) {
  const t = useWords(partsWords)
  return (
    <>
      {crumbs && (
        <nav className="crumb" aria-label={t('crumbs')}>
          {crumbs.map((c, i) => (
            <span key={c.to} className="row" style={{ gap: 6 }}>
              {i > 0 && <span aria-hidden>/</span>}
              <Link href={c.to} className="dim">{c.name}</Link>
            </span>
          ))}
        </nav>
      )}
      <header className="head">
        <div>
          <h1>{title}</h1>
          {sub && <p className="sub">{sub}</p>}
        </div>
        {children && <div className="do">{children}</div>}
      </header>
    </>
  )
}

export function Card({ title, action, children, pad = true, className = '', ...rest }: { title?: ReactNode; action?: ReactNode; pad?: boolean } & Omit<ComponentProps<'section'>, 'title'>) {
  return (
    <section {...rest} className={`card ${pad ? 'pad' : ''} ${className}`}>
      {(title || action) && (
        <div className={`between ${pad ? '' : 'card-title'}`} style={{ marginBottom: 12 }}>
          {title && <h2>{title}</h2>}
          {action}
        </div>
      )}
      {children}
    </section>
  )
}

export type StatusKind = 'draft' | 'running' | 'gray' | 'paused' | 'stopped' | 'working' | 'warn' | 'bad' | 'unknown'
const SHAPES: Record<StatusKind, [TablerIcon, string]> = {
  draft: [IconPencil, ''], running: [IconPlayerPlayFilled, 'on'], gray: [IconCircleHalf2, ''], paused: [IconPlayerPause, ''], stopped: [IconPlayerStop, ''],
  working: [IconCheck, ''], warn: [IconAlertTriangle, 'warn'], bad: [IconExclamationCircle, 'bad'], unknown: [IconHelpCircle, ''],
}
/** A shape of its own and a word; colour only repeats it. */
export function Status({ kind, children }: { kind: StatusKind; children: ReactNode }) {
  const [I, tone] = SHAPES[kind]
  return (
    <span className={`st ${tone}`}>
      <I size={16} stroke={1.75} aria-hidden />
      {children}
    </span>
  )
}

export const Tag = ({ children }: { children: ReactNode }) => <span className="tag">{children}</span>

/** Label, number, unit, one line of context. `value` null: "None yet", which is not 0. */
export function Figure({ label, value, unit, note, to }: { label: ReactNode; value: ReactNode; unit?: ReactNode; note?: ReactNode; to?: string | undefined }) {
  const f = useFormat()
  const t = useWords(partsWords)
  const shown = value === null || value === undefined ? <span className="dim">{t('none')}</span> : typeof value === 'number' ? f.number(value) : value
  return (
    <div className="fig">
      <div className="k">{label}</div>
      <div className="v num">{to && value ? <Link href={to}>{shown}</Link> : shown}{unit && value !== null && value !== undefined && <small>{unit}</small>}</div>
      {note && <div className="d">{note}</div>}
    </div>
  )
}

/** What will be here, why it is empty, one next step. */
export function Empty({ icon: I, title, children, action }: { icon?: TablerIcon; title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty-part">
      {I && <I size={24} stroke={1.75} aria-hidden className="dim" />}
      <p className="b">{title}</p>
      {children && <p className="muted">{children}</p>}
      {action && <div className="row" style={{ justifyContent: 'center', marginTop: 16 }}>{action}</div>}
    </div>
  )
}

export function Note({ kind, children, action }: { kind?: 'warn' | 'bad' | 'good'; children: ReactNode; action?: ReactNode }) {
  const I = kind === 'warn' ? IconAlertTriangle : kind === 'bad' ? IconExclamationCircle : kind === 'good' ? IconCheck : IconInfoCircle
  return (
    <div className={`note ${kind ?? ''}`} role={kind === 'bad' ? 'alert' : undefined}>
      <I size={20} stroke={1.75} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
      <div className="grow">{children}</div>
      {action}
    </div>
  )
}

/** What went wrong, in words; nothing is lost; one button. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const t = useWords(partsWords)
  return (
    <Note kind="bad" action={retry && <Button small onClick={retry}>{t('again')}</Button>}>
      <p className="m">{errorTitle(error, t)}</p>
      {error instanceof Problem && error.errors.slice(0, 5).map((e) => <p key={e.path + e.message} className="small muted wrap">{e.message}{e.path ? ` (${e.path})` : ''}</p>)}
    </Note>
  )
}
/** Saving did not work. Where somebody else was faster the reader says whose stays; what was typed is kept until then. */
export function SaveError({ error, busy, mine, theirs }: { error: unknown; busy?: boolean; mine: () => void; theirs: () => void }) {
  const t = useWords(partsWords)
  if (!(error instanceof Problem && error.status === 412)) return <ErrorNote error={error} retry={error instanceof Offline || (error instanceof Problem && error.status >= 500) ? mine : undefined} />
  return (
    <Note kind="warn">
      <div role="alert">
        <p className="m">{t('clash')}</p>
        <p className="small muted">{t('clashBody')} {t('theirsSub')}</p>
        <div className="row" style={{ marginTop: 12, flexWrap: 'wrap' }}><Button small busy={busy} onClick={mine}>{t('mine')}</Button><Button small plain onClick={theirs}>{t('theirs')}</Button></div>
      </div>
    </Note>
  )
}
export function errorTitle(error: unknown, t: ReturnType<typeof useWords<keyof typeof partsWords.en>>): string {
  if (error instanceof Offline) return t('offline')
  if (error instanceof Problem) {
    if (error.status === 403) return t('forbidden')
    if (error.status === 429) return t('busy')
    if (error.status === 412) return t('changed')
    if (error.status === 404 && !error.detail) return t('missing')
    if (error.status >= 500) return t('failed')
    return error.detail || error.title
  }
  return t('broken')
}
/** The same as a function for toasts: `toast(say(error))`. */
export function useErrorText() {
  const t = useWords(partsWords)
  return (error: unknown) => errorTitle(error, t)
}

export function Loading({ lines = 4 }: { lines?: number }) {
  const t = useWords(partsWords)
  return (
    <div role="status" aria-label={t('loading')} className="stack" style={{ padding: '8px 0' }}>
      {Array.from({ length: lines }, (_, i) => <span key={i} className="skeleton" style={{ height: 20, width: `${90 - ((i * 17) % 50)}%` }} />)}
    </div>
  )
}

/** A query's three other states; children only with data. */
export function Loaded<D>({ of: q, lines, children }: { of: { data: D | undefined; error: unknown; isPending: boolean; refetch: () => unknown }; lines?: number; children: (data: D) => ReactNode }) {
  if (q.data !== undefined) return <>{children(q.data)}</>
  if (q.error) return <ErrorNote error={q.error} retry={() => void q.refetch()} />
  return <Loading {...(lines ? { lines } : {})} />
}

/** Only what touches customers or cannot be undone asks: title = the question, body = who and what stays, the safer choice first. */
export function Confirm({ open, title, children, yes, safer, bad, busy, onYes, onSafer, onClose }: {
  open: boolean; title: string; children: ReactNode; yes: string; safer?: string | undefined; bad?: boolean; busy?: boolean
  onYes: () => void; onSafer?: () => void; onClose: () => void
}) {
  const t = useWords(partsWords)
  return (
    <Modal opened={open} onClose={onClose} title={title} withCloseButton={false} centered size={560}>
      <div className="muted">{children}</div>
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 24, flexWrap: 'wrap' }}>
        <Button onClick={onSafer ?? onClose} data-autofocus>{safer ?? t('cancel')}</Button>
        <Button {...(bad ? { bad: true } : { primary: true })} busy={busy} onClick={onYes}>{yes}</Button>
      </div>
    </Modal>
  )
}

export type Choice<V> = { value: V; label: ReactNode; effect?: ReactNode; text?: string }
/** A word of a sentence that may be changed. The menu shows the effect of each choice on the right. */
export function Pick<V>({ choices, value, onPick, label, warn, small, custom, children }: {
  choices: Choice<V>[]; value?: V; onPick: (v: V) => void; label?: string; warn?: boolean; small?: boolean
  /** A last entry that opens something else. */
  custom?: { label: ReactNode; onClick: () => void }; children?: ReactNode
}) {
  const chosen = choices.find((c) => c.value === value)
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <button type="button" className={`pick ${small ? 'sm' : ''} ${warn ? 'warn' : ''}`} aria-label={label}>
          {warn && <IconAlertTriangle aria-hidden />}
          {children ?? chosen?.label}
          <IconChevronDown aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map((c, i) => (
          <Menu.Item key={i} onClick={() => onPick(c.value)} className={c.value === value ? 'chosen' : ''} rightSection={c.effect !== undefined ? <span className="dim num">{c.effect}</span> : undefined}>
            {c.label}
          </Menu.Item>
        ))}
        {custom && <Menu.Item onClick={custom.onClick}>{custom.label}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Tabs within a page, in the address or in state. */
export function Tabs<V extends string>({ value, onChange, tabs, right }: { value: V; onChange: (v: V) => void; tabs: { value: V; label: ReactNode }[]; right?: ReactNode }) {
  return (
    <div className="tabs" style={{ alignItems: 'baseline' }}>
      <div role="tablist" style={{ display: 'contents' }}>
        {tabs.map((x) => (
          <button key={x.value} type="button" role="tab" aria-selected={x.value === value} className="tab" onClick={() => onChange(x.value)}>{x.label}</button>
        ))}
      </div>
      {right && <span className="small dim tabs-right">{right}</span>}
    </div>
  )
}

export function Segmented<V extends string>({ value, onChange, options, label }: { value: V; onChange: (v: V) => void; options: { value: V; label: ReactNode }[]; label: string }) {
  return (
    <div className="seg" role="radiogroup" aria-label={label}>
      {options.map((o) => (
        <button key={o.value} type="button" role="radio" aria-checked={o.value === value} onClick={() => onChange(o.value)}>{o.label}</button>
      ))}
    </div>
  )
}

/** share 0 … 1; `target` draws a mark. */
export function Bar({ share, target, label }: { share: number; target?: number; label?: string }) {
  const pct = (n: number) => `${Math.max(0, Math.min(1, n)) * 100}%`
  return (
    <div className="bar-part" role="img" aria-label={label}>
      <div className="bar"><i style={{ width: pct(share) }} /></div>
      {target !== undefined && <b style={{ left: pct(target) }} />}
    </div>
  )
}

export function Avatar({ name }: { name: string }) {
  const letters = /[㐀-鿿]/.test(name) ? name.slice(-2) : name.split(/\s+/).map((w) => w[0] ?? '').join('').slice(0, 2).toUpperCase()
  return <span className="av" aria-hidden>{letters || '·'}</span>
}

/** The phone of the mock-ups: `who` on top, bubbles below. */
export function Phone({ who, children, clock = '10:24' }: { who: ReactNode; children: ReactNode; clock?: string }) {
  return (
    <div className="phone">
      <div className="glass">
        <div className="clock" aria-hidden><span>{clock}</span></div>
        <div className="who">{who}</div>
        <div className="chat">{children}</div>
      </div>
    </div>
  )
}

export function Copy({ text, label }: { text: string; label?: string }) {
  const t = useWords(partsWords)
  const [done, setDone] = useState(false)
  return (
    <Button small onClick={() => { void navigator.clipboard.writeText(text).then(() => { setDone(true); setTimeout(() => setDone(false), 2000) }) }}>
      {done ? t('copied') : (label ?? t('copy'))}
    </Button>
  )
}

/** A screen that broke says so and leaves the frame usable. */
export class Boundary extends Component<{ children: ReactNode; fallback: (error: unknown, reset: () => void) => ReactNode }, { error: unknown }> {
  override state = { error: null as unknown }
  static getDerivedStateFromError = (error: unknown) => ({ error })
  override componentDidCatch(error: unknown, info: ErrorInfo) { console.error(error, info.componentStack) }
  override render() { return this.state.error ? this.props.fallback(this.state.error, () => this.setState({ error: null })) : this.props.children }
}
