// The mail editor: the parts on the left, the mail as it will be sent in the middle, the chosen part on the right.
import { ColorInput, NumberInput, Select, Textarea } from '@mantine/core'
import { IconGripVertical } from '@tabler/icons-react'
import { useState } from 'react'
import { Problem } from '~/api/client'
import { type Lang, useWords } from '~/i18n'
import { Button, Note } from '~/parts'
import { MailFrame } from '~/parts/message'
import { type BlockType, BLOCKS, blockAt, changed, copied, iconOf, inserted, moved, newBlock, newMail, type Path, removed, same } from './blocks'
import { Checks } from './checks'
import { WordsField } from './field'
import { Inspector } from './inspector'
import { type Block, inLang, standIn, type Template, withLang } from './said'
import type { Device, Preview } from './use-preview'
import { messageWords } from './words'

type Props = { draft: Template; set: (t: Template) => void; lang: Lang; both: boolean; device: Device; preview: Preview | undefined; error: unknown }

function Entry({ block, path, chosen, choose, drop, depth = 0 }: { block: Block; path: Path; chosen: Path | null; choose: (p: Path) => void; drop: (from: Path, to: Path) => void; depth?: number }) {
  const t = useWords(messageWords)
  const I = iconOf(block.type)
  return (
    <>
      <li draggable onDragStart={(e) => e.dataTransfer.setData('text/plain', JSON.stringify(path))} onDragOver={(e) => e.preventDefault()} style={{ paddingLeft: depth * 18 }}
        onDrop={(e) => { e.preventDefault(); e.stopPropagation(); try { drop(JSON.parse(e.dataTransfer.getData('text/plain')) as Path, path) } catch { /* something else was dropped */ } }}>
        <button type="button" className="block-entry" aria-current={same(path, chosen) ? 'true' : undefined} onClick={() => choose(path)}>
          <I size={20} stroke={1.75} aria-hidden /><span className="grow clip">{t(`b_${block.type}`)}</span><IconGripVertical size={16} aria-hidden className="grip" />
        </button>
      </li>
      {Array.isArray(block.columns) && block.columns.map((c, j) => c.blocks.map((b, k) => <Entry key={`${j}-${k}`} block={b} path={[path[0], j, k]} chosen={chosen} choose={choose} drop={drop} depth={1} />))}
    </>
  )
}

export function EmailEditor({ draft, set, lang, both, device, preview, error }: Props) {
  const t = useWords(messageWords)
  const [chosen, setChosen] = useState<Path | null>(null)
  const blocks = draft.blocks ?? []
  const block = chosen ? blockAt(blocks, chosen) : undefined
  const put = (next: Block[]) => set({ ...draft, blocks: next })
  const add = (type: BlockType) => {
    const footer = blocks.findIndex((b) => b.type === 'footer')
    const at: Path = chosen ? (chosen.length === 3 ? [chosen[0], chosen[1], chosen[2] + 1] : [chosen[0] + 1]) : [footer < 0 ? blocks.length : footer]
    if (at.length === 3 && type === 'columns') return
    put(inserted(blocks, at, newBlock(type, lang)))
    setChosen(at)
  }
  const drop = (from: Path, to: Path) => {
    const one = blockAt(blocks, from)
    if (!one || same(from, to) || (to.length === 3 && one.type === 'columns')) return
    if (from.length === 1 && to.length === 1) { put(moved(blocks, from, to[0] - from[0])); setChosen(to) } else if (from.length === 3 && to.length === 3 && from[0] === to[0] && from[1] === to[1]) { put(moved(blocks, from, to[2] - from[2])); setChosen(to) } else { put(removed(inserted(blocks, to, one), from.length === 1 && to.length === 1 && from[0] >= to[0] ? [from[0] + 1] : from)); setChosen(null) }
  }
  // A row of the mail is a block, unless code of her own has rows too; below them may stand the footer that is put by itself.
  const pressed = (row: number, of: number) => { if ((of === blocks.length || of === blocks.length + 1) && row < blocks.length) setChosen([row]) }
  const pointer = chosen ? (chosen.length === 1 ? `/blocks/${chosen[0]}` : `/blocks/${chosen[0]}/columns/${chosen[1]}/blocks/${chosen[2]}`) : ''
  const errors = error instanceof Problem ? error.errors : []
  const errorAt = (member: string) => errors.find((e) => e.path === `${pointer}/${member}` || e.path === `/source${pointer}/${member}`)?.message
  const subject = inLang(draft.subject, lang)
  return (
    <div className="mail-editor">
      <aside className="mail-parts">
        {draft.blocks ? (
          <>
            <p className="small muted">{t('inMail')}</p>
            <ul>{blocks.map((b, i) => <Entry key={b.id ?? i} block={b} path={[i]} chosen={chosen} choose={setChosen} drop={drop} />)}</ul>
            <p className="small muted" style={{ marginTop: 20 }}>{t('add')}</p>
            <ul>{BLOCKS.map(([type, I]) => <li key={type}><button type="button" className="block-entry" onClick={() => add(type)}><I size={20} stroke={1.75} aria-hidden />{t(`b_${type}`)}</button></li>)}</ul>
          </>
        ) : (
          <div className="stack"><p className="b">{t('sourceHtml')}</p><p className="small muted">{t('sourceHtmlHelp')}</p><Button small onClick={() => { const { html: _, text: __, ...rest } = draft; set({ ...rest, blocks: newMail(lang) }) }}>{t('toBlocks')}</Button></div>
        )}
      </aside>
      <section className="mail-middle">
        <div className="card mail-head">
          <WordsField label={t('subject')} value={subject} placeholder={standIn(draft.subject, lang)} error={errors.find((e) => /subject/.test(e.path))?.message} onChange={(v) => set({ ...draft, subject: withLang(draft.subject, lang, v, both) })}
            extra={<span className="small dim num">{[...subject].length} / 60{[...subject].length > 60 ? ` ${t('subjectLong')}` : ''}</span>} />
          <WordsField label={t('preheader')} value={inLang(draft.preheader, lang)} placeholder={standIn(draft.preheader, lang)} onChange={(v) => { const next = withLang(draft.preheader, lang, v, both); const { preheader: _, ...rest } = draft; set(next === '' ? rest : { ...rest, preheader: next }) }} />
        </div>
        {errors.length > 0 && <Note kind="bad"><p className="m">{t('failed')}</p>{errors.slice(0, 3).map((e) => <p key={e.path + e.message} className="small wrap">{e.message}</p>)}</Note>}
        {!draft.blocks && draft.html !== undefined && <Textarea aria-label={t('f_html')} autosize minRows={10} maxRows={30} classNames={{ input: 'mono' }} value={inLang(draft.html, lang)} onChange={(e) => set({ ...draft, html: withLang(draft.html, lang, e.currentTarget.value, both) })} />}
        <div className={`mail-paper ${device}`}>{preview && <MailFrame html={device === 'dark' ? (preview.shown_html ?? preview.html ?? '') : (preview.html ?? '')} subject={preview.subject ?? ''} natural={device === 'phone' ? 375 : 640} mark={chosen?.[0] ?? -1} onRow={pressed} />}</div>
      </section>
      <aside className="mail-inspect">
        {block && chosen ? (
          <Inspector key={pointer} block={block} lang={lang} both={both} errorAt={errorAt}
            acts={{
              change: (b) => put(changed(blocks, chosen, b)), copy: () => put(inserted(blocks, chosen, copied(block))), remove: () => { put(removed(blocks, chosen)); setChosen(null) },
              move: (by) => { put(moved(blocks, chosen, by)); const n = chosen[chosen.length - 1] ?? 0; if (n + by >= 0) setChosen((chosen.length === 1 ? [n + by] : [chosen[0], chosen[1], n + by]) as Path) },
            }} />
        ) : draft.blocks ? <Style draft={draft} set={set} /> : null}
        {block && <div style={{ marginTop: 8 }}><Button small plain onClick={() => setChosen(null)}>{t('wholeMail')}</Button></div>}
        <hr className="mail-rule" />
        {preview && <Checks preview={preview} />}
      </aside>
    </div>
  )
}

function Style({ draft, set }: { draft: Template; set: (t: Template) => void }) {
  const t = useWords(messageWords)
  const style = draft.style ?? {}
  const put = (x: Record<string, unknown>) => set({ ...draft, style: Object.fromEntries(Object.entries({ ...style, ...x }).filter(([, v]) => v !== '' && v !== undefined)) as Template['style'] & object })
  return (
    <div className="stack">
      <h2>{t('style')}</h2>
      <ColorInput withEyeDropper={false} label={t('accent')} format="hex" value={style.accent ?? ''} placeholder="#0b6e63" onChange={(accent) => put({ accent })} />
      <ColorInput withEyeDropper={false} label={t('background')} format="hex" value={style.background ?? ''} placeholder="#f1f2ef" onChange={(background) => put({ background })} />
      <Select label={t('font')} data={(['sans', 'serif', 'mono'] as const).map((f) => ({ value: f, label: t(`f_${f}`) }))} value={style.font ?? 'sans'} onChange={(font) => put({ font })} />
      <NumberInput label={t('width')} min={480} max={720} step={20} value={style.width ?? 600} onChange={(w) => put({ width: Number(w) || 600 })} />
    </div>
  )
}
