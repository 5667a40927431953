// people.tsx: the customers behind a figure: how many, some of them, and keeping them as a list.
import { Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { nameOf } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { Avatar, Button, LinkButton, toast, useErrorText } from '~/parts'
import { type Asked, keep, type Request, useDrill } from './ask'
import { Waited } from './wait'
import { insightsWords } from './words'

const SHOWN = 5
/** `title` of the count the server answers; `name` is what the list is called. */
export type Figure = { asked: Asked; at: Request; name: string; title: (n: number) => string; act?: { to: string; text: string } }

export function Drill({ figure, onClose }: { figure: Figure | null; onClose: () => void }) {
  return figure ? <Open figure={figure} onClose={onClose} /> : null
}

function Open({ figure, onClose }: { figure: Figure; onClose: () => void }) {
  const t = useWords(insightsWords)
  const f = useFormat()
  const say = useErrorText()
  const client = useQueryClient()
  const [, go] = useLocation()
  const found = useDrill(figure.asked, figure.at)
  const name = `${figure.name}${t.lang === 'zh' ? '，' : ', '}${f.day(Date.now())}`
  const save = useMutation({
    mutationFn: () => keep(figure.asked, figure.at, `list-${Date.now().toString(36)}`, name),
    onSuccess: (d) => {
      toast(t('kept', { name }))
      void client.invalidateQueries({ queryKey: ['segments'] })
      if (d.segment) go(`/customers/segments/${encodeURIComponent(d.segment)}`)
    },
    onError: (e) => toast(say(e)),
  })
  const predicate = found.data?.predicate
  return (
    <Modal opened onClose={onClose} centered size={560} lockScroll={false} title={found.data ? figure.title(found.data.count) : t('counting')} closeButtonProps={{ 'aria-label': t('closed') }}>
      <Waited of={found}>
        {(d) => (d.count === 0 ? <p className="muted">{t('nobody')}</p> : (
          <>
            <p className="small dim">{t('some')}</p>
            <ul className="in-people">
              {d.sample.slice(0, SHOWN).map((c) => {
                const n = nameOf(c)
                return <li key={c.id} className="row"><Avatar name={n.text} /><Link href={`/customers/${encodeURIComponent(c.id ?? '')}`} className="m">{n.text}</Link>{n.note && <span className="small dim wrap">{n.note}</span>}</li>
              })}
            </ul>
            <p className="small muted">{t('listNote')}</p>
            <div className="row in-do">
              {figure.act && <LinkButton to={figure.act.to}>{figure.act.text}</LinkButton>}
              {predicate !== undefined && <LinkButton to={`/customers?filter=${encodeURIComponent(JSON.stringify(predicate))}`}>{t('show')}</LinkButton>}
              <Button primary busy={save.isPending} onClick={() => save.mutate()}>{t('keep', { n: d.count })}</Button>
            </div>
          </>
        ))}
      </Waited>
    </Modal>
  )
}
