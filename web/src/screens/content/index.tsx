// Content: messages, coupons, forms, pictures.
import { TextInput } from '@mantine/core'
import { IconMail, IconMessage, IconPhoto } from '@tabler/icons-react'
import { useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { useJourneyList, useTemplateList } from '~/api/lists'
import { useSession } from '~/api/session'
import { type Text, useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { plainText } from '~/messages/plain'
import { Card, Empty, LinkButton, Loaded, PageHead, Tabs } from '~/parts'
import { UploadButton, useAssets } from '../message/picture'
import NotFound from '../not-found'
import './content.css'
import { Coupons } from './coupons'
import { Forms } from './forms'
import { contentWords } from './words'

const TABS = ['messages', 'coupons', 'forms', 'pictures'] as const

export default function Content() {
  const t = useWords(contentWords)
  const [, go] = useLocation()
  const { tab = 'messages' } = useParams<{ tab?: string }>()
  const at = TABS.find((x) => x === tab)
  if (!at) return <NotFound />
  return (
    <main className="page">
      <PageHead title={t('title')}>
        {at === 'messages' && <><LinkButton to="/content/new/sms" icon={IconMessage}>{t('newSms')}</LinkButton><LinkButton to="/content/new/email" primary icon={IconMail}>{t('newEmail')}</LinkButton></>}
      </PageHead>
      <div className="stack-5">
        <Tabs value={at} onChange={(x) => go(x === 'messages' ? '/content' : `/content/${x}`)} tabs={TABS.map((x) => ({ value: x, label: t(x) }))} />
        {at === 'messages' ? <MessageList /> : at === 'coupons' ? <Coupons /> : at === 'forms' ? <Forms /> : <Pictures />}
      </div>
    </main>
  )
}

type Template = { id: string; channel: string; name?: Text; subject?: Text; text?: Text; preheader?: Text; blocks?: { type: string; text?: Text }[]; version?: number }

function MessageList() {
  const t = useWords(contentWords)
  const say = useText()
  const session = useSession()
  const text = (x: Text, or = '') => plainText(say(x, or), t.lang, session?.workspace.name)
  /** What it says below its subject: what a mail program shows beside it, else its first words. */
  const below = (x: Template) => (x.channel === 'sms' ? text(x.text) : text(x.preheader) || text(x.blocks?.find((b) => b.type === 'text')?.text))
  const [q, setQ] = useState('')
  const list = useTemplateList<Template>()
  const journeys = useJourneyList<{ id: string; name?: Text; steps?: unknown }>()
  const used = (id: string) => (journeys.data ?? []).filter((j) => JSON.stringify(j.steps ?? '').includes(`"template":"${id}"`)).map((j) => text(j.name, j.id))
  return (
    <Loaded of={list}>{(d) => {
      if (!d.length) return <Card><Empty icon={IconMail} title={t('none')} action={<><LinkButton to="/playbooks">{t('newEmail')}</LinkButton></>}>{t('noneBody')}</Empty></Card>
      const fits = d.filter((x) => `${x.id} ${text(x.name)} ${text(x.subject)} ${text(x.text)}`.toLowerCase().includes(q.toLowerCase()))
      return (
        <Card pad={false}>
          {d.length > 8 && <div className="content-find"><TextInput aria-label={t('search')} placeholder={t('search')} value={q} onChange={(e) => setQ(e.currentTarget.value)} /></div>}
          <ul className="content-list">
            {fits.map((x) => {
              const I = x.channel === 'sms' ? IconMessage : IconMail
              const names = used(x.id)
              return (
                <li key={x.id}>
                  <Link href={`/content/templates/${encodeURIComponent(x.id)}`} className="quiet">
                    <span className="channel-icon"><I size={20} stroke={1.75} aria-label={t(x.channel === 'sms' ? 'sms' : 'email')} /></span>
                    <span className="grow content-name"><span className="m clip">{text(x.name) || text(x.subject) || x.id}</span><span className="small dim clip">{text(x.name) && x.channel !== 'sms' && text(x.name) !== text(x.subject) ? text(x.subject) : below(x)}</span></span>
                    <span className="small muted clip content-used">{names.length ? t('used', { names: names.slice(0, 2).join(t.lang === 'zh' ? '、' : ', ') }) : t('unused')}</span>
                  </Link>
                </li>
              )
            })}
          </ul>
          {fits.length === 0 && <p className="pad muted">{t('nothing', { q })}</p>}
        </Card>
      )
    }}</Loaded>
  )
}

function Pictures() {
  const t = useWords(contentWords)
  const f = useFormat()
  const list = useAssets()
  return (
    <div className="stack">
      <UploadButton onDone={() => void list.refetch()} />
      <Loaded of={list}>{(d) => d.items.length === 0 ? <Card><Empty icon={IconPhoto} title={t('picNone')}>{t('picNoneBody')}</Empty></Card> : (
        <ul className="picture-grid">{d.items.map((a) => (
          <li key={a.id} className="card"><img src={a.path ?? a.url} alt="" loading="lazy" /><p className="m clip">{a.name}</p><p className="small dim">{a.width}×{a.height}, {f.bytes(a.bytes ?? 0)}, {t('picUsed', { n: a.used_by?.length ?? 0 })}</p></li>
        ))}</ul>
      )}</Loaded>
    </div>
  )
}
