// Put in: what is known of customers and of what happened, as words with a fallback instead of braces to type.
import { Menu } from '@mantine/core'
import { IconBraces } from '@tabler/icons-react'
import { useServedVocabulary } from '~/api/vocabulary'
import { type Text, useText, useWords } from '~/i18n'
import { messageWords } from './words'

const PLAIN = /^[a-zA-Z_][a-zA-Z0-9_]*$/

const FIRST = ['first_name', 'name', 'last_name'], LAST = ['language', 'timezone', 'email', 'phone', 'owner']
const rank = (name = '') => (FIRST.includes(name) ? FIRST.indexOf(name) - FIRST.length : LAST.includes(name) ? 1 + LAST.indexOf(name) : 0)
/** Of pages and machines: nothing to write to a customer. */
const TECHNICAL = ['url', 'path', 'title', 'referrer', 'search', 'new', 'currency', 'products', 'cart_id', 'product_id']

const at = (base: string, name: string) => (PLAIN.test(name) ? `${base}.${name}` : `${base}["${name.replaceAll('"', '')}"]`)

export function Insert({ onInsert }: { onInsert: (liquid: string) => void }) {
  const t = useWords(messageWords)
  const text = useText()
  const { data } = useServedVocabulary()
  const properties = new Map<string, Text>()
  // What greetings are made of first; what is for the machine last.
  const attributes = [...(data?.attributes ?? [])].sort((a, b) => rank(a.name) - rank(b.name))
  for (const e of data?.events ?? []) if (!/^(Segment|Journey|Message|Consent|Customer) /.test(e.name ?? '')) for (const p of e.properties ?? []) if (p.name && !TECHNICAL.includes(p.name) && properties.size < 14) properties.set(p.name, p.words)
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target><button type="button" className="link insert-button"><IconBraces size={16} stroke={1.75} aria-hidden />{t('insert')}</button></Menu.Target>
      <Menu.Dropdown style={{ maxHeight: 380, overflowY: 'auto' }}>
        <Menu.Label>{t('insertCustomer')}</Menu.Label>
        {attributes.map(({ name, words, samples }) => name && (
          <Menu.Item key={name} onClick={() => onInsert(`{{ ${at('customer', name)}${name === 'name' ? ` | default: "${t.lang === 'zh' ? '您好' : 'friend'}"` : ''} }}`)}
            rightSection={<span className="dim small">{samples?.[0] !== undefined ? String(samples[0]).slice(0, 18) : ''}</span>}>{text(words, name)}</Menu.Item>
        ))}
        {properties.size > 0 && <Menu.Label>{t('insertEvent')}</Menu.Label>}
        {[...properties].map(([name, words]) => <Menu.Item key={name} onClick={() => onInsert(`{{ ${at('event', name)} }}`)}>{text(words, name)}</Menu.Item>)}
        <Menu.Label>{t('insertOther')}</Menu.Label>
        <Menu.Item onClick={() => onInsert('{{ coupon.code }}')}>{t('v_coupon')}</Menu.Item>
        <Menu.Item onClick={() => onInsert('{{ workspace.name }}')}>{t('v_shop')}</Menu.Item>
        <Menu.Item onClick={() => onInsert('{{ workspace.url }}')}>{t('v_shopUrl')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
