/** POST /api/plan: the optimizer's own handler speaks the same Request and Response as a route. */
import { createOptimizerHandler } from '@bud-foundry/sim'

export const POST = createOptimizerHandler()
