/** Every question on the embedded engine. */
import { openTestEngine } from '../support/engine.ts'
import { testQuestions } from '../support/question-suite.ts'

testQuestions(openTestEngine)
