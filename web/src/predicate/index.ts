// The editor of conditions, for every screen that has one.
export { PredicateRows, type Counts } from './rows'
export type { Journey as JourneyContext } from './time'
export { finished, isDone, type Predicate } from './types'
export { useVocabulary, type Vocabulary } from './vocabulary'
export { usePreview, type Preview } from './preview'
