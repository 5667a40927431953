// lists.ts: the short lists that many screens share, each kept once and whole: one key, one shape.
import { useQuery } from '@tanstack/react-query'
import type { Text } from '~/i18n'
import { all } from './client'

const MINUTES = 5 * 60_000
type Named = { id: string; name?: Text }

const useList = <D extends Named>(kind: string, path: '/api/v1/journeys' | '/api/v1/segments' | '/api/v1/templates' | '/api/v1/coupons' | '/api/v1/channels' | '/api/v1/sources', staleTime?: number) =>
  useQuery({ queryKey: [kind], ...(staleTime ? { staleTime } : {}), queryFn: () => all<D>(path) })

export const useJourneyList = <D extends Named = Named>() => useList<D>('journeys', '/api/v1/journeys')
export const useSegmentList = <D extends Named = Named>() => useList<D>('segments', '/api/v1/segments')
export const useTemplateList = <D extends Named = Named & { channel: string }>() => useList<D>('templates', '/api/v1/templates')
export const useCouponList = <D extends Named = Named>() => useList<D>('coupons', '/api/v1/coupons', MINUTES)
export const useChannelList = <D extends Named & { channel: string } = Named & { channel: string }>() => useList<D>('channels', '/api/v1/channels')
export const useSourceList = <D extends Named = Named>() => useList<D>('sources', '/api/v1/sources')
