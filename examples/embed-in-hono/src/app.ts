/** The application: its own routes, and the gateway's. */
import type { Gateway } from '@bud-foundry/gateway'
import { Hono } from 'hono'

export function createApp(gateway: Gateway): Hono {
  const app = new Hono()
  app.get('/', (context) => context.text('My application. Its models are under /v1.'))
  app.all('/v1/*', (context) => gateway.fetch(context.req.raw))
  return app
}
