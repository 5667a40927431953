// A message as somebody gets it: a text as a bubble, a mail as the mail itself.
import { useEffect, useRef, useState } from 'react'
import { useWords, words } from '~/i18n'

const messageWords = words({ en: { mail: 'The mail: {subject}' }, zh: { mail: '邮件：{subject}' } })
const LINK = /(https?:\/\/[^\s，。；：]+)/

/** The text of an SMS; its links look like links and lead nowhere. */
export function Bubble({ text }: { text: string }) {
  return <div className="bub">{text.split(LINK).map((x, i) => (i % 2 ? <a key={i}>{x.replace(/^https?:\/\//, '')}</a> : x))}</div>
}

/**
 * A mail as mail clients show it, in a frame of another origin with a policy of its own (/mail-frame.html): its styles and
 * images work, nothing else of it does, and nothing of it reaches this page. Scaled to the width there is; without `height`
 * as high as the mail. `onRow`: which block's row was clicked, of how many; `mark`: the row that is framed.
 */
export function MailFrame({ html, subject, height, natural = 600, mark = -1, onRow }: { html: string; subject: string; height?: number; natural?: number; mark?: number; onRow?: (row: number, of: number) => void }) {
  const t = useWords(messageWords)
  const box = useRef<HTMLDivElement>(null)
  const frame = useRef<HTMLIFrameElement>(null)
  const [width, setWidth] = useState(natural)
  const [tall, setTall] = useState(height ?? 320)
  const last = useRef(html)
  last.current = html
  const hears = useRef({ mark, onRow })
  hears.current = { mark, onRow }
  useEffect(() => {
    const hear = (e: MessageEvent<{ mailReady?: boolean; mailHeight?: number; mailRow?: number; mailRows?: number }>) => {
      if (!frame.current || e.source !== frame.current.contentWindow) return
      if (e.data.mailReady) frame.current.contentWindow?.postMessage({ html: last.current, mark: hears.current.mark }, '*')
      if (typeof e.data.mailRow === 'number' && typeof e.data.mailRows === 'number') hears.current.onRow?.(e.data.mailRow, e.data.mailRows)
      if (typeof e.data.mailHeight === 'number') setTall(Math.min(e.data.mailHeight, 8000))
    }
    addEventListener('message', hear)
    return () => removeEventListener('message', hear)
  }, [])
  useEffect(() => { frame.current?.contentWindow?.postMessage({ html }, '*') }, [html])
  useEffect(() => { frame.current?.contentWindow?.postMessage({ mark }, '*') }, [mark])
  useEffect(() => {
    const el = box.current
    if (!el) return
    const watch = new ResizeObserver(() => setWidth(el.clientWidth || natural))
    watch.observe(el)
    return () => watch.disconnect()
  }, [natural])
  const scale = Math.min(1, width / natural)
  const shown = height ?? tall * scale
  return (
    <div ref={box} className="mail-frame" style={{ height: shown }}>
      <iframe ref={frame} title={t('mail', { subject })} src="/mail-frame.html" sandbox="allow-scripts" tabIndex={-1} style={{ width: Math.max(natural, width), height: shown / scale, transform: `scale(${scale})` }} />
    </div>
  )
}
