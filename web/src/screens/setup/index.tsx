// Set-up: one page read aloud. Left the sentence and what is missing, right what arrives, below how many; then the check list.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useLocation, useParams } from 'wouter'
import { api, Problem } from '~/api/client'
import { useChannelList } from '~/api/lists'
import { type Answers, type Need, type Playbook, type Preview, usePlaybook, usePlaybookPreview } from '~/api/playbooks'
import { useLive } from '~/api/live'
import { useSession } from '~/api/session'
import { type Lang, useText, useWords } from '~/i18n'
import { Button, Confirm, Empty, ErrorNote, Figure, LinkButton, Loading, Note, useErrorText } from '~/parts'
import { WayBack } from '~/shell/frame'
import { Needs } from './needs'
import { PreviewSide } from './preview'
import { Sentence } from './sentence'
import './setup.css'
import { setupWords } from './words'

type Channel = { id: string; channel: string; provider: string }
type Installed = { id: string; status?: string }
type Bundle = { journeys?: { id: string }[] }
const channelWords = (c: string) => ({ zh: `连接${c === 'email' ? '邮件' : c === 'sms' ? '短信' : c}`, en: `Connect ${c === 'email' ? 'e-mail' : c === 'sms' ? 'SMS' : c}` })

function Foot({ preview, playbook, busy, onGo }: { preview: Preview | undefined; playbook: Playbook; busy: boolean; onGo: () => void }) {
  const t = useWords(setupWords)
  const text = useText()
  const month = preview?.people_month ?? playbook.people_month
  const now = preview?.people_now ?? playbook.people_now
  const reach = Object.entries(month?.reachable ?? now?.reachable ?? {}).filter(([c]) => (preview?.messages ?? []).some((m) => m.channel === c))
  return (
    <footer className="su-foot">
      {typeof month?.count === 'number' && <Figure label={t('peopleMonth')} value={month.count} />}
      {typeof now?.count === 'number' && <Figure label={t('now')} value={now.count} />}
      {reach.map(([c, n]) => <Figure key={c} label={`${t('reach')} · ${c === 'sms' ? t('sms') : c === 'email' ? t('email') : c}`} value={Number(n)} />)}
      <p className="small dim su-note">{text(month?.words) || (typeof month?.count === 'number' ? t('fromPast') : t('noPast'))}<br />{t('nothingSent')}</p>
      <Button primary large busy={busy} onClick={onGo}>{t('go')}</Button>
    </footer>
  )
}

/** Keeps the playbook as a draft; what this page has made itself it may replace, what was there before it may not. */
function useDraft(p: Playbook, answers: Answers, channel: string | undefined, language: Lang) {
  const client = useQueryClient()
  const asked = JSON.stringify([answers, channel, language])
  const [kept, setKept] = useState<{ asked: string; id: string }>()
  const save = useMutation({
    mutationFn: async (replace: boolean) => {
      if (kept?.asked === asked) return kept.id
      const j = await api.post<Installed>('/api/v1/playbooks/{id}/install', { path: { id: p.id }, body: { answers: { ...answers, language }, replace: replace || !!kept, ...(channel ? { channel } : {}) } })
      setKept({ asked, id: j.id })
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'playbooks' })
      return j.id
    },
  })
  return { save, kept, saved: kept?.asked === asked }
}

function Page({ p }: { p: Playbook }) {
  const t = useWords(setupWords)
  const text = useText()
  const say = useErrorText()
  const session = useSession()
  const [, goTo] = useLocation()
  const [answers, setAnswers] = useState<Answers>({})
  const [channel, setChannel] = useState<string>()
  const [customer, setCustomer] = useState<string>()
  const own = session?.workspace.language
  const [language, setLanguage] = useState<Lang>(own === 'zh' || own === 'en' ? own : t.lang)
  const preview = usePlaybookPreview(p.id, { answers: { ...answers, language }, channel, language, customer })
  const channels = useChannelList<Channel>()
  const { save: install, kept, saved } = useDraft(p, answers, channel, language)
  const journeyId = (p.bundle as Bundle | undefined)?.journeys?.[0]?.id ?? p.id
  // A draft that is there already: nothing is replaced without asking.
  const there = useQuery({ queryKey: ['journeys', journeyId, 'there'], queryFn: () => api.get<Installed>('/api/v1/journeys/{id}', { path: { id: journeyId } }).catch((e: unknown) => { if (e instanceof Problem && e.status === 404) return null; throw e }) })
  const [asks, setAsks] = useState(false)
  const used = [...new Set((preview.data?.messages ?? []).map((m) => m.channel ?? ''))].filter(Boolean)
  const connected = (c: string) => (channels.data ?? []).some((x) => x.channel === c)
  const needs = [...(preview.data?.needs ?? p.needs ?? []), ...(channels.data ? used.map((c): Need => ({ what: 'channel', name: c, met: connected(c), fix: 'channel', words: channelWords(c) })) : [])]
  // What was waited for may have just happened: at most one look every two seconds.
  const client = useQueryClient()
  const looked = useRef(0)
  useLive('event', () => {
    if (Date.now() - looked.current < 2000 || !needs.some((n) => !n.met && (n.what === 'event' || n.what === 'property'))) return
    looked.current = Date.now()
    void client.invalidateQueries({ queryKey: ['playbooks', p.id] })
  })
  const mine = !there.data || !!kept
  const launch = async (replace: boolean) => { const id = await install.mutateAsync(replace).catch(() => ''); if (id) goTo(`/journeys/${encodeURIComponent(id)}/launch`) }
  const unready = install.error instanceof Problem ? install.error : undefined
  return (
    <>
      <WayBack to="/playbooks" name={t('back')} title={text(p.name, p.id)} status={saved ? t('saved') : there.data ? t(there.data.status === 'live' || there.data.status === 'paused' ? 'live' : 'draft') : t('notYet')} />
      <main className="su">
        <section className="su-l">
          <h1>{t('title')}</h1>
          <Sentence playbook={p} preview={preview.data} needs={needs} answers={answers} onAnswer={(id, v) => setAnswers((a) => ({ ...a, [id]: v }))}>
            <Needs items={needs} playbook={p} channels={p.channels?.length ? p.channels : ['email']} onMail={channel === 'email' ? undefined : () => setChannel('email')} />
          </Sentence>
          {preview.error instanceof Problem && preview.error.errors.map((e) => <Note key={e.path} kind="bad">{t('fix', { what: text(p.questions?.find((q) => e.path.endsWith(`/${q.id}`))?.label, e.path), why: e.message })}</Note>)}
          {channel && <p className="muted su-only">{t('byChannel')}{t.lang === 'zh' ? '' : ' '}<b>{channel === 'email' ? t('email') : channel}</b>{t.lang === 'zh' ? '。' : '. '}<button type="button" className="link" onClick={() => setChannel(undefined)}>{t('asIs')}</button></p>}
          {install.error && <Note kind="bad"><p className="m">{t('refused')}</p><p>{unready?.errors[0]?.message ?? say(install.error)}</p></Note>}
        </section>
        <PreviewSide preview={preview.data} error={preview.error} retry={() => void preview.refetch()} language={language} onLanguage={setLanguage} onCustomer={setCustomer} connected={connected} prepare={mine ? () => install.mutateAsync(false) : undefined} />
        <Foot preview={preview.data} playbook={p} busy={install.isPending} onGo={() => (mine ? void launch(false) : setAsks(true))} />
        <Confirm open={asks} onClose={() => setAsks(false)} title={t('taken')} yes={t('takenYes')} safer={t('takenNo')} onSafer={() => goTo(`/journeys/${encodeURIComponent(journeyId)}/launch`)} busy={install.isPending} onYes={() => { setAsks(false); void launch(true) }}>{t('takenBody')}</Confirm>
      </main>
    </>
  )
}

export default function SetUp() {
  const t = useWords(setupWords)
  const { id = '' } = useParams<{ id: string }>()
  const playbook = usePlaybook(id)
  if (playbook.data) return <Page key={id} p={playbook.data} />
  const gone = playbook.error instanceof Problem && playbook.error.status === 404
  return (
    <>
      <WayBack to="/playbooks" name={t('back')} title={id} />
      <main className="page">{gone ? <Empty title={t('missing')} action={<LinkButton primary to="/playbooks">{t('all')}</LinkButton>}>{t('missingSay')}</Empty> : playbook.error ? <ErrorNote error={playbook.error} retry={() => void playbook.refetch()} /> : <Loading lines={8} />}</main>
    </>
  )
}
