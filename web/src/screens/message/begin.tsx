// begin.tsx: what a new message begins from: one of the library, looked at as it will arrive, or an empty page.
import { IconCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { useText, useWords, words } from '~/i18n'
import { Button, Card, ErrorNote, Loading, PageHead, Phone } from '~/parts'
import { Bubble, MailFrame } from '~/parts/message'
import './begin.css'
import type { Template } from './said'
import { type Start, STARTS } from './starts'
import { usePreview } from './use-preview'

const beginWords = words({
  en: { content: 'Content', email: 'What is the mail about?', sms: 'What is the SMS about?', sub: 'Take what comes closest. Every word can be changed afterwards, in both languages.', blank: 'Begin with an empty page', take: 'Begin with “{name}”', service: 'service', list: 'Messages to begin from', seen: 'As it will arrive', subject: 'Subject' },
  zh: { content: '内容', email: '这封邮件说什么？', sms: '这条短信说什么？', sub: '挑一个最接近的，之后每个字都能改，中英文都有。', blank: '从空白开始', take: '用「{name}」开始', service: '服务通知', list: '可以拿来开始的内容', seen: '收到时的样子', subject: '标题' },
})

export function Begin({ channel, onBegin, blank }: { channel: 'email' | 'sms'; onBegin: (t: Template) => void; blank: () => void }) {
  const t = useWords(beginWords)
  const text = useText()
  const list = STARTS.filter((s) => s.channel === channel)
  const [at, setAt] = useState<Start>(list[0] as Start)
  return (
    <main className="page">
      <PageHead crumbs={[{ to: '/content', name: t('content') }]} title={t(channel)} sub={t('sub')}><Button onClick={blank}>{t('blank')}</Button></PageHead>
      <div className="bg-two">
        <ul className="card bg-list" aria-label={t('list')}>
          {list.map((s) => (
            <li key={s.id}>
              <button type="button" className="bg-one" data-start={s.id} aria-pressed={s.id === at.id} onClick={() => setAt(s)}>
                <span className="grow"><span className="b">{text(s.name)}</span>{s.category === 'service' && <span className="tag">{t('service')}</span>}<span className="small muted">{text(s.about)}</span></span>
                {s.id === at.id && <IconCheck size={20} stroke={1.75} aria-hidden />}
              </button>
            </li>
          ))}
        </ul>
        <Shown key={at.id} start={at} onBegin={() => onBegin(at.template)} />
      </div>
    </main>
  )
}

function Shown({ start, onBegin }: { start: Start; onBegin: () => void }) {
  const t = useWords(beginWords)
  const text = useText()
  const preview = usePreview(start.template, undefined, 'computer', t.lang)
  const p = preview.data
  return (
    <Card className="bg-shown" aria-label={t('seen')} title={t('seen')} action={<Button primary onClick={onBegin}>{t('take', { name: text(start.name) })}</Button>}>
      {preview.error ? <ErrorNote error={preview.error} retry={() => void preview.refetch()} /> : !p ? <Loading lines={6} /> : start.channel === 'sms' ? (
        <div className="bg-phone"><Phone who={p.from || p.sms?.sign || ''}><Bubble text={p.sms?.text ?? ''} /></Phone></div>
      ) : (
        <><p className="wrap"><span className="small dim">{t('subject')}</span> <span className="m">{p.subject}</span></p><div className="bg-paper"><MailFrame html={p.html ?? ''} subject={p.subject ?? ''} /></div></>
      )}
    </Card>
  )
}
