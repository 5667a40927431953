// What arrived but could not be used, with the reason and what was sent.
import { useInfiniteQuery } from '@tanstack/react-query'
import { IconCheck } from '@tabler/icons-react'
import { api } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Empty, Loaded } from '~/parts'
import { dataWords } from './words'

type Refused = { received_at: string; source?: string; reason: string; sample?: unknown }

export function Rejected() {
  const t = useWords(dataWords)
  const f = useFormat()
  const q = useInfiniteQuery({
    queryKey: ['rejected'], initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => api.get<{ items: Refused[]; next?: string }>('/api/v1/events/rejected', { query: { limit: 50, cursor: pageParam } }), getNextPageParam: (p) => p.next,
  })
  return (
    <Loaded of={q}>{(d) => {
      const items = d.pages.flatMap((p) => p.items)
      if (!items.length) return <Card><Empty icon={IconCheck} title={t('rejectedNone')} /></Card>
      return (
        <Card>
          <p className="small muted">{t('rejectedSub')}</p>
          <ul>
            {items.map((r, i) => (
              <li key={i} className="refused">
                <div className="between"><span className="m wrap">{r.reason}</span><span className="small dim wrap">{r.source} {f.near(r.received_at)}</span></div>
                <pre className="code small" tabIndex={0}>{typeof r.sample === 'string' ? r.sample : JSON.stringify(r.sample)}</pre>
              </li>
            ))}
          </ul>
          {q.hasNextPage && <Button small busy={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('more')}</Button>}
        </Card>
      )
    }}</Loaded>
  )
}
