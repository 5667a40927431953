// files.ts: a table as CSV and a picture as PNG, made in the browser.
import type { Cell } from './read'

/** A text that a spreadsheet would take for a formula is kept a text. */
function cell(x: Cell | undefined): string {
  if (x === null || x === undefined) return ''
  if (typeof x === 'number') return String(x)
  const safe = /^[=+\-@\t\r]/.test(x) ? `'${x}` : x
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe
}
export const csvOf = (head: string[], rows: (Cell | undefined)[][]) => [head, ...rows].map((r) => r.map(cell).join(',')).join('\r\n')

function give(href: string, name: string) {
  const a = document.createElement('a')
  a.href = href
  a.download = name
  a.click()
}
export function giveCsv(text: string, name: string) {
  // The mark in front tells spreadsheets that it is UTF-8.
  const url = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }))
  give(url, `${name}.csv`)
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
export const givePng = (data: string, name: string) => give(data, `${name}.png`)

/** A file of the server's. */
export function giveBlob(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  give(url, name)
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
