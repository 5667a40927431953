// Before it goes out: what the server found when it rendered it for a sample of real customers.
import { IconAlertTriangle, IconCircleCheck, IconExclamationCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import type { Preview } from './use-preview'
import { messageWords } from './words'

function Line({ kind, children }: { kind: 'ok' | 'warn' | 'bad'; children: ReactNode }) {
  const I = kind === 'ok' ? IconCircleCheck : kind === 'warn' ? IconAlertTriangle : IconExclamationCircle
  return <li className={`check ${kind}`}><I size={18} stroke={1.75} aria-hidden /><span>{children}</span></li>
}

export function Checks({ preview, category = 'promotion' }: { preview: Preview; category?: string }) {
  const t = useWords(messageWords)
  const text = useText()
  const f = useFormat()
  const email = preview.channel === 'email'
  return (
    <div>
      <p className="small muted">{t('before')}</p>
      <ul className="checks">
        {(preview.warnings ?? []).filter((w) => w.severity !== 'info').map((w, i) => <Line key={i} kind={w.severity === 'error' ? 'bad' : 'warn'}>{text(w.words)}</Line>)}
        <Line kind="ok">{t('links', { n: (preview.links ?? []).filter((l) => l.kind === 'web').length })}</Line>
        {email && category !== 'transactional' && preview.unsubscribe && <Line kind="ok">{t('stop')}</Line>}
        {email && preview.html_bytes !== undefined && <Line kind={preview.html_bytes > 102 * 1024 ? 'warn' : 'ok'}>{t(preview.html_bytes > 102 * 1024 ? 'sizeBig' : 'size', { size: f.bytes(preview.html_bytes) })}</Line>}
        {email && <Line kind="ok">{t('plainText')}</Line>}
        {(preview.missing ?? []).filter((m) => (m.customers ?? 0) > 0).slice(0, 4).map((m) => <Line key={m.name} kind="warn">{t('missing', { customers: m.customers, of: m.of, name: m.name })}</Line>)}
        {(preview.warnings ?? []).filter((w) => w.severity === 'info').map((w, i) => <Line key={`i${i}`} kind="ok">{text(w.words)}</Line>)}
      </ul>
    </div>
  )
}
