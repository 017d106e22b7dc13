/** What is said of a number's exactness comes from its answer. */
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { BudProvider, createBudClient } from '../../src/index.ts'
import { Explain } from '../../src/metric/explain.tsx'
import { readAnswer } from '../../src/client/ask.ts'
import { createFakeFetch, pending } from '../support/fake-fetch.ts'
import { sampleAnswer } from '../support/sample-answer.ts'

const explain = (measures: object | undefined) => {
  const { fetch } = createFakeFetch(pending)
  return renderToString(
    <BudProvider client={createBudClient({ fetch })}>
      <Explain
        title="First token"
        measures={['timeToFirstTokenMsP95']}
        answer={measures === undefined ? undefined : readAnswer({ ...sampleAnswer(), measures })}
      />
    </BudProvider>,
  )
}

test('a percentile is never called exact while its definition is on its way', () => {
  expect(explain(undefined)).not.toContain('Exact')
  expect(explain({ timeToFirstTokenMsP95: { unit: 'ms', errorBound: 0.01 } })).toContain('Within 1% of the exact value.')
  expect(explain({ timeToFirstTokenMsP95: { unit: 'ms', errorBound: 0 } })).toContain('Exact.')
})
