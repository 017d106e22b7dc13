/** Typed calls of the administrative routes; needs a key or a session with the scope `admin`. */
import type { BudClient, CallOptions } from './client.ts'
import { adminOperations, type AdminOperations } from './generated/admin-operations.ts'
import { readFields } from './read.ts'

export type { AdminOperations }
export type AdminOperationName = keyof AdminOperations

type Part<Name extends 'params' | 'query' | 'body', Value> = Value extends undefined
  ? { readonly [Key in Name]?: undefined }
  : Partial<Value> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value }

/** What an operation takes, each part only where it has one. */
export type AdminInput<Name extends AdminOperationName> = Part<'params', AdminOperations[Name]['params']> &
  Part<'query', AdminOperations[Name]['query']> &
  Part<'body', AdminOperations[Name]['body']>

export type AdminAnswer<Name extends AdminOperationName> = AdminOperations[Name]['answer']

export interface AdminClient {
  /** Rejects with a BudClientError. */
  call<Name extends AdminOperationName>(name: Name, input: AdminInput<Name>, options?: CallOptions): Promise<AdminAnswer<Name>>
}

export type VirtualKey = AdminAnswer<'getKey'>
export type NewVirtualKey = AdminOperations['createKey']['body']
export type KeyLimit = NonNullable<VirtualKey['limits']>[number]
export type Budget = AdminAnswer<'listBudgets'>['data'][number]
export type BudgetState = AdminAnswer<'getBudget'>

export function createAdminClient(client: BudClient): AdminClient {
  return {
    call: async <Name extends AdminOperationName>(name: Name, input: AdminInput<Name>, options?: CallOptions) => {
      const answer: unknown = await client.call({ ...input, address: adminOperations[name] }, options)
      readFields(answer, name)
      // Safe: the document, from which the types are made, is made of the schemas that the server's answers pass.
      return answer
    },
  }
}
