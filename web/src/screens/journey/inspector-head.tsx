// The heading of the panel beside the drawing.
import { IconX } from '@tabler/icons-react'
import { useWords } from '~/i18n'
import { journeyWords } from './words'

export function InspectorHead({ title, close }: { title: string; close: () => void }) {
  const t = useWords(journeyWords)
  return <div className="row cv-insp-head"><h2 className="grow wrap">{title}</h2><button type="button" className="tool" aria-label={t('close')} onClick={close}><IconX size={20} stroke={1.75} aria-hidden /></button></div>
}
