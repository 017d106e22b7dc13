/** Typed calls and hooks of the administrative routes. */
export {
  createAdminClient,
  type AdminAnswer,
  type AdminClient,
  type AdminInput,
  type AdminOperationName,
  type AdminOperations,
  type Budget,
  type BudgetState,
  type KeyLimit,
  type NewVirtualKey,
  type VirtualKey,
} from '../client/admin-client.ts'
export { useAdmin, useAdminClient, type UseAdminOptions } from '../hook/use-admin.ts'
