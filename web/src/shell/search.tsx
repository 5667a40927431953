// Ctrl-K: people, journeys, segments and places, by keyboard.
import { Modal } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import { useJourneyList, useSegmentList } from '~/api/lists'
import { api, type Schemas } from '~/api/client'
import { type Text, textOf, useWords } from '~/i18n'
import { nameOf } from '~/api/customer'
import { shellWords } from './words'

type Hit = { to: string; text: string; note?: string | undefined; group: string }

export function Search({ close }: { close: () => void }) {
  const t = useWords(shellWords)
  const [, go] = useLocation()
  const [q, setQ] = useState('')
  const [asked, setAsked] = useState('')
  const [on, setOn] = useState(0)
  useEffect(() => { const timer = setTimeout(() => setAsked(q.trim()), 120); return () => clearTimeout(timer) }, [q])
  const people = useQuery({
    queryKey: ['search', asked], enabled: asked.length > 0, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.get<{ items: Schemas['customer'][] }>('/api/v1/customers', { query: { q: asked, limit: 6 }, signal }),
  })
  const journeys = useJourneyList()
  const segments = useSegmentList()
  const hits = useMemo(() => {
    const match = (s: string) => s.toLowerCase().includes(q.trim().toLowerCase())
    const places: Hit[] = ([
      ['/', 'today'], ['/playbooks', 'playbooks'], ['/journeys', 'journeys'], ['/customers', 'customers'], ['/customers/segments', 'segments'], ['/content', 'content'],
      ['/messages', 'outbox'], ['/tasks', 'tasks'], ['/insights', 'insights'], ['/data', 'data'], ['/settings', 'settings'],
    ] as const).map(([to, w]) => ({ to, text: t(w), group: t('actions') }))
    const named = (list: { id: string; name?: Text }[] | undefined, base: string, group: string): Hit[] =>
      (list ?? []).map((x) => ({ to: `${base}/${encodeURIComponent(x.id)}`, text: textOf(x.name, t.lang, x.id), group }))
    const found: Hit[] = q.trim() ? (people.data?.items ?? []).map((c) => ({ to: `/customers/${encodeURIComponent(c.id ?? '')}`, ...nameOf(c), group: t('people') })) : []
    const rest = [...named(journeys.data, '/journeys', t('journeys')), ...named(segments.data, '/customers/segments', t('segments')), ...places]
    return [...found, ...(q.trim() ? rest.filter((h) => match(h.text)) : places)].slice(0, 14)
  }, [q, people.data, journeys.data, segments.data, t])
  useEffect(() => setOn(0), [hits])
  const open = (h: Hit | undefined) => { if (h) { close(); go(h.to) } }
  return (
    <Modal opened onClose={close} withCloseButton={false} size={600} yOffset="12vh" padding={0} aria-label={t('findLabel')}>
      <input className="search-field" data-autofocus placeholder={t('find')} aria-label={t('findLabel')} value={q} onChange={(e) => setQ(e.target.value)} role="combobox"
        aria-expanded="true" aria-controls="search-hits" aria-activedescendant={hits[on] ? `hit-${on}` : undefined}
        onKeyDown={(e) => {
          if (e.key === 'ArrowDown') { e.preventDefault(); setOn((i) => Math.min(i + 1, hits.length - 1)) }
          if (e.key === 'ArrowUp') { e.preventDefault(); setOn((i) => Math.max(i - 1, 0)) }
          if (e.key === 'Enter') open(hits[on])
        }} />
      <ul id="search-hits" role="listbox" aria-label={t('findLabel')} className="search-hits">
        {hits.map((h, i) => (
          <li key={h.to} id={`hit-${i}`} role="option" aria-selected={i === on} onMouseEnter={() => setOn(i)} onClick={() => open(h)}>
            <span className="grow clip">{h.text}{h.note && <span className="dim"> {h.note}</span>}</span>
            <span className="small dim">{h.group}</span>
          </li>
        ))}
      </ul>
      {q.trim() && hits.length === 0 && !people.isFetching && <p className="muted pad">{t('nothing', { q })}</p>}
    </Modal>
  )
}
