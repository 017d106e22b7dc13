/** Clusters of Amazon EKS. */
import type { CloudProvider, Offering } from '@bud-foundry/core'
import { createEksDriver, type EksOptions } from './cloud/eks-driver.ts'
import { createManagedClusterProvider } from './cloud/managed-cluster-provider.ts'

export { createEksToken, eksTokenMs, type AwsCredentials, type EksTokenRequest } from './cloud/eks-token.ts'
export type { EksOptions } from './cloud/eks-driver.ts'

/** A provider for one region and one network. `offerings` are the machines with their prices. */
export const createEksProvider = (options: EksOptions & { readonly offerings?: readonly Offering[] }): CloudProvider =>
  createManagedClusterProvider({ driver: createEksDriver(options), offerings: options.offerings, clock: options.clock })
