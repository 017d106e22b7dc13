/** Clusters of Azure AKS. */
import type { CloudProvider, Clock, Offering } from '@bud-foundry/core'
import { createAksDriver, type AksOptions } from './cloud/aks-driver.ts'
import { createManagedClusterProvider } from './cloud/managed-cluster-provider.ts'

export type { AksOptions } from './cloud/aks-driver.ts'

/** A provider for one subscription and resource group. `offerings` are the machines with their prices. */
export const createAksProvider = (
  options: AksOptions & { readonly offerings?: readonly Offering[]; readonly clock?: Clock },
): CloudProvider => createManagedClusterProvider({ driver: createAksDriver(options), offerings: options.offerings, clock: options.clock })
