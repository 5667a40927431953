// What the workspace knows by name, with words and samples, for pickers: one answer that all of them share.
import { useQuery } from '@tanstack/react-query'
import { api } from './client'

export const useServedVocabulary = () => useQuery({ queryKey: ['vocabulary'], staleTime: 60_000, queryFn: () => api.get('/api/v1/schema/vocabulary') })
