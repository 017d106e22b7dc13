/** Every administrative operation on keys, projects, users and provider credentials, as typed calls: the one source for routes and consoles. */
import type { Secret } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import { keepingStops, refuseWithStops, withoutStops } from '../limit/budget-limit.ts'
import type { ChangeOf } from './apply-change.ts'
import type { CredentialRecord, CredentialVault } from './credential-vault.ts'
import type { KeyChange, NewKey, RotateOptions, ShownKey } from './key-change.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyRing } from './key-ring.ts'
import type { NewOwner, OwnerChange } from './owner-change.ts'
import type { OwnerRecord } from './owner-record.ts'

export interface KeyFilter {
  readonly projectId?: string | undefined
  readonly userId?: string | undefined
}

/**
 * Methods that change one thing by id resolve to undefined when it does not exist. Changes hold everywhere as soon as the store has told:
 * within a second, and after an outage of the store with its return.
 */
export interface GovernanceAdmin {
  /** @throws GATEWAY_KEY_LIMIT, GATEWAY_ALREADY_EXISTS, CORE_CONFIG_INVALID naming the field */
  createKey(key: NewKey): Promise<ShownKey>
  /** A new key in the same record: limits, usage and id stay. @throws GATEWAY_KEY_REVOKED */
  rotateKey(id: string, options?: RotateOptions): Promise<ShownKey | undefined>
  /** Stops of budgets stay among the limits, whatever the change says; only a function changes them. */
  updateKey(id: string, change: ChangeOf<KeyRecord, KeyChange>): Promise<KeyRecord | undefined>
  revokeKey(id: string): Promise<KeyRecord | undefined>
  /** Forgets a key, revoked or not; false when there was none. */
  deleteKey(id: string): Promise<boolean>
  getKey(id: string): KeyRecord | undefined
  /** Oldest first, revoked ones included. */
  listKeys(filter?: KeyFilter): readonly KeyRecord[]

  /** @throws GATEWAY_KEY_LIMIT, GATEWAY_ALREADY_EXISTS, CORE_CONFIG_INVALID naming the field */
  createProject(project: NewOwner): Promise<OwnerRecord>
  /** As with keys, stops of budgets stay. */
  updateProject(id: string, change: ChangeOf<OwnerRecord, OwnerChange>): Promise<OwnerRecord | undefined>
  /** Its keys stay valid, without the project's limits: disable it, or revoke them, first. @throws GATEWAY_BUDGET_STOPS where a budget's stop is among them */
  deleteProject(id: string): Promise<boolean>
  getProject(id: string): OwnerRecord | undefined
  listProjects(): readonly OwnerRecord[]

  createUser(user: NewOwner): Promise<OwnerRecord>
  /** As with keys, stops of budgets stay. */
  updateUser(id: string, change: ChangeOf<OwnerRecord, OwnerChange>): Promise<OwnerRecord | undefined>
  /** @throws GATEWAY_BUDGET_STOPS where a budget's stop is among its limits */
  deleteUser(id: string): Promise<boolean>
  getUser(id: string): OwnerRecord | undefined
  listUsers(): readonly OwnerRecord[]

  /** Makes or rotates it; there is no way to read it back. Targets that refer to it use the new one at once. @throws GATEWAY_NO_CREDENTIAL_VAULT */
  putCredential(name: string, secret: Secret): Promise<CredentialRecord>
  deleteCredential(name: string): Promise<boolean>
  /** Names and dates only. */
  listCredentials(): Promise<readonly CredentialRecord[]>
}

export interface GovernanceAdminParts {
  readonly keys: KeyRing
  /** Without it the calls for credentials throw GATEWAY_NO_CREDENTIAL_VAULT. */
  readonly credentials?: CredentialVault | undefined
}

/** Administration over a key ring and a vault: those of a gateway, or of a process that only administers. */
export function createGovernanceAdmin({ keys, credentials }: GovernanceAdminParts): GovernanceAdmin {
  const { projects, users } = keys
  const vault = (): CredentialVault => {
    if (credentials === undefined) throw gatewayErrors.NO_CREDENTIAL_VAULT()
    return credentials
  }
  return {
    createKey: async (key) => keys.create(withoutStops(key)),
    rotateKey: (id, options) => keys.rotate(id, options),
    updateKey: (id, change) => keys.update(id, keepingStops(change)),
    revokeKey: (id) => keys.revoke(id),
    deleteKey: (id) => keys.delete(id),
    getKey: (id) => keys.get(id),
    listKeys: ({ projectId, userId } = {}) =>
      keys
        .list()
        .filter((key) => (projectId === undefined || key.projectId === projectId) && (userId === undefined || key.userId === userId)),
    createProject: async (project) => projects.create(withoutStops(project)),
    updateProject: (id, change) => projects.update(id, keepingStops(change)),
    deleteProject: async (id) => {
      refuseWithStops('project', projects.get(id))
      return projects.delete(id)
    },
    getProject: (id) => projects.get(id),
    listProjects: () => projects.list(),
    createUser: async (user) => users.create(withoutStops(user)),
    updateUser: (id, change) => users.update(id, keepingStops(change)),
    deleteUser: async (id) => {
      refuseWithStops('user', users.get(id))
      return users.delete(id)
    },
    getUser: (id) => users.get(id),
    listUsers: () => users.list(),
    putCredential: async (name, secret) => vault().put(name, secret),
    deleteCredential: async (name) => vault().delete(name),
    listCredentials: async () => vault().list(),
  }
}
