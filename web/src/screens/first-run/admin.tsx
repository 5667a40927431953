// The first administrator: three fields; what the browser knows already is said, not asked.
import { PasswordInput, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useMemo, useState } from 'react'
import { useLocation } from 'wouter'
import { api, Problem, setCsrf } from '~/api/client'
import { type Lang, useWords } from '~/i18n'
import { Button, useErrorText } from '~/parts'
import { Brand, LanguageSwitch } from '~/shell/frame'
import { browserZone, CURRENCIES, currencyName, currencyOf, siteOf, zoneName, zones } from './guess'
import { firstRunWords } from './words'

export function Admin({ tokenNeeded }: { tokenNeeded: boolean }) {
  const t = useWords(firstRunWords)
  const say = useErrorText()
  const client = useQueryClient()
  const [, go] = useLocation()
  const [form, setForm] = useState({ email: '', password: '', shop: '', token: location.hash.match(/token=([^&]+)/)?.[1] ?? '' })
  const [zone, setZone] = useState(browserZone)
  const [chosenCurrency, setCurrency] = useState<string>()
  const [chosenLanguage, setLanguage] = useState<Lang>()
  const [chosenSite, setSite] = useState<string>()
  const [open, setOpen] = useState(false)
  const currency = chosenCurrency ?? currencyOf(zone)
  const language = chosenLanguage ?? t.lang
  const site = chosenSite ?? siteOf(form.email)
  const zoneList = useMemo(() => (open ? zones() : []), [open])
  const set = (name: keyof typeof form) => (e: { currentTarget: { value: string } }) => { const { value } = e.currentTarget; setForm((f) => ({ ...f, [name]: value })) }
  const make = useMutation({
    mutationFn: () => api.post('/api/v1/setup', {
      body: {
        email: form.email.trim(), password: form.password, ...(form.token.trim() ? { token: form.token.trim() } : {}),
        workspace: { name: form.shop.trim(), zone, currency, language, ...(site ? { url: site } : {}) },
      },
    }),
    onSuccess: async (s) => {
      setCsrf(s.csrf)
      client.setQueryData(['session'], s)
      go('/welcome', { replace: true })
      await client.invalidateQueries({ queryKey: ['setup'] })
    },
  })
  const error = make.error instanceof Problem ? make.error : undefined
  const known = ['/email', '/password', '/token', '/workspace/name', '/workspace/url']
  const rest = !make.error || (error && (known.some((p) => error.at(p)) || error.status === 403)) ? null : error?.status === 409 ? t('already') : say(make.error)
  return (
    <main className="fr-admin">
      <header className="between"><Brand /><LanguageSwitch /></header>
      <section>
        <h1>{t('adminTitle')}</h1>
        <p className="sub fr-sub">{t('adminSub')}</p>
        <form className="stack fr-form" onSubmit={(e: FormEvent) => { e.preventDefault(); make.mutate() }}>
          {tokenNeeded && <TextInput label={t('token')} description={t('tokenHelp')} required autoFocus autoComplete="off" value={form.token} onChange={set('token')} error={error?.status === 403 ? t('wrongToken') : error?.at('/token')} />}
          <TextInput label={t('email')} type="email" required autoFocus={!tokenNeeded} autoComplete="username" value={form.email} onChange={set('email')} error={error?.at('/email')} />
          <PasswordInput label={t('password')} description={t('passwordHelp')} required minLength={8} maxLength={256} autoComplete="new-password" value={form.password} onChange={set('password')} error={error?.at('/password')} />
          <TextInput label={t('shop')} description={t('shopHelp')} required maxLength={100} autoComplete="organization" value={form.shop} onChange={set('shop')} error={error?.at('/workspace/name')} />
          {open ? (
            <div className="stack fr-guess-open">
              <Select label={t('zone')} searchable limit={60} data={zoneList} value={zone} onChange={(v) => v && setZone(v)} />
              <Select label={t('currency')} searchable data={[...new Set([currency, ...CURRENCIES])].map((c) => ({ value: c, label: `${c} · ${currencyName(c, t.lang)}` }))} value={currency} onChange={(v) => v && setCurrency(v)} />
              <Select label={t('language')} data={[{ value: 'zh', label: t('zh') }, { value: 'en', label: t('en') }]} value={language} onChange={(v) => v && setLanguage(v as Lang)} />
              <TextInput label={t('site')} description={t('siteHelp')} type="url" placeholder="https://" value={site} onChange={(e) => setSite(e.currentTarget.value)} error={error?.at('/workspace/url')} />
            </div>
          ) : (
            <p className="muted fr-guess">
              {t.rich('guessed', { b: <b /> }, { zone: zoneName(zone, t.lang), currency: currencyName(currency, t.lang), language: t(language) })}{' '}
              {site && <>{t.rich('guessedSite', { b: <b /> }, { site: site.replace(/^https?:\/\//, '') })}{' '}</>}
              <button type="button" className="link" onClick={() => setOpen(true)}>{t('change')}</button>
            </p>
          )}
          {rest && <p className="small fr-error" role="alert">{rest}</p>}
          <Button primary large type="submit" busy={make.isPending}>{t('make')}</Button>
        </form>
      </section>
    </main>
  )
}
