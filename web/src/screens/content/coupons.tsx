// Coupons: worth, time, and what became of those that were given.
import { Modal, NumberInput, Select, TextInput } from '@mantine/core'
import { IconPlus, IconTicket } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Schemas } from '~/api/client'
import { useCouponList } from '~/api/lists'
import { idOf } from '~/api/id'
import { type Text, useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Card, Empty, ErrorNote, Loaded } from '~/parts'
import { contentWords } from './words'

type Coupon = Omit<Schemas['coupon'], 'name' | 'value'> & { id: string; name?: Text; value: { amount?: number; percent?: number; min?: number } }
const DAYS = [1, 2, 3, 5, 7, 14, 30, 60, 90, 365]

export function useWorth() {
  const t = useWords(contentWords)
  const f = useFormat()
  return (c: Coupon) => [t('off', { worth: c.value.percent !== undefined ? f.share(c.value.percent / 100) : f.money(c.value.amount ?? 0) }), c.value.min ? t('from', { min: f.money(c.value.min) }) : ''].filter(Boolean).join(t.lang === 'zh' ? '，' : ', ')
}
const daysOf = (valid: string) => { const m = /^(\d+)([hdw]|mo)$/.exec(valid); return m ? Math.max(1, Math.round(Number(m[1]) * ({ h: 1 / 24, d: 1, w: 7, mo: 30 } as Record<string, number>)[m[2] as string]!)) : 7 }

export function Coupons() {
  const t = useWords(contentWords)
  const text = useText()
  const f = useFormat()
  const worth = useWorth()
  const [open, setOpen] = useState<Coupon | 'new' | null>(null)
  const list = useCouponList<Coupon>()
  const button = <Button icon={IconPlus} onClick={() => setOpen('new')}>{t('newCoupon')}</Button>
  return (
    <>
      <Loaded of={list}>{(d) => d.length === 0 ? <Card><Empty icon={IconTicket} title={t('couponNone')} action={button}>{t('couponNoneBody')}</Empty></Card> : (
        <div className="stack">
          <Card className="table-scroll">
            <table className="tbl">
              <thead><tr><th>{t('cName')}</th><th>{t('cWorth')}</th><th>{t('cValid')}</th><th className="n">{t('granted')}</th><th className="n">{t('usedUp')}</th><th className="n">{t('expired')}</th></tr></thead>
              <tbody>{d.map((c) => (
                <tr key={c.id}>
                  <td><button type="button" className="link m" onClick={() => setOpen(c)}>{text(c.name, c.id)}</button>{c.pool && <p className="small dim">{t('pool')}{c.left !== undefined ? ` · ${t('left')} ${f.number(c.left)}` : ''}</p>}</td>
                  <td>{worth(c)}</td><td className="nowrap">{t('days', { n: daysOf(c.valid) })}</td>
                  <td className="n num">{c.granted ? f.number(c.granted) : ''}</td><td className="n num">{c.used ? f.number(c.used) : ''}</td><td className="n num">{c.expired ? f.number(c.expired) : ''}</td>
                </tr>
              ))}</tbody>
            </table>
          </Card>
          <div>{button}</div>
        </div>
      )}</Loaded>
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={t(open === 'new' ? 'newCoupon' : 'editCoupon')} centered>{open && <Edit coupon={open === 'new' ? null : open} done={() => setOpen(null)} />}</Modal>
    </>
  )
}

function Edit({ coupon, done }: { coupon: Coupon | null; done: () => void }) {
  const t = useWords(contentWords)
  const text = useText()
  const client = useQueryClient()
  const [name, setName] = useState(text(coupon?.name))
  const [kind, setKind] = useState(coupon?.value.percent !== undefined ? 'percent' : 'amount')
  const [worth, setWorth] = useState<number | string>(coupon?.value.percent ?? coupon?.value.amount ?? 10)
  const [min, setMin] = useState<number | string>(coupon?.value.min ?? '')
  const [days, setDays] = useState(String(daysOf(coupon?.valid ?? '7d')))
  const [code, setCode] = useState(coupon?.code ?? '########')
  const save = useMutation({
    mutationFn: () => {
      const value = { [kind]: Number(worth), ...(Number(min) > 0 ? { min: Number(min) } : {}) }
      const body = { name: coupon && typeof coupon.name === 'object' ? { ...coupon.name, [t.lang]: name } : name, value, valid: `${days}d`, ...(coupon?.pool ? { pool: true } : { code }) }
      if (coupon) return api.put('/api/v1/coupons/{id}', { path: { id: coupon.id }, body })
      const id = idOf(name, 'coupon')
      return api.post('/api/v1/coupons', { body: { id, ...body } })
    },
    onSuccess: () => { void client.invalidateQueries({ queryKey: ['coupons'] }); done() },
  })
  return (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); save.mutate() }}>
      <TextInput label={t('cName')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <NumberInput className="grow" label={t('cWorth')} required min={0.01} max={kind === 'percent' ? 100 : 1_000_000} value={worth} onChange={setWorth} />
        <Select className="grow" aria-label={t('cWorth')} data={[{ value: 'amount', label: t('cAmount') }, { value: 'percent', label: t('cPercent') }]} value={kind} onChange={(k) => setKind(k ?? 'amount')} />
      </div>
      <NumberInput label={t('cMin')} min={0} placeholder={t('cMinNone')} value={min} onChange={setMin} />
      <Select label={t('cValid')} data={[...new Set([...DAYS, Number(days)])].sort((a, b) => a - b).map((n) => ({ value: String(n), label: t('days', { n }) }))} value={days} onChange={(d) => setDays(d ?? '7')} />
      {!coupon?.pool && <TextInput label={t('cCode')} description={t('cCodeHelp')} classNames={{ input: 'mono' }} value={code} onChange={(e) => setCode(e.currentTarget.value)} />}
      {save.error && <ErrorNote error={save.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={save.isPending}>{t('save')}</Button></div>
    </form>
  )
}
