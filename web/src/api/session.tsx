// Who is signed in, and the workspace's zone, currency and languages.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { api, type Schemas, setCsrf } from './client'

export type Session = Schemas['session']

const SessionContext = createContext<Session | undefined>(undefined)
export const useSession = () => useContext(SessionContext)

/** May this person do what needs the scope? */
export function useMay() {
  const scopes = useSession()?.scopes ?? []
  return (scope: Schemas['scope']) => scopes.includes(scope) || scopes.includes('admin')
}

export function useSetup() {
  return useQuery({ queryKey: ['setup'], queryFn: () => api.get('/api/v1/setup'), staleTime: 0 })
}

export function useSessionQuery(enabled: boolean) {
  return useQuery({
    queryKey: ['session'],
    enabled,
    retry: false,
    queryFn: async () => {
      const s = await api.get('/api/v1/session')
      setCsrf(s.csrf)
      return s
    },
  })
}

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient()
  useEffect(() => {
    const out = () => void client.invalidateQueries({ queryKey: ['setup'] })
    addEventListener('beckon:signed-out', out)
    return () => removeEventListener('beckon:signed-out', out)
  }, [client])
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>
}
