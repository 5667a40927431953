// The line for the shop's pages, and the calls a shop's server makes: with a key of its own, and told when something came.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '~/api/client'
import { useSourceList } from '~/api/lists'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { Button, Copy, Note, Status, useErrorText } from '~/parts'
import './bring.css'
import { bringWords } from './words'

type Source = { id: string; name: string; kind: string; write_key: string }

/** `event`: what is to be told, as the playbook calls it; `properties`: which of its values are needed; `also`: events that have
 *  to name the same (an order without its cart would not stop the reminders of that cart). */
export function BringSite({ event, properties = [], also = [], seen }: { event?: string | undefined; properties?: string[]; also?: string[]; seen: boolean }) {
  const t = useWords(bringWords)
  const say = useErrorText()
  const client = useQueryClient()
  const session = useSession()
  const sources = useSourceList<Source>()
  const make = useMutation({
    mutationFn: () => api.post<Source>('/api/v1/sources', { body: { name: session?.workspace.name ? `${session.workspace.name} web` : 'Web', kind: 'browser' } }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['sources'] }),
  })
  const source = sources.data?.find((s) => s.kind === 'browser') ?? make.data
  const base = session?.public_url || location.origin
  const line = source ? `<script async src="${base}/beckon.js" data-key="${source.write_key}"></script>` : ''
  const track = (name: string) => `beckon.track('${name.replace(/'/g, "\\'")}'${properties.length ? `, {${properties.map((p) => `${p}: '…'`).join(', ')}}` : ''})`
  const call = event ? ["beckon.identify('CUSTOMER_ID', {email: 'EMAIL', consent: {email: true}})", ...[event, ...also].map(track)].join('\n') : ''
  const local = /^https?:\/\/(localhost|127\.|\[::1\])/.test(base)
  return (
    <div className="stack">
      <div className="between"><p className="m">{t('siteTitle')}</p>{seen ? <Status kind="working">{t('siteSeen')}</Status> : source && <span className="small dim" role="status">{t('siteWait')}</span>}</div>
      <p className="muted small">{t('siteHow')}</p>
      {make.error && <Note kind="bad">{say(make.error)}</Note>}
      {source ? (
        <>
          <div className="bring-code"><pre className="code" tabIndex={0}>{line}</pre><Copy text={line} /></div>
          {local && <p className="small dim">{t('siteLocal')}</p>}
          {call && <><p className="muted small">{t('siteEvents')}</p><div className="bring-code"><pre className="code" tabIndex={0}>{call}</pre><Copy text={call} /></div></>}
        </>
      ) : <div><Button busy={make.isPending || sources.isPending} onClick={() => make.mutate()}>{t('siteMake')}</Button></div>}
    </div>
  )
}
