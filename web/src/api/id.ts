/** An id out of a name: "Autumn offer" → autumn-offer; of a name without Latin letters something of its own. */
export function idOf(name: string, otherwise: string): string {
  const id = name.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40)
  return id || `${otherwise}-${Date.now().toString(36)}`
}
