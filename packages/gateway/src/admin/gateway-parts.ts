/** Blocking rules and the cache of a gateway for administrators: always those of the configuration in force, which may come and go. */
import type { Gateway } from '../create-gateway.ts'
import { gatewayErrors } from '../errors.ts'
import type { BlockingRules } from '../blocking/blocking-rules.ts'
import type { BlockingAdmin, CacheAdmin } from './admin-parts.ts'

/** Throws GATEWAY_ADMIN_SECTION_ABSENT while the configuration has no `blocking` section. */
export function createBlockingAdmin(gateway: Pick<Gateway, 'blocking'>): BlockingAdmin {
  const rules = (): BlockingRules => {
    if (gateway.blocking === undefined) throw gatewayErrors.ADMIN_SECTION_ABSENT({ section: 'blocking' })
    return gateway.blocking
  }
  return {
    list: () => rules().list(),
    get: (id) => rules().get(id),
    add: async (rule) => rules().add(rule),
    remove: async (id) => rules().remove(id),
  }
}

/** Rejects with GATEWAY_ADMIN_SECTION_ABSENT while the configuration has no `cache` section. */
export const createCacheAdmin = (gateway: Pick<Gateway, 'cache'>): CacheAdmin => ({
  purge: async (filter) => {
    if (gateway.cache === undefined) throw gatewayErrors.ADMIN_SECTION_ABSENT({ section: 'cache' })
    return gateway.cache.purge(filter)
  },
})
