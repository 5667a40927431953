// The SMS editor: limits counted on real customers, the fixed parts grey, the phone as it will look.
import { useRef } from 'react'
import { Textarea } from '@mantine/core'
import { type Lang, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Bar, Card, Note, Phone } from '~/parts'
import { Bubble } from '~/parts/message'
import { Problem } from '~/api/client'
import { Checks } from './checks'
import { Insert } from './insert'
import { inLang, standIn, type Template, withLang } from './said'
import type { Preview } from './use-preview'
import { messageWords } from './words'

export function SmsEditor({ draft, set, lang, both, preview, error, tools }: { draft: Template; set: (t: Template) => void; lang: Lang; both: boolean; preview: Preview | undefined; error: unknown; tools: React.ReactNode }) {
  const t = useWords(messageWords)
  const f = useFormat()
  const area = useRef<HTMLTextAreaElement>(null)
  const text = inLang(draft.text, lang)
  const write = (v: string) => set({ ...draft, text: withLang(draft.text, lang, v, both) })
  const put = (liquid: string) => { const el = area.current; const a = el?.selectionStart ?? text.length; write(text.slice(0, a) + liquid + text.slice(el?.selectionEnd ?? a)); requestAnimationFrame(() => el?.focus()) }
  const empty = text === '' && standIn(draft.text, lang) === ''
  const sms = empty ? undefined : preview?.sms
  const errors = error instanceof Problem ? error.errors : []
  return (
    <div className="cols">
      <div className="stack-5">
        <div className="sms-box">
          {preview?.sms?.sign && <p className="dim">【{preview.sms.sign.replace(/^【|】$/g, '')}】</p>}
          <Textarea ref={area} variant="unstyled" autosize minRows={3} maxRows={12} aria-label={t('smsText')} value={text} placeholder={standIn(draft.text, lang)} onChange={(e) => write(e.currentTarget.value)} />
          {preview?.sms?.opt_out && <p className="dim">{preview.sms.opt_out}</p>}
          <div className="sms-tools"><Insert onInsert={put} /><span className="small dim">{t('fixedParts')}</span></div>
        </div>
        {errors.length > 0 && <Note kind="bad">{errors.slice(0, 3).map((e) => <p key={e.message} className="wrap">{e.message}</p>)}</Note>}
        {sms && (
          <div className="stack-2">
            <div className="row"><p className="sms-count num"><b>{sms.length}</b><span className="muted"> {t('counter', { length: '', one: sms.one }).replace(/^\s+/, '')}</span></p><div className="grow"><Bar share={(sms.length ?? 0) / Math.max((sms.one ?? 70) * 2, sms.length ?? 0)} target={(sms.one ?? 70) / Math.max((sms.one ?? 70) * 2, sms.length ?? 0)} label={t('counter', { length: sms.length, one: sms.one })} /></div></div>
            <div className="between small"><span className="m">{t('parts', { n: sms.parts })}{sms.price ? `, ${t('price', { price: f.money(sms.price) })}` : ''}</span><span className="dim">{t('ruleZh', { one: sms.one, more: sms.more })}</span></div>
          </div>
        )}
        {sms?.people?.over ? <Note kind="warn">{t('overPeople', { over: sms.people.over })}</Note> : null}
        {preview && !empty && <Card><Checks preview={preview} /></Card>}
      </div>
      <div className="stack" style={{ justifyItems: 'center' }}>
        <div className="row" style={{ flexWrap: 'wrap' }}>{tools}</div>
        <Phone who={preview?.from || preview?.sms?.sign || ''}>{sms && <Bubble text={sms.text ?? ''} />}</Phone>
      </div>
    </div>
  )
}
