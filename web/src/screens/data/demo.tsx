// The demo shop is in here: out with it by one button, told when it is out.
import { useEffect, useRef, useState } from 'react'
import { useWords } from '~/i18n'
import { Button, Confirm, Note, toast, useErrorText } from '~/parts'
import { useDemo } from '~/parts/demo'
import { dataWords } from './words'

export function Demo() {
  const t = useWords(dataWords)
  const say = useErrorText()
  const [ask, setAsk] = useState(false)
  const { state, remove } = useDemo()
  const status = state.data?.status
  const was = useRef(status)
  useEffect(() => {
    if (was.current === 'removing' && status === 'none') toast(t('demoGone'))
    if (was.current === 'removing' && status === 'failed') toast(state.data?.detail ?? t('demoRemoveTitle'))
    was.current = status
  }, [status, state.data, t])
  return (
    <>
      <Note kind="warn" action={<Button small busy={status === 'removing'} onClick={() => setAsk(true)}>{t('demoRemove')}</Button>}><p className="m">{t('demoTitle')}</p><p className="muted">{t('demoBody')}</p></Note>
      <Confirm open={ask} onClose={() => setAsk(false)} bad title={t('demoRemoveTitle')} yes={t('demoRemove')} busy={remove.isPending}
        onYes={() => remove.mutate(undefined, { onSettled: () => setAsk(false), onError: (e) => toast(say(e)) })}>{t('demoRemoveBody')}</Confirm>
    </>
  )
}
