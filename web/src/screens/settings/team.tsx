// team.tsx: colleagues, their roles, and links by which they come in.
import { Menu, Modal, Select, TextInput } from '@mantine/core'
import { IconDots, IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Schemas } from '~/api/client'
import { useSession } from '~/api/session'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Avatar, Button, Card, Confirm, Copy, ErrorNote, Loaded, Note, PageHead, Tag, toast, useErrorText } from '~/parts'
import { settingsWords } from './words'

type User = Schemas['user']
type Role = Schemas['role']
const ROLES: Role[] = ['owner', 'admin', 'marketer', 'approver', 'analyst']

export default function Team() {
  const t = useWords(settingsWords)
  const f = useFormat()
  const say = useErrorText()
  const me = useSession()
  const client = useQueryClient()
  const users = useQuery({ queryKey: ['users'], queryFn: () => api.get('/api/v1/users', { query: { limit: 500 } }) })
  const [inviting, setInviting] = useState(false)
  const [link, setLink] = useState<Schemas['invitation'] | null>(null)
  const [dropping, setDropping] = useState<User | null>(null)
  const again = () => void client.invalidateQueries({ queryKey: ['users'] })
  const act = useMutation({ mutationFn: (go: () => Promise<unknown>) => go(), onSuccess: again, onError: (e) => toast(say(e)) })
  const invite = useMutation({
    mutationFn: (body: { email: string; name: string; role: Role }) => api.post('/api/v1/users', { body }),
    onSuccess: (u) => { setInviting(false); setLink(u.invitation ?? null); again() },
  })
  const drop = useMutation({ mutationFn: (u: User) => api.delete('/api/v1/users/{id}', { path: { id: u.id } }), onSuccess: () => { setDropping(null); again() }, onError: (e) => { setDropping(null); toast(say(e)) } })
  const patch = (u: User, body: object) => act.mutate(() => api.patch('/api/v1/users/{id}', { path: { id: u.id }, body }))
  return (
    <>
      <PageHead title={t('teamTitle')} sub={users.data && t('teamSub', { n: users.data.items.length })}><Button icon={IconPlus} onClick={() => setInviting(true)}>{t('invite')}</Button></PageHead>
      <Loaded of={users}>{(data) => (
        <Card className="table-scroll">
          <table className="tbl">
            <thead><tr><th>{t('name')}</th><th>{t('role')}</th><th>{t('lastSeen')}</th><th><span className="sr">{t('editChannel')}</span></th></tr></thead>
            <tbody>
              {data.items.map((u) => (
                <tr key={u.id}>
                  <td><div className="row"><Avatar name={u.name || u.email} /><div><p className="m">{u.name || u.email} {u.status !== 'active' && <Tag>{t(u.status === 'invited' ? 'invited' : 'disabled')}</Tag>} {u.totp && <Tag>{t('twoFactor')}</Tag>}</p><p className="small dim">{u.email}</p></div></div></td>
                  <td style={{ minWidth: 170 }}><Select aria-label={t('role')} data={ROLES.map((r) => ({ value: r, label: t(r) }))} value={u.role} disabled={u.id === me?.user?.id || (u.role === 'owner' && me?.role !== 'owner')} onChange={(v) => { if (v) patch(u, { role: v }) }} /></td>
                  <td className="muted nowrap">{u.last_seen_at ? f.near(u.last_seen_at) : t('never')}</td>
                  <td className="r">
                    {u.id !== me?.user?.id && (
                      <Menu position="bottom-end">
                        <Menu.Target><Button small aria-label={`${u.name || u.email}: ${t('editChannel')}`}><IconDots size={16} aria-hidden /></Button></Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => act.mutate(async () => setLink(await api.post('/api/v1/users/{id}/invitation', { path: { id: u.id } })))}>{t('newLink')}</Menu.Item>
                          <Menu.Item onClick={() => act.mutate(() => api.delete('/api/v1/users/{id}/sessions', { path: { id: u.id } }))}>{t('endSessions')}</Menu.Item>
                          {u.totp && <Menu.Item onClick={() => act.mutate(() => api.delete('/api/v1/users/{id}/totp', { path: { id: u.id } }))}>{t('resetTotp')}</Menu.Item>}
                          <Menu.Item onClick={() => patch(u, { disabled: u.status !== 'disabled' })}>{t(u.status === 'disabled' ? 'enable' : 'disable')}</Menu.Item>
                          <Menu.Item onClick={() => setDropping(u)}>{t('drop')}</Menu.Item>
                        </Menu.Dropdown>
                      </Menu>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
      )}</Loaded>
      <Modal opened={inviting} onClose={() => setInviting(false)} title={t('invite')} centered>
        <InviteForm busy={invite.isPending} error={invite.error} onSend={(b) => invite.mutate(b)} />
      </Modal>
      <Modal opened={link !== null} onClose={() => setLink(null)} title={t('linkTitle')} centered size={560}>
        {link && (
          <div className="stack">
            <p className="muted">{t('linkBody', { time: f.dateTime(link.expires_at) })}</p>
            <pre className="code wrap" style={{ whiteSpace: 'pre-wrap' }}>{link.url}</pre>
            <div className="row" style={{ justifyContent: 'flex-end' }}><Copy text={link.url} /><Button primary onClick={() => setLink(null)}>{t('done')}</Button></div>
          </div>
        )}
      </Modal>
      <Confirm open={dropping !== null} onClose={() => setDropping(null)} bad title={t('dropTitle', { name: dropping?.name || dropping?.email || '' })} yes={t('drop')} busy={drop.isPending} onYes={() => { if (dropping) drop.mutate(dropping) }}>{t('dropBody')}</Confirm>
    </>
  )
}

function InviteForm({ busy, error, onSend }: { busy: boolean; error: unknown; onSend: (b: { email: string; name: string; role: Role }) => void }) {
  const t = useWords(settingsWords)
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('marketer')
  return (
    <form className="stack" onSubmit={(e) => { e.preventDefault(); onSend({ email, name, role }) }}>
      <TextInput label={t('email')} type="email" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} data-autofocus />
      <TextInput label={t('name')} value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <Select label={t('role')} data={ROLES.map((r) => ({ value: r, label: t(r) }))} value={role} onChange={(v) => setRole((v ?? 'marketer') as Role)} />
      <Note>{t(`${role}Help`)}</Note>
      {error ? <ErrorNote error={error} /> : null}
      <div className="row" style={{ justifyContent: 'flex-end' }}><Button primary type="submit" busy={busy}>{t('sendInvite')}</Button></div>
    </form>
  )
}
