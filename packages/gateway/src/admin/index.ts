/** Administration of a gateway: typed calls, HTTP routes, OpenAPI document and audit. */
export {
  adminOperations,
  createAdmin,
  type Admin,
  type AdminCaller,
  type AdminInit,
  type AdminInput,
  type AdminOperationName,
  type AdminOperations,
  type AdminResult,
} from './admin.ts'
export { createAdminHandler, toErrorResponse, type AdminHandlerOptions } from './admin-handler.ts'
export type { AdminParts, BlockingAdmin, CacheAdmin, ConfigAdmin } from './admin-parts.ts'
export { createBlockingAdmin, createCacheAdmin } from './gateway-parts.ts'
export { createConfigAdmin, type ConfigurableGateway } from './config-admin.ts'
export { createAuditLog, type AuditLog, type AuditLogParts } from './audit-log.ts'
export { createAuditTrail, type AuditAnswer, type AuditQuestion, type AuditTrail, type AuditTrailParts } from './audit-trail.ts'
export type { AdminActor, RefusedActor } from './actor.ts'
export type { AnyOperation } from './operation.ts'
