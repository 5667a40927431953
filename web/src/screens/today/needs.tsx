// needs.tsx: what waits for a person, the most urgent first, each with the one button that leads to it.
import { IconAlertTriangle, IconCheckbox, IconChecks, IconInbox, IconPlayerPause, type TablerIcon } from '@tabler/icons-react'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { LinkButton } from '~/parts'
import type { Today } from '../journeys'
import { useJourneys } from '../journey/names'
import { channelTitle } from '../journey/verbs'
import { todayWords } from './words'

type Need = Today['needs'][number]
type Word = keyof typeof todayWords.en

function doOf(n: Need): { to: string; word: Word } {
  const id = encodeURIComponent(n.object?.id ?? '')
  switch (n.kind) {
    case 'channel_missing': return { to: '/settings/channels', word: 'do_connect' }
    case 'channel_down': return { to: '/settings/channels', word: 'do_channel' }
    case 'message_failures': return { to: '/messages?status=rejected', word: 'do_messages' }
    case 'tasks_due': return { to: '/tasks', word: 'do_tasks' }
    case 'events_rejected': return { to: '/data/rejected', word: 'do_events' }
    case 'journey_paused': return { to: `/journeys/${id}`, word: 'do_journey' }
    case 'approval': return { to: `/journeys/${id}/launch`, word: 'do_approve' }
    case 'template_refused': return { to: `/content/templates/${id}`, word: 'do_template' }
    default: return { to: '/settings', word: 'do_settings' }
  }
}
const ICONS: Partial<Record<Need['kind'], TablerIcon>> = { tasks_due: IconCheckbox, approval: IconChecks, journey_paused: IconPlayerPause, paused: IconPlayerPause, events_rejected: IconInbox }

export function Needs({ needs }: { needs: Need[] }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const text = useText()
  const journeys = useJourneys().data
  return (
    <section className="card td-needs" aria-label={t('needsLabel')}>
      {needs.map((n, i) => {
        const { to, word } = doOf(n)
        const I = ICONS[n.kind] ?? IconAlertTriangle
        const graver = n.severity === 'high' || n.kind === 'message_failures'
        // "What: who is concerned." reads best as a heading and a line; one sentence alone is the heading.
        const sentence = text(n.text)
        const cut = sentence.search(/[：:；;，,。.](?=\s|[^\d\s])/)
        const head = cut > 4 && cut < sentence.length - 2 ? sentence.slice(0, cut) : sentence.replace(/[。.]$/, '')
        const rest = head.length < sentence.length - 2 ? sentence.slice(head.length + 1).trim() : ''
        const name = n.object?.type === 'journey' ? text(n.object.name as string) || text(journeys?.find((j) => j.id === n.object?.id)?.name, n.object.id) : n.object?.type === 'channel' ? channelTitle(t.lang, n.object.id) : ''
        return (
          <div className="td-need" key={`${n.kind}${n.object?.id ?? ''}`}>
            <span className={`td-ic ${graver ? 'w' : ''}`} aria-hidden><I size={20} stroke={1.75} /></span>
            <div className="grow">
              <b>{name ? (t.lang === 'zh' ? `${name}：${head}` : `${name}: ${head}`) : head}</b>
              <span className="muted">{[rest && rest.charAt(0).toUpperCase() + rest.slice(1), n.since ? t('since', { when: f.near(n.since) }) : ''].filter(Boolean).join(' ')}</span>
            </div>
            <LinkButton to={to} primary={i === 0 && n.severity !== 'low'}>{t(word)}</LinkButton>
          </div>
        )
      })}
    </section>
  )
}
