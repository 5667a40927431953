// strings.mjs: names as nobody should have them, and somebody does: markup, scripts, templates, paths, names of JavaScript's
// own, right-to-left, marks upon marks, nothing to break a line at. With the Big List of Naughty Strings beside the
// project, all of that too.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const LIST = join(root, '../shared/data/strings/blns.json')

export const OWN = [
  '<script>__hit("script")</script>',
  '"><img src=/hit.png onerror=__hit(1)>',
  "'><svg/onload=__hit(2)>",
  'javascript:__hit(3)',
  '</textarea></title></style><iframe src=/hit.html>',
  '<a href="javascript:__hit(4)">Li</a>',
  '<b>bold</b> & &amp; &lt;i&gt;',
  '{{ 7 | times: 6 }}{% for i in (1..9) %}{{ i }}{% endfor %}',
  '{n, plural, one {#} other {#}} <0>tag</0> {name}',
  "'{'it''s'}' <b/>",
  '${__hit(5)}',
  'constructor', '__proto__', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', 'true', '0', '-1', '1e309',
  '../../etc/passwd', 'a/b?c#d&e=f%2F%00', '%E0%A4%A', '.', 'new',
  "Robert'); DROP TABLE customers;--",
  '=HYPERLINK("http://127.0.0.1/hit")',
  'W'.repeat(200),
  'سلام‏ abc ‮gnirts',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
  '👩‍👩‍👧‍👦🏳️‍🌈 李雷 🇨🇳',
  '田中さんにあげて下さい𠜎𠜱𡿺',
  'line\u2028separator​zero\u00adwidth﻿',
]

export function strings() {
  const all = existsSync(LIST) ? JSON.parse(readFileSync(LIST, 'utf8')) : []
  return [...new Set([...OWN, ...all])].filter((s) => s.trim() !== '')
}
