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
  const saved = useQueryOf().get('saved')
  if (id === 'boards') return <Boards />
  if (id === 'questions') return <Question key="trend" kind="trend" saved={null} />
  if (id && isKind(id)) return <Question key={`${id} ${saved}`} kind={id} saved={saved} />
  return id ? <NotFound /> : <Overview />
}
