/** Which device a node has, by its labels. */
import { devicesOfNode } from '../discover/node-devices.ts'
import { nodeSchema } from '../discover/node-schemas.ts'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'

/** The first that has a profile; nodes with two kinds of devices are rare. */
export const hardwareOfNode = (node: KubernetesObject): string | undefined =>
  devicesOfNode(node, nodeSchema.parse(node)).find(({ hardwareId }) => hardwareId !== undefined)?.hardwareId
