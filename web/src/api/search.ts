// search.ts: what stands behind the ? of the address, each value exactly as it was put there: the router's own reading of it
// takes escapes apart once too often.
import { useSearch } from 'wouter'

export function useQueryOf(): URLSearchParams {
  useSearch()
  return new URLSearchParams(location.search)
}
