// First run: who runs the shop, then one question.
import { Admin } from './admin'
import { Choose } from './choose'
import './first-run.css'

export default function FirstRun({ tokenNeeded = false, chosen = false }: { tokenNeeded?: boolean; chosen?: boolean }) {
  return chosen ? <Choose /> : <Admin tokenNeeded={tokenNeeded} />
}
