// The playbook read aloud: who, what, rules. Every tinted word may be changed; what hardly anyone changes is behind a link.
import { IconUsersGroup } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Answers, Playbook, Preview, Question } from '~/api/playbooks'
import { useText, useWords } from '~/i18n'
import { Picker } from './picker'
import { setupWords } from './words'

type Part = { text?: { zh?: string; en?: string }; question?: string }
type Line = { block?: string; parts?: Part[]; text?: { zh?: string; en?: string } }
const BLOCKS = ['who', 'what', 'rules'] as const

/** A part's text may bring its own spaces; between a word and a picker there is always one in English, none in Chinese. */
function Words({ line, questions, answers, warned, onAnswer }: { line: Line; questions: Map<string, Question>; answers: Answers; warned: Set<string>; onAnswer: (id: string, v: unknown) => void }) {
  const text = useText()
  if (!line.parts?.length) return <>{text(line.text)}</>
  return (
    <>
      {line.parts.map((p, i) => {
        const q = p.question ? questions.get(p.question) : undefined
        if (q && p.question) return <Picker key={i} q={q} value={answers[p.question] ?? q.default} warn={warned.has(p.question)} onChange={(v) => onAnswer(p.question as string, v)} />
        return <span key={i}> {text(p.text).trim()} </span>
      })}
    </>
  )
}

export function Sentence({ playbook, preview, answers, onAnswer }: { playbook: Playbook; preview: Preview | undefined; answers: Answers; onAnswer: (id: string, v: unknown) => void }) {
  const t = useWords(setupWords)
  const text = useText()
  const [open, setOpen] = useState(false)
  const questions = new Map((playbook.questions ?? []).map((q) => [q.id ?? '', q]))
  const lines: Line[] = preview?.sentence?.length ? preview.sentence : (playbook.sentence ?? [])
  const shown = new Set(lines.flatMap((l) => (l.parts ?? []).map((p) => p.question)))
  const rest = [...questions.entries()].filter(([id]) => !shown.has(id))
  // A word that names something nobody has seen yet.
  const warned = new Set((playbook.needs ?? []).filter((n) => !n.met).flatMap((n) => [...questions.entries()].filter(([id, q]) => (q.type === 'event' || q.type === 'attribute') && (answers[id] ?? q.default) === n.name).map(([id]) => id)))
  return (
    <>
      {!lines.length && <p className="su-say">{text(playbook.story)}</p>}
      {BLOCKS.map((block) => {
        const mine = lines.filter((l) => l.block === block)
        if (!mine.length && block !== 'rules') return null
        return (
          <div key={block} className={`su-blk su-${block}`}>
            <span className="k">{t(block)}</span>
            <div>
              {mine.map((l, i) => <p key={i} className={block === 'rules' ? 'su-rule' : 'su-say'}><Words line={l} questions={questions} answers={answers} warned={warned} onAnswer={onAnswer} /></p>)}
              {block === 'rules' && (
                <>
                  <p className="su-rule">{t('limits')} <Link href="/settings/rules">{t('limitsLink')}</Link></p>
                  {(preview?.conflicts ?? []).map((c) => <p key={c.journey} className="su-alone"><IconUsersGroup size={20} stroke={1.75} aria-hidden /><span>{text(c.words)}</span></p>)}
                  {rest.length > 0 && (
                    <>
                      <button type="button" className="link su-more" aria-expanded={open} onClick={() => setOpen((x) => !x)}>{t(open ? 'hide' : 'change')}</button>
                      {open && <ul className="su-rest">{rest.map(([id, q]) => <li key={id}><span className="muted">{text(q.label, id)}</span><Picker small q={q} value={answers[id] ?? q.default} warn={warned.has(id)} onChange={(v) => onAnswer(id, v)} /></li>)}</ul>}
                    </>
                  )}
                </>
              )}
            </div>
          </div>
        )
      })}
    </>
  )
}
