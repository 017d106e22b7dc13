/** The application: a health page, and plans from the optimizer's thread. */
import { isBudError } from '@bud-foundry/core'
import type { OptimizeRequest } from '@bud-foundry/sim'
import type { OptimizerWorker } from '@bud-foundry/sim/worker'
import express, { type ErrorRequestHandler, type Express } from 'express'

/** Errors of the optimizer say what is wrong with the request; everything else is Express's own business. */
const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (isBudError(error)) response.status(error.status).json({ error: { code: error.code, message: error.message } })
  else next(error)
}

export function createApp(optimizer: OptimizerWorker): Express {
  const app = express()
  app.get('/health', (_request, response) => {
    response.send('ok')
  })
  app.post('/plans', express.json({ limit: '4mb' }), async (request, response) => {
    const gone = new AbortController()
    response.on('close', () => {
      gone.abort()
    })
    // The type says what it should be; the thread checks it against the optimizer's schema.
    response.json(await optimizer.optimize(request.body as OptimizeRequest, { signal: gone.signal }))
  })
  app.use(answerErrors)
  return app
}
