// Insights: the shop at a glance, any question about what customers did, and boards of kept questions.
import { useParams, useSearch } from 'wouter'
import { isKind } from './asks'
import { Boards } from './boards'
import './insights.css'
import { Overview } from './overview'
import NotFound from '../not-found'
import { Question } from './question'

export default function Insights() {
  const { id } = useParams<{ id?: string }>()
  const saved = new URLSearchParams(useSearch()).get('saved')
  if (id === 'boards') return <Boards />
  if (id === 'questions') return <Question key="trend" kind="trend" saved={null} />
  if (id && isKind(id)) return <Question key={`${id} ${saved}`} kind={id} saved={saved} />
  return id ? <NotFound /> : <Overview />
}
