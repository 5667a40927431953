// A text of a message with what can be put into it.
import { Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useRef } from 'react'
import { Insert } from './insert'

export function WordsField({ label, help, value, placeholder, lines = 1, maxLength, error, onChange, extra }: {
  label: string; help?: ReactNode; value: string; placeholder?: string; lines?: number; maxLength?: number; error?: string | undefined; onChange: (v: string) => void; extra?: ReactNode
}) {
  const input = useRef<HTMLTextAreaElement & HTMLInputElement>(null)
  const put = (liquid: string) => {
    const el = input.current
    const from = el?.selectionStart ?? value.length
    const to = el?.selectionEnd ?? from
    onChange(value.slice(0, from) + liquid + value.slice(to))
    requestAnimationFrame(() => { el?.focus(); el?.setSelectionRange(from + liquid.length, from + liquid.length) })
  }
  const common = { ref: input, label, value, placeholder, error, description: help, maxLength, onChange: (e: { currentTarget: { value: string } }) => onChange(e.currentTarget.value) }
  return (
    <div>
      {lines > 1 ? <Textarea {...common} autosize minRows={lines} maxRows={18} /> : <TextInput {...common} />}
      <div className="between field-tools"><Insert onInsert={put} />{extra}</div>
    </div>
  )
}
