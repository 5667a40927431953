// Insights: the shop at a glance, any question about what customers did, and boards of kept questions.
import { useQueryOf } from '~/api/search'
import { useParams } from 'wouter'
import { isKind } from './asks'
import { Boards } from './boards'
import './insights.css'
import { Overview } from './overview'
import NotFound from '../not-found'
import { Question } from './question'

export default function Insights() {
  const { id } = useParams<{ id?: string }>()
  const search = useQueryOf()
  const saved = search.get('saved'), given = search.get('ask')
  if (id === 'boards') return <Boards />
  if (id === 'questions') return <Question key="trend" kind="trend" saved={null} given={null} />
  if (id && isKind(id)) return <Question key={`${id} ${saved} ${given}`} kind={id} saved={saved} given={given} />
  return id ? <NotFound /> : <Overview />
}
