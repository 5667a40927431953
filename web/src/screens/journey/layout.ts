// layout.ts: the journey drawn top-down by itself: a tree of boxes, each way under its branch, and all ways joined again.
import { armsOf, type Arm, kindOf, type Path, type Step } from './model'

export const BOX = { width: 300, height: 64 }
const STEP = 100 /* from one box to the next */
const FORK = 150 /* from a branch to the first box of its ways */
const LABEL = 132 /* where the ways' names stand */
const BESIDE = 52

export type Place =
  | { kind: 'start'; id: string; x: number; y: number }
  | { kind: 'step'; id: string; x: number; y: number; step: Step; path: Path }
  | { kind: 'arm'; id: string; x: number; y: number; arm: Arm; of: Step; index: number }
  | { kind: 'end'; id: string; x: number; y: number }
export type Link = { id: string; from: string; to: string; bend: number; into?: Step }
export type Drawing = { places: Place[]; links: Link[]; width: number; height: number }

const widthOf = (steps: Step[]): number => Math.max(BOX.width, ...steps.map((s) => {
  const arms = armsOf(s)
  return arms ? arms.reduce((n, a) => n + widthOf(a.steps), 0) + BESIDE * (arms.length - 1) : BOX.width
}))

export function draw(steps: Step[]): Drawing {
  const places: Place[] = [{ kind: 'start', id: 'start', x: 0, y: 0 }]
  const links: Link[] = []
  const join = (tails: string[], to: string, y: number, into?: Step) => {
    for (const from of tails) links.push({ id: `${from}>${to}`, from, to, bend: y - 24, ...(into && tails.length === 1 ? { into } : {}) })
  }
  /** Puts a list of steps; answers where it ends and which boxes lead on. */
  const put = (list: Step[], at: Path, x: number, top: number, from: string[]): { y: number; tails: string[] } => {
    let y = top
    let tails = from
    list.forEach((step, i) => {
      const path = [...at, i]
      const id = `s${path.join('-')}`
      places.push({ kind: 'step', id, x, y, step, path })
      join(tails, id, y, step)
      tails = kindOf(step) === 'end' ? [] : [id]
      const arms = armsOf(step)
      if (!arms) { y += STEP; return }
      const whole = arms.reduce((n, a) => n + widthOf(a.steps), 0) + BESIDE * (arms.length - 1)
      let left = x - whole / 2
      let low = y + FORK
      tails = arms.flatMap((arm, index) => {
        const w = widthOf(arm.steps)
        const cx = left + w / 2
        const name = `${id}a${index}`
        left += w + BESIDE
        places.push({ kind: 'arm', id: name, x: cx, y: y + LABEL, arm, of: step, index })
        links.push({ id: `${id}>${name}`, from: id, to: name, bend: y + BOX.height + 38 })
        const end = put(arm.steps, [...path, index], cx, y + FORK, [name])
        low = Math.max(low, end.y)
        return end.tails
      })
      y = low + 24
    })
    return { y, tails }
  }
  const end = put(steps, [], 0, STEP, ['start'])
  if (end.tails.length > 0) {
    places.push({ kind: 'end', id: 'end', x: 0, y: end.y })
    join(end.tails, 'end', end.y)
  }
  return { places, links, width: widthOf(steps), height: end.y + 40 }
}

/** From above down to the bend, across, and down again, with round corners. */
export function elbow(sx: number, sy: number, tx: number, ty: number, bend: number, r = 12): string {
  if (Math.abs(sx - tx) < 1) return `M${sx},${sy}V${ty}`
  const dir = tx > sx ? 1 : -1
  const k = Math.min(r, Math.abs(tx - sx) / 2, Math.abs(bend - sy), Math.abs(ty - bend))
  return `M${sx},${sy}V${bend - k}Q${sx},${bend} ${sx + dir * k},${bend}H${tx - dir * k}Q${tx},${bend} ${tx},${bend + k}V${ty}`
}
