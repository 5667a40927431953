// What the browser knows already and nobody should type: zone, currency, the shop's address.
const BY_ZONE: Record<string, string> = {
  'Asia/Shanghai': 'CNY', 'Asia/Urumqi': 'CNY', 'Asia/Chongqing': 'CNY', 'Asia/Hong_Kong': 'HKD', 'Asia/Macau': 'MOP', 'Asia/Taipei': 'TWD', 'Asia/Tokyo': 'JPY', 'Asia/Seoul': 'KRW', 'Asia/Singapore': 'SGD',
  'Asia/Kolkata': 'INR', 'Asia/Calcutta': 'INR', 'Asia/Dubai': 'AED', 'Asia/Bangkok': 'THB', 'Asia/Jakarta': 'IDR', 'Asia/Kuala_Lumpur': 'MYR', 'Asia/Manila': 'PHP', 'Asia/Ho_Chi_Minh': 'VND', 'Asia/Saigon': 'VND',
  'Europe/London': 'GBP', 'Europe/Zurich': 'CHF', 'Europe/Warsaw': 'PLN', 'Europe/Prague': 'CZK', 'Europe/Stockholm': 'SEK', 'Europe/Oslo': 'NOK', 'Europe/Copenhagen': 'DKK', 'Europe/Budapest': 'HUF', 'Europe/Bucharest': 'RON',
  'Europe/Istanbul': 'TRY', 'Europe/Moscow': 'RUB', 'Europe/Kyiv': 'UAH', 'Europe/Kiev': 'UAH', 'America/Toronto': 'CAD', 'America/Vancouver': 'CAD', 'America/Sao_Paulo': 'BRL', 'America/Mexico_City': 'MXN', 'Pacific/Auckland': 'NZD',
}
export const CURRENCIES = [...new Set(['CNY', 'EUR', 'USD', ...Object.values(BY_ZONE), 'AUD'])].sort()

export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
export const zones = () => {
  const all = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
  return [...new Set([browserZone(), 'Asia/Shanghai', 'UTC', ...all])]
}
export function currencyOf(zone: string): string {
  return BY_ZONE[zone] ?? (zone.startsWith('Europe/') ? 'EUR' : zone.startsWith('Australia/') ? 'AUD' : 'USD')
}

const PUBLIC_MAIL = /^(gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|icloud|me|mac|aol|gmx|web|proton|protonmail|pm|zoho|fastmail|yandex|mail|qq|foxmail|163|126|yeah|sina|sohu|aliyun|139|189|wo|naver|daum)\.|(^|\.)example(\.|$)|\.(test|local|localhost|invalid)$/i
/** jane@lantern-tea.com → https://lantern-tea.com; nothing for the addresses of mail providers. */
export function siteOf(email: string): string {
  const domain = email.split('@')[1]?.trim().toLowerCase() ?? ''
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain) && !PUBLIC_MAIL.test(domain) ? `https://${domain}` : ''
}

/** Asia/Shanghai → Shanghai; the zone's own name in the reader's language where the browser has one. */
export function zoneName(zone: string, lang: string): string {
  try {
    const part = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: zone, timeZoneName: 'longGeneric' }).formatToParts(new Date()).find((p) => p.type === 'timeZoneName')
    return part?.value ?? zone
  } catch {
    return zone
  }
}
export function currencyName(code: string, lang: string): string {
  try {
    return new Intl.DisplayNames(lang === 'zh' ? 'zh-CN' : 'en', { type: 'currency' }).of(code) ?? code
  } catch {
    return code
  }
}
