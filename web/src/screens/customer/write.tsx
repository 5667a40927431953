// write.tsx: one message to one customer, by hand: chosen from what is written already, looked at as it will arrive, sent
// under the same rules as every other message of its kind.
import { Modal, NativeSelect } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { all, api, type Schemas } from '~/api/client'
import { masked } from '~/api/customer'
import { type Text, useText, useWords, words } from '~/i18n'
import { Button, Empty, ErrorNote, LinkButton, Loaded, Segmented, toast } from '~/parts'
import { Bubble, MailFrame } from '~/parts/message'
import { useVocabulary } from '~/predicate'

const writeWords = words({
  en: { title: 'Write to {name}', which: 'Which message?', kind: 'What is it?', promotion: 'An offer', service: 'About an order or a question', promotionNote: 'Sent only if {name} allowed offers by {channel}; quiet hours and limits count.', serviceNote: 'Sent unless {name} refused {channel}. For what was ordered or asked, not for offers.', send: 'Send this {channel} to {name} now', done: 'On its way: {what}', none: 'There is no message to send yet', noneSub: 'Write one under Content; then it can be sent from here.', make: 'Write a message', preview: 'As it will arrive', noAddress: 'No address for this channel is known.', close: 'Close', to: 'To {to}' },
  zh: { title: '给 {name} 发消息', which: '发哪一条？', kind: '这是什么？', promotion: '推广', service: '关于订单或咨询', promotionNote: '只有 {name} 同意接收{channel}推广才会发；免打扰和次数限制照样算。', serviceNote: '除非 {name} 拒绝过{channel}，否则都会发。只用于订单和咨询，不用于推广。', send: '现在把这条{channel}发给 {name}', done: '已交给发送：{what}', none: '还没有可发的消息', noneSub: '先在「内容」里写一条，就能从这里发。', make: '去写一条', preview: '收到时的样子', noAddress: '没有这个渠道的地址。', close: '关闭', to: '发给 {to}' },
})
type Template = { id: string; channel: string; name?: Text; subject?: Text }

export function Write({ id, name, close }: { id: string; name: string; close: () => void }) {
  const t = useWords(writeWords)
  const text = useText()
  const v = useVocabulary()
  const client = useQueryClient()
  const templates = useQuery({ queryKey: ['templates', 'all'], queryFn: () => all<Template>('/api/v1/templates') })
  const [picked, setPicked] = useState('')
  const [category, setCategory] = useState<'promotion' | 'service'>('promotion')
  const chosen = templates.data?.find((x) => x.id === picked) ?? templates.data?.[0]
  const channel = v.channel(chosen?.channel ?? '')
  const preview = useQuery({
    queryKey: ['preview of', chosen?.id, id], enabled: chosen !== undefined, retry: false,
    queryFn: () => api.post<Schemas['preview']>('/api/v1/templates/preview', { body: { template: chosen?.id, customer: id } }),
  })
  const key = useMemo(() => crypto.randomUUID(), [chosen?.id, category])
  const send = useMutation({
    mutationFn: () => api.post('/api/v1/messages', { body: { customer: id, channel: chosen?.channel, template: chosen?.id, category }, key }),
    onSuccess: async () => { toast(t('done', { what: label(chosen) })); close(); await client.invalidateQueries({ queryKey: ['timeline', id] }); await client.invalidateQueries({ queryKey: ['messages', 'of', id] }) },
  })
  const label = (x: Template | undefined) => (x ? `${v.channel(x.channel)}: ${text(x.name) || text(x.subject) || x.id}` : '')
  const p = preview.data
  return (
    <Modal opened onClose={close} title={t('title', { name })} closeButtonProps={{ 'aria-label': t('close') }} centered size={640}>
      <Loaded of={templates}>
        {(list) => (list.length === 0 ? <Empty title={t('none')} action={<LinkButton primary to="/content">{t('make')}</LinkButton>}>{t('noneSub')}</Empty> : (
          <div className="stack">
            <NativeSelect label={t('which')} value={chosen?.id ?? ''} onChange={(e) => setPicked(e.currentTarget.value)} data={list.map((x) => ({ value: x.id, label: label(x) }))} />
            <Segmented label={t('kind')} value={category} onChange={setCategory} options={[{ value: 'promotion', label: t('promotion') }, { value: 'service', label: t('service') }]} />
            <p className="small dim">{t(category === 'promotion' ? 'promotionNote' : 'serviceNote', { name, channel })}</p>
            <Loaded of={preview}>
              {() => (
                <div>
                  <h3>{t('preview')}</h3>
                  {p?.to ? <p className="small dim wrap">{t('to', { to: masked(p.to.includes('@') ? 'email' : 'phone', p.to) })}</p> : <p className="small dim">{t('noAddress')}</p>}
                  {p?.subject && <p className="m wrap" style={{ margin: '4px 0 8px' }}>{p.subject}</p>}
                  {p?.html ? <MailFrame html={p.shown_html ?? p.html} subject={p.subject ?? ''} height={420} /> : <Bubble text={p?.sms?.text ?? p?.text ?? ''} />}
                </div>
              )}
            </Loaded>
            {send.error && <ErrorNote error={send.error} />}
            <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary busy={send.isPending} disabled={preview.isPending || !p?.to} onClick={() => send.mutate()}>{t('send', { name, channel })}</Button></div>
          </div>
        ))}
      </Loaded>
    </Modal>
  )
}
