// Light, dark, or as the system has it.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'

export type Scheme = 'light' | 'dark'
type Choice = Scheme | 'system'
const SchemeContext = createContext<{ scheme: Scheme; choice: Choice; choose: (c: Choice) => void }>({ scheme: 'light', choice: 'system', choose: () => {} })
export const useScheme = () => useContext(SchemeContext)

export function SchemeProvider({ children }: { children: ReactNode }) {
  const [choice, choose] = useState<Choice>(() => (localStorage.getItem('beckon.scheme') as Choice | null) ?? 'system')
  const [system, setSystem] = useState<Scheme>(() => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'))
  useEffect(() => {
    const q = matchMedia('(prefers-color-scheme: dark)')
    const f = () => setSystem(q.matches ? 'dark' : 'light')
    q.addEventListener('change', f)
    return () => q.removeEventListener('change', f)
  }, [])
  const scheme = choice === 'system' ? system : choice
  useEffect(() => {
    document.documentElement.dataset.theme = scheme
    localStorage.setItem('beckon.scheme', choice)
  }, [scheme, choice])
  const value = useMemo(() => ({ scheme, choice, choose }), [scheme, choice])
  return <SchemeContext.Provider value={value}>{children}</SchemeContext.Provider>
}
