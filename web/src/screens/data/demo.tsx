// The demo shop is in here: out with it by one button.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '~/api/client'
import { useWords } from '~/i18n'
import { Button, Confirm, Note, toast, useErrorText } from '~/parts'
import { dataWords } from './words'

export function Demo() {
  const t = useWords(dataWords)
  const say = useErrorText()
  const client = useQueryClient()
  const [ask, setAsk] = useState(false)
  const remove = useMutation({
    mutationFn: () => request('DELETE', '/api/v1/demo'),
    onSuccess: () => { setAsk(false); toast(t('demoGone')); void client.invalidateQueries() },
    onError: (e) => { setAsk(false); toast(say(e)) },
  })
  return (
    <>
      <Note kind="warn" action={<Button small onClick={() => setAsk(true)}>{t('demoRemove')}</Button>}><p className="m">{t('demoTitle')}</p><p className="muted">{t('demoBody')}</p></Note>
      <Confirm open={ask} onClose={() => setAsk(false)} bad title={t('demoRemoveTitle')} yes={t('demoRemove')} busy={remove.isPending} onYes={() => remove.mutate()}>{t('demoRemoveBody')}</Confirm>
    </>
  )
}
