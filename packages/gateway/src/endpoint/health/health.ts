/** Liveness and readiness for whoever runs the process; they say nothing about the system and need no key. */
import { respondJson } from '../../pipeline/respond.ts'
import type { Endpoint } from '../endpoint.ts'

const dialectId = 'openai-chat'

/** The process answers. */
export const health: Endpoint = {
  method: 'GET',
  path: '/health',
  dialectId,
  scope: undefined,
  alwaysOpen: true,
  serve: ({ exchange }) => {
    respondJson(exchange, 200, { status: 'ok' })
  },
}

/** The gateway takes requests: its keys and credentials are read, and it is not shutting down. */
export const ready: Endpoint = {
  method: 'GET',
  path: '/ready',
  dialectId,
  scope: undefined,
  alwaysOpen: true,
  serve: ({ exchange, services }) => {
    const { state } = services
    respondJson(exchange, state === 'open' ? 200 : 503, { status: state === 'open' ? 'ready' : state })
  },
}
