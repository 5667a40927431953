// refused.tsx: the first rows that an import cannot take, with why, in her language; all of them are in the file.
import { useQuery } from '@tanstack/react-query'
import { type Lang, useWords, words } from '~/i18n'

const SHOWN = 3
const refusedWords = words({
  en: { row: 'Row {n}: {why}', file: 'Rows left out, with reasons (CSV)', more: '{n, plural, one {and one more} other {and # more}}' },
  zh: { row: '第 {n} 行：{why}', file: '没导入的行和原因 (CSV)', more: '还有 {n} 行' },
})

const REASONS: [what: RegExp, en: string, zh: string][] = [
  [/no identifier/, 'no e-mail address, phone number or customer number', '没有邮箱、手机号，也没有客户编号'],
  [/consent is yes or no/, 'neither yes nor no stands in the column of consent', '「是否同意」这一列既不是“是”也不是“否”'],
  [/no date or time/, 'this is no date', '日期看不懂'],
]
export const reasonOf = (reason: string, lang: Lang) => { const known = REASONS.find(([of]) => of.test(reason)); return known ? known[lang === 'zh' ? 2 : 1] : reason }

/** The cells of a table's first rows: quotes doubled within quotes, lines ended by CRLF or LF. */
export function cellsOf(csv: string, rows: number): string[][] {
  const out: string[][] = [[]]
  let cell = '', quoted = false
  for (let i = 0; i < csv.length && out.length <= rows; i++) {
    const c = csv[i]
    if (quoted && c === '"' && csv[i + 1] === '"') { cell += '"'; i++ } else if (c === '"') quoted = !quoted
    else if (!quoted && (c === ',' || c === '\n')) { out.at(-1)?.push(cell.replace(/\r$/, '')); cell = ''; if (c === '\n') out.push([]) } else cell += c
  }
  return out.slice(0, rows).filter((r) => r.length > 0)
}

export function Refused({ id, n }: { id: string; n: number }) {
  const t = useWords(refusedWords)
  const path = `/api/v1/imports/${encodeURIComponent(id)}/errors`
  const rows = useQuery({ queryKey: ['import-errors', id], queryFn: async () => cellsOf(await (await fetch(path, { credentials: 'same-origin' })).text(), SHOWN + 1).slice(1) })
  return (
    <div className="small muted">
      <ul>{(rows.data ?? []).map((r) => <li key={r[0]}>{t('row', { n: r[0] ?? '', why: reasonOf(r[2] ?? '', t.lang) })}</li>)}</ul>
      <p>{n > SHOWN && `${t('more', { n: n - SHOWN })} · `}<a href={path} download>{t('file')}</a></p>
    </div>
  )
}
