// What arrives now: the newest events of everybody, as they come. Kept: the last hundred.
import { IconBroadcast } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '~/api/client'
import { eventName } from '~/events/words'
import { useLive } from '~/api/live'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Empty, Loaded } from '~/parts'
import { dataWords } from './words'

type Event = { id: string; event: string; occurred_at: string; source?: string; customer?: string; properties?: Record<string, unknown> }
const KEPT = 100

export function LiveTail() {
  const t = useWords(dataWords)
  const f = useFormat()
  const [held, setHeld] = useState(false)
  const [fresh, setFresh] = useState<Event[]>([])
  const [gap, setGap] = useState(false)
  const first = useQuery({ queryKey: ['events', 'latest'], staleTime: Infinity, queryFn: () => api.get<{ items: Event[] }>('/api/v1/events', { query: { limit: 50 } }) })
  useLive<Event>('event', (e) => { if (!held) setFresh((l) => [e, ...l].slice(0, KEPT)) })
  useLive('gap', () => setGap(true))
  return (
    <Loaded of={first}>{(d) => {
      const known = new Set(fresh.map((e) => e.id))
      const items = [...fresh, ...d.items.filter((e) => !known.has(e.id))].slice(0, KEPT)
      if (!items.length) return <Card><Empty icon={IconBroadcast} title={t('liveEmpty')} /></Card>
      return (
        <Card title={t('live')} action={<div className="row">{gap && <span className="small dim">{t('gap')}</span>}<Button small onClick={() => setHeld(!held)}>{t(held ? 'goOn' : 'pause')}</Button></div>}>
          <ul className="tail">
            {items.map((e) => (
              <li key={e.id}>
                <span className="small dim nowrap num">{f.clock(e.occurred_at)}</span>
                <span className="m nowrap clip" title={e.event}>{eventName(e.event, t.lang)}</span>
                <code className="mono dim clip grow">{e.properties ? JSON.stringify(e.properties) : ''}</code>
                {e.customer && <Link href={`/customers/${encodeURIComponent(e.customer)}`} className="small nowrap">{t('customer')}</Link>}
              </li>
            ))}
          </ul>
        </Card>
      )
    }}</Loaded>
  )
}
