// question.tsx: one question: which, in a sentence that can be changed, its answer; kept, or put on a board.
import { Modal, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconX } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useText, useWords } from '~/i18n'
import { Button, Card, Loaded, PageHead, Pick, toast } from '~/parts'
import { type Ask, askOf, firstAsk, KINDS, type Kind } from './asks'
import { itemOf, type Saved, useBoards, useKeeping, useSaved } from './kept'
import { questionWords } from './question-words'
import { Result } from './result'
import { complete, Sentence } from './sentence'
import { InsightTabs } from './tabs'

/** A question as a link says it; whatever is wrong is as at first. */
function fromLink(text: string | null, kind: Kind): Ask | null {
  try {
    const ask = text ? askOf({ ask: JSON.parse(text) as unknown }) : null
    return ask?.kind === kind ? ask : null
  } catch {
    return null
  }
}

export function Question({ kind, saved, given }: { kind: Kind; saved: string | null; given: string | null }) {
  const kept = useSaved()
  if (!saved) return <Asking kind={kind} start={fromLink(given, kind) ?? firstAsk(kind)} all={kept.data ?? []} />
  return <Loaded of={kept}>{(list) => <Asking kind={kind} start={askOf(list.find((s) => s.id === saved)?.chart) ?? firstAsk(kind)} all={list} />}</Loaded>
}

function Asking({ kind, start, all }: { kind: Kind; start: Ask; all: Saved[] }) {
  const t = useWords(questionWords)
  const [, go] = useLocation()
  const [ask, setAsk] = useState<Ask>(start)
  const [naming, setNaming] = useState(false)
  const ready = useMemo(() => complete(ask), [ask])
  const [asked] = useDebouncedValue(ready, 250)
  return (
    <main className="page in-page">
      <PageHead title={t(`q_${kind}`)} sub={t(ask.moved ? 'd_moved' : `d_${kind}`)}>
        <ToBoard ask={ready} />
        <Button primary onClick={() => setNaming(true)}>{t('save')}</Button>
      </PageHead>
      <InsightTabs at="questions" />
      <div className="in-part in-choose">{t('choose')} <Pick choices={KINDS.map((value) => ({ value, label: t(`q_${value}`) }))} value={kind} onPick={(k) => go(`/insights/${k}`)} /></div>
      <Card><Sentence ask={ask} onChange={setAsk} /></Card>
      <Card className="in-groups"><Result ask={asked} /></Card>
      <Kept list={all} />
      <Name open={naming} first={t(ask.moved ? 'q_moved' : `q_${kind}`)} ask={ready} onClose={() => setNaming(false)} />
    </main>
  )
}

function Name({ open, first, ask, onClose }: { open: boolean; first: string; ask: Ask; onClose: () => void }) {
  const t = useWords(questionWords)
  const [name, setName] = useState(first)
  const { save } = useKeeping()
  const done = () => save.mutate({ ask, name: name.trim() }, { onSuccess: () => { toast(t('kept', { name: name.trim() })); onClose() } })
  return (
    <Modal opened={open} onClose={onClose} title={t('name')} centered size={480} lockScroll={false} withCloseButton={false}>
      <form onSubmit={(e) => { e.preventDefault(); if (name.trim()) done() }}>
        <TextInput aria-label={t('name')} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={200} data-autofocus />
        <div className="row in-do"><Button primary type="submit" disabled={!name.trim()} busy={save.isPending}>{t('keepIt')}</Button></div>
      </form>
    </Modal>
  )
}

function ToBoard({ ask }: { ask: Ask }) {
  const t = useWords(questionWords)
  const text = useText()
  const boards = useBoards()
  const { change, make } = useKeeping()
  const [, go] = useLocation()
  const item = itemOf(ask, t(ask.moved ? 'q_moved' : `q_${ask.kind}`))
  const put = (id: string) => {
    const b = boards.data?.find((x) => x.id === id)
    if (!b) make.mutate({ name: t('newBoard'), items: [item] }, { onSuccess: (made) => go(`/insights/boards?board=${encodeURIComponent(made.id)}`) })
    else change.mutate({ ...b, items: [...(b.items ?? []), item] }, { onSuccess: () => toast(t('onBoard', { name: text(b.name, b.id) })) })
  }
  return <Pick choices={[...(boards.data ?? []).map((b) => ({ value: b.id, label: text(b.name, b.id) })), { value: '', label: t('newBoard') }]} onPick={put}>{t('toBoard')}</Pick>
}

function Kept({ list }: { list: Saved[] }) {
  const t = useWords(questionWords)
  const text = useText()
  const { forget, save } = useKeeping()
  if (list.length === 0) return null
  const drop = (s: Saved) => forget.mutate(s, {
    onSuccess: () => { const ask = askOf(s.chart); toast(t('forgot', { name: text(s.name, s.id) }), ask ? () => save.mutate({ ask, name: text(s.name, s.id) }) : undefined) },
  })
  return (
    <Card title={t('saved')} className="in-groups">
      <ul className="in-people">
        {list.map((s) => (
          <li key={s.id} className="row">
            <Link className="grow m" href={`/insights/${s.analysis}?saved=${encodeURIComponent(s.id)}`}>{text(s.name, s.id)}</Link>
            <button type="button" className="in-drop" aria-label={t('forget', { name: text(s.name, s.id) })} onClick={() => drop(s)}><IconX size={16} stroke={1.75} aria-hidden /></button>
          </li>
        ))}
      </ul>
    </Card>
  )
}
