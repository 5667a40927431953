// names.ts: what the things are called that a journey points at.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { all } from '~/api/client'
import { useSession } from '~/api/session'
import { type Text, useLang, useText } from '~/i18n'
import { plainText } from '~/messages/plain'
import { allSteps, type Journey } from './model'

export type Template = { id: string; channel: string; name?: Text; subject?: Text; text?: Text; html?: Text }
export type Named = { id: string; name?: Text }
export type Coupon = Named & { value?: { amount?: number; percent?: number; min?: number }; valid?: string }

const MINUTES = 5 * 60_000
export const useTemplates = () => useQuery({ queryKey: ['templates'], staleTime: MINUTES, queryFn: () => all<Template>('/api/v1/templates') })
export const useCoupons = () => useQuery({ queryKey: ['coupons'], staleTime: MINUTES, queryFn: () => all<Coupon>('/api/v1/coupons') })
export const useSegments = () => useQuery({ queryKey: ['segments'], staleTime: MINUTES, queryFn: () => all<Named>('/api/v1/segments') })
export const useJourneys = () => useQuery({ queryKey: ['journeys'], queryFn: () => all<Journey>('/api/v1/journeys') })

const short = (text: string) => (text.length > 24 ? `${text.slice(0, 22)}…` : text)

export type Names = {
  template: (id: string | undefined) => string
  coupon: (id: string | undefined) => string
  segment: (id: string | undefined) => string
  journey: (id: string | undefined) => string
  /** The message that a step sends. */
  message: (step: string | undefined) => string
}

export function useNames(journey: Journey | undefined): Names {
  const text = useText()
  const { lang } = useLang()
  const shop = useSession()?.workspace.name
  const templates = useTemplates().data
  const coupons = useCoupons().data
  const segments = useSegments().data
  const journeys = useJourneys().data
  return useMemo(() => {
    const of = (list: Named[] | undefined, id: string | undefined) => text(list?.find((x) => x.id === id)?.name, id ?? '')
    const template = (id: string | undefined) => {
      const x = templates?.find((y) => y.id === id)
      const plain = (y: Text) => plainText(text(y), lang, shop)
      return plain(x?.name) || plain(x?.subject) || short(plain(x?.text)) || id || ''
    }
    return {
      template,
      coupon: (id) => of(coupons, id),
      segment: (id) => of(segments, id),
      journey: (id) => of(journeys, id),
      message: (step) => {
        const s = allSteps(journey?.steps ?? []).find((x) => x.id === step)
        return template(s?.send?.template ?? s?.reach?.template) || step || ''
      },
    }
  }, [text, lang, shop, templates, coupons, segments, journeys, journey])
}
