// tabs.tsx: everybody, or the segments: the two halves of Customers.
import { Link } from 'wouter'
import { useWords, words } from '~/i18n'

const tabWords = words({ en: { people: 'People', segments: 'Segments', label: 'Customers' }, zh: { people: '所有客户', segments: '人群', label: '客户' } })

export function CustomerTabs({ at }: { at: 'people' | 'segments' }) {
  const t = useWords(tabWords)
  return (
    <nav className="tabs cu-tabs" aria-label={t('label')}>
      <Link href="/customers" aria-current={at === 'people' ? 'page' : undefined}>{t('people')}</Link>
      <Link href="/customers/segments" aria-current={at === 'segments' ? 'page' : undefined}>{t('segments')}</Link>
    </nav>
  )
}
