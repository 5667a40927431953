// The demo shop of a running server: put in, taken out, and how far it is.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api } from '~/api/client'

export type Demo = { status: 'none' | 'filling' | 'ready' | 'removing' | 'failed'; detail?: string }

export function useDemo(enabled = true) {
  const client = useQueryClient()
  const state = useQuery({
    queryKey: ['demo'], enabled,
    queryFn: () => api.get<Demo>('/api/v1/demo'),
    refetchInterval: (q) => (q.state.data?.status === 'filling' || q.state.data?.status === 'removing' ? 700 : false),
  })
  const was = useRef(state.data?.status)
  useEffect(() => {
    // Everything on every page may be another thing now.
    if ((was.current === 'filling' || was.current === 'removing') && state.data && state.data.status !== was.current) void client.invalidateQueries()
    was.current = state.data?.status
  }, [client, state.data])
  const started = { onSuccess: (d: Demo) => client.setQueryData(['demo'], d) }
  const fill = useMutation({ mutationFn: () => api.post<Demo>('/api/v1/demo', { body: {} }), ...started })
  const remove = useMutation({ mutationFn: async () => (await api.delete('/api/v1/demo')) as Demo, ...started })
  return { state, fill, remove }
}
