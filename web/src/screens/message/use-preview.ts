// The server renders what is on the page, for a real customer: preview = the bytes that would be sent.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, type Schemas } from '~/api/client'
import type { Lang } from '~/i18n'
import type { Template } from './said'

export type Preview = Omit<Schemas['preview'], 'customer'> & { customer?: Schemas['customer'] | null }
export type Device = 'computer' | 'phone' | 'dark'

export function useDebounced<V>(value: V, ms: number): V {
  const [v, setV] = useState(value)
  useEffect(() => { const timer = setTimeout(() => setV(value), ms); return () => clearTimeout(timer) }, [value, ms])
  return v
}

export function usePreview(source: Template, customer: string | undefined, device: Device, language: Lang) {
  const asked = useDebounced(source, 250)
  return useQuery({
    queryKey: ['preview', asked, customer, device, language], placeholderData: keepPreviousData, staleTime: 60_000, retry: false,
    queryFn: ({ signal }) => api.post<Preview>('/api/v1/templates/preview', { body: { source: asked, customer, device, language }, signal }),
  })
}
