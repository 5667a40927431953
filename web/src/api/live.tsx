// One stream of server-sent events for the whole page. `useLive('journeys', f)` calls f with each event of that kind; the
// browser reconnects by itself and goes on where it broke off (Last-Event-ID).
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react'

export type Kind = 'counters' | 'event' | 'gap' | 'import' | 'export' | 'journeys' | 'channels' | 'alert' | 'pause' | 'version'
const KINDS: Kind[] = ['counters', 'event', 'gap', 'import', 'export', 'journeys', 'channels', 'alert', 'pause', 'version']
type Hear = (data: never) => void
type Bus = { hear: (kind: Kind, f: Hear) => () => void; connected: boolean }

const LiveContext = createContext<Bus>({ hear: () => () => {}, connected: false })

export function LiveProvider({ children }: { children: ReactNode }) {
  const hearers = useRef(new Map<Kind, Set<Hear>>())
  const [connected, setConnected] = useState(false)
  useEffect(() => {
    const source = new EventSource('/api/v1/live')
    source.onopen = () => setConnected(true)
    source.onerror = () => setConnected(false)
    for (const kind of KINDS)
      source.addEventListener(kind, (e) => {
        const data = JSON.parse((e as MessageEvent<string>).data) as never
        for (const f of hearers.current.get(kind) ?? []) f(data)
      })
    return () => source.close()
  }, [])
  const [hear] = useState(() => (kind: Kind, f: Hear) => {
    const set = hearers.current.get(kind) ?? new Set()
    hearers.current.set(kind, set.add(f))
    return () => void set.delete(f)
  })
  return <LiveContext.Provider value={{ hear, connected }}>{children}</LiveContext.Provider>
}

export const useConnected = () => useContext(LiveContext).connected

export function useLive<D>(kind: Kind, f: (data: D) => void) {
  const { hear } = useContext(LiveContext)
  const last = useRef(f)
  last.current = f
  useEffect(() => hear(kind, ((d: D) => last.current(d)) as Hear), [hear, kind])
}
