/** The four states that every widget with a server goes through, from one good script. */
import { failing, turnsStale, waits, type Answers } from './scripted-client.ts'

export interface StateStory {
  readonly parameters: { readonly answers: Answers }
}

export const loaded = (answers: Answers): StateStory => ({ parameters: { answers } })
/** Loaded once; the refresh fails. */
export const staleAfter = (answers: Answers): StateStory => ({ parameters: { answers: { ...answers, [turnsStale]: true } } })
export const loading: StateStory = { parameters: { answers: { '*': waits } } }
export const failed: StateStory = { parameters: { answers: { '*': failing } } }
