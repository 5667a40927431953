// One playbook: its story, its steps in pictures, and how many it would meet, or the one thing that is missing.
import { IconDatabasePlus } from '@tabler/icons-react'
import { type Need, type Playbook, unmet } from '~/api/playbooks'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { LinkButton, Status } from '~/parts'
import { Flow } from '~/parts/flow'
import { playbooksWords } from './words'

function Missing({ need, others }: { need: Need; others: number }) {
  const t = useWords(playbooksWords)
  const text = useText()
  const f = useFormat()
  const counted = typeof need.customers === 'number' && typeof need.of === 'number' && need.of > 0
  const line = counted ? (need.customers ? t('haveIt', { n: f.number(need.customers ?? 0), of: f.number(need.of ?? 0) }) : t('nobody')) : need.what === 'event' || need.what === 'property' ? t('neverSeen') : ''
  return (
    <div className="grow">
      <span className="st"><IconDatabasePlus size={18} stroke={1.75} aria-hidden />{text(need.words, need.name)}</span>
      <span className="small dim pb-line">{[line, others > 0 ? t('more', { n: others }) : ''].filter(Boolean).join(' · ')}</span>
    </div>
  )
}

function Reach({ p }: { p: Playbook }) {
  const t = useWords(playbooksWords)
  const text = useText()
  const month = p.people_month?.count
  const now = p.people_now?.count
  if (typeof month === 'number') return <div className="grow"><span className="pb-n num">{t('people', { n: month })}</span><span className="small dim pb-line">{text(p.people_month?.words) || t('month')}</span></div>
  if (typeof now === 'number') return <div className="grow"><span className="pb-n num">{t('people', { n: now })}</span><span className="small dim pb-line">{text(p.people_now?.words) || t('today')}</span></div>
  return <div className="grow"><span className="pb-n">{t('ready')}</span><span className="small dim pb-line">{text(p.people_month?.words) || t('noPast')}</span></div>
}

export function Card({ p, first }: { p: Playbook; first: boolean }) {
  const t = useWords(playbooksWords)
  const text = useText()
  const missing = unmet(p)
  const need = missing[0]
  return (
    <article className="card pb" data-playbook={p.id}>
      <Flow steps={p.flow ?? []} />
      <div className="between pb-name">
        <h3>{text(p.name, p.id)}</h3>
        {p.installed && <Status kind="running">{t('installed')}</Status>}
      </div>
      <p>{text(p.story)}</p>
      <div className="pb-ft">
        {need && !p.ready ? <Missing need={need} others={missing.length - 1} /> : <Reach p={p} />}
        {p.installed ? <LinkButton small to={`/journeys/${encodeURIComponent(p.id)}`}>{t('open')}</LinkButton>
          : <LinkButton small primary={first} to={`/playbooks/${encodeURIComponent(p.id)}`}>{t(p.ready ? 'use' : (need?.fix ?? 'fix'))}</LinkButton>}
      </div>
    </article>
  )
}
