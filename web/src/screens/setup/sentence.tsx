// The playbook read aloud: who, what, rules. Every tinted word may be changed; what hardly anyone changes is behind a link.
import { IconUsersGroup } from '@tabler/icons-react'
import { Fragment, type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import type { Answers, Line, Need, Playbook, Preview, Question } from '~/api/playbooks'
import { useLang, useText, useWords } from '~/i18n'
import { Picker } from './picker'
import { isMoney } from './values'
import { setupWords } from './words'

const BLOCKS = ['who', 'what', 'rules'] as const

function Words({ line, questions, answers, warned, onAnswer }: { line: Line; questions: Map<string, Question>; answers: Answers; warned: Set<string>; onAnswer: (id: string, v: unknown) => void }) {
  const { lang } = useLang()
  const text = useText()
  const parts = line.parts?.[lang] ?? line.parts?.zh ?? []
  if (!parts.length) return <>{text(line.text)}</>
  return (
    <>
      {parts.map((p, i) => {
        const q = p.question ? questions.get(p.question) : undefined
        if (q && p.question) return <Picker key={i} q={q} value={answers[p.question] ?? q.default} warn={warned.has(p.question)} onChange={(v) => onAnswer(p.question as string, v)} />
        // Quotation marks about a picker are one mark too many: it is tinted.
        const before = parts[i - 1]?.question, after = parts[i + 1]?.question
        let said = p.text ?? ''
        if (after) said = said.replace(/“$/, '')
        if (before) said = said.replace(/^”/, '')
        // ¥10 needs no 元 behind it.
        if (isMoney(before)) said = said.replace(/^\s*元/, '')
        return <span key={i}>{said}</span>
      })}
    </>
  )
}

export function Sentence({ playbook, preview, needs, answers, onAnswer, children }: { children?: ReactNode; playbook: Playbook; preview: Preview | undefined; needs: Need[]; answers: Answers; onAnswer: (id: string, v: unknown) => void }) {
  const t = useWords(setupWords)
  const text = useText()
  const [open, setOpen] = useState(false)
  const questions = new Map((playbook.questions ?? []).map((q) => [q.id ?? '', q]))
  const lines = preview?.sentence?.length ? preview.sentence : (playbook.sentence ?? [])
  const shown = new Set(lines.flatMap((l) => [...(l.parts?.zh ?? []), ...(l.parts?.en ?? [])].map((p) => p.question)))
  const rest = [...questions.entries()].filter(([id]) => !shown.has(id))
  // A word that names something nobody has seen yet.
  const warned = new Set(needs.filter((n) => !n.met).flatMap((n) => [...questions.entries()].filter(([id, q]) => (q.type === 'event' || q.type === 'attribute') && (answers[id] ?? q.default) === n.name).map(([id]) => id)))
  return (
    <>
      {!lines.length && <p className="su-say">{text(playbook.story)}</p>}
      {BLOCKS.map((block) => {
        const mine = lines.filter((l) => l.block === block)
        if (!mine.length && block !== 'rules') return null
        return (
          <Fragment key={block}>
          {block === 'rules' && children}
          <div className={`su-blk su-${block}`}>
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
          </Fragment>
        )
      })}
    </>
  )
}
