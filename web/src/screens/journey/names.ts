// names.ts: what the things are called that a journey points at.
import { useMemo } from 'react'
import { useCouponList, useJourneyList, useSegmentList, useTemplateList } from '~/api/lists'
import { useSession } from '~/api/session'
import { type Text, useLang, useText } from '~/i18n'
import { plainText } from '~/messages/plain'
import { allSteps, type Journey } from './model'

export type Template = { id: string; channel: string; name?: Text; subject?: Text; text?: Text; html?: Text }
export type Named = { id: string; name?: Text }
export type Coupon = Named & { value?: { amount?: number; percent?: number; min?: number }; valid?: string }

export const useTemplates = () => useTemplateList<Template>()
export const useCoupons = () => useCouponList<Coupon>()
export const useSegments = () => useSegmentList<Named>()
export const useJourneys = () => useJourneyList<Journey>()

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
