// client.ts: the one way to the server. Errors are RFC 9457 problems; every change carries the session's CSRF token.
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type FieldError = { path: string; message: string; [more: string]: unknown }

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly retryAfter?: number,
  ) {
    super(detail || title)
  }
  /** The message for a field, by its JSON pointer. */
  at(path: string): string | undefined {
    return this.errors.find((e) => e.path === path)?.message
  }
}

/** What never reached the server. */
export class Offline extends Error {}

let csrf = ''
export const setCsrf = (token: string) => {
  csrf = token
}

type Params = Record<string, string | number | boolean | null | undefined>
export type Ask = {
  /** What stands in the braces of the path. */
  path?: Params
  query?: Params
  body?: unknown
  /** Of the object that is changed: 412 if somebody changed it meanwhile. */
  etag?: string
  signal?: AbortSignal
  /** For POST: the same key does it once. */
  key?: string
}

export function address(template: string, ask: Pick<Ask, 'path' | 'query'> = {}): string {
  let url = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(ask.path?.[name] ?? '')))
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(ask.query ?? {})) if (v !== undefined && v !== null && v !== '') q.set(k, String(v))
  if (q.size) url += `?${q}`
  return url
}

export type Answer<T> = { data: T; etag: string | null; status: number }

export async function request<T>(method: string, template: string, ask: Ask = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  const form = ask.body instanceof FormData || ask.body instanceof Blob
  if (ask.body !== undefined && !form) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
  if (ask.etag) headers['If-Match'] = ask.etag
  if (ask.key) headers['Idempotency-Key'] = ask.key
  let res: Response
  try {
    res = await fetch(address(template, ask), {
      method,
      headers,
      signal: ask.signal ?? null,
      credentials: 'same-origin',
      ...(ask.body === undefined ? {} : { body: form ? (ask.body as BodyInit) : JSON.stringify(ask.body) }),
    })
  } catch (e) {
    if ((e as Error).name === 'AbortError') throw e
    throw new Offline((e as Error).message)
  }
  const text = await res.text()
  let json: unknown
  try {
    json = text ? JSON.parse(text) : undefined
  } catch {
    json = undefined
  }
  if (!res.ok) {
    const p = (json ?? {}) as Partial<Problem> & { errors?: FieldError[] }
    if (res.status === 401 && !template.startsWith('/api/v1/session') && !template.startsWith('/api/v1/setup')) dispatchEvent(new Event('beckon:signed-out'))
    throw new Problem(res.status, p.title ?? res.statusText, p.detail ?? '', p.errors ?? [], Number(res.headers.get('Retry-After')) || undefined)
  }
  return { data: json as T, etag: res.headers.get('ETag'), status: res.status }
}

/** An answer that is a file. */
export async function fileOf(method: string, template: string, ask: Ask = {}): Promise<Blob> {
  const headers: Record<string, string> = {}
  if (ask.body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
  let res: Response
  try {
    res = await fetch(address(template, ask), { method, headers, credentials: 'same-origin', ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }) })
  } catch (e) {
    throw new Offline((e as Error).message)
  }
  if (res.ok) return res.blob()
  const p = (await res.json().catch(() => ({}))) as Partial<Problem> & { errors?: FieldError[] }
  throw new Problem(res.status, p.title ?? res.statusText, p.detail ?? '', p.errors ?? [])
}

// The answer's type where the description of the API has one; a caller may say it where it has not.
type JsonOf<R> = R extends { content: { 'application/json': infer J } } ? J : never
type Op<P extends keyof paths, M extends string> = M extends keyof paths[P] ? paths[P][M] : never
type Responses<O> = O extends { responses: infer R } ? R : never
type Ok<O, R = Responses<O>> = JsonOf<R[(200 | 201 | 202) & keyof R]>
export type Result<P extends keyof paths, M extends string> = [Ok<Op<P, M>>] extends [never] ? unknown : Ok<Op<P, M>>

/** Most reads: the body alone. `api.get<Shape>('/api/v1/…', …)` where the description has no shape yet. */
export const api = {
  get: async <T = never, P extends keyof paths = keyof paths>(path: P, ask?: Ask) =>
    (await request<[T] extends [never] ? Result<P, 'get'> : T>('GET', path, ask)).data,
  post: async <T = never, P extends keyof paths = keyof paths>(path: P, ask?: Ask) =>
    (await request<[T] extends [never] ? Result<P, 'post'> : T>('POST', path, ask)).data,
  put: async <T = never, P extends keyof paths = keyof paths>(path: P, ask?: Ask) =>
    (await request<[T] extends [never] ? Result<P, 'put'> : T>('PUT', path, ask)).data,
  patch: async <T = never, P extends keyof paths = keyof paths>(path: P, ask?: Ask) =>
    (await request<[T] extends [never] ? Result<P, 'patch'> : T>('PATCH', path, ask)).data,
  delete: async <P extends keyof paths>(path: P, ask?: Ask) => (await request<Result<P, 'delete'>>('DELETE', path, ask)).data,
}

/** All pages of a list, up to `max` items. */
export async function all<T>(path: keyof paths, ask: Ask = {}, max = 5000): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = (await request<{ items: T[]; next?: string }>('GET', path, { ...ask, query: { limit: 1000, ...ask.query, cursor } })).data
    items.push(...page.items)
    cursor = page.next
  } while (cursor && items.length < max)
  return items
}
