/** Steps of deployments as rows of the table `deployment_steps`. */
import { deploymentEventSchema, type DeploymentEvent } from '@bud-foundry/core'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey } from './event-id.ts'
import type { EventTable } from './event-table.ts'

export const deploymentTable: EventTable<DeploymentEvent> = {
  kind: 'deployment-step',
  table: 'deployment_steps',
  partitionColumn: 'deployment_name',
  partitionOf: ({ deploymentName }) => toTextCell(deploymentName),
  columns: ['deployment_name', 'time', 'id', 'id_text', 'operation_id', 'step', 'state', 'error_code'],
  toCells: (event) => [
    toTextCell(event.deploymentName),
    toTimeCell(event.timeUnixMs),
    toEventKey(event.id),
    toTextCell(toEventIdText(event.id)),
    toTextCell(event.operationId),
    toTextCell(event.step),
    event.state,
    toTextCell(event.errorCode),
  ],
  schema: deploymentEventSchema,
}
