import { Empty, LinkButton } from '~/parts'
import { useWords, words } from '~/i18n'

const w = words({
  en: { title: 'Nothing is at this address', back: 'To Today' },
  zh: { title: '这个地址没有内容', back: '回到今日' },
})
export default function NotFound() {
  const t = useWords(w)
  return <main className="page"><Empty title={t('title')} action={<LinkButton to="/">{t('back')}</LinkButton>} /></main>
}
