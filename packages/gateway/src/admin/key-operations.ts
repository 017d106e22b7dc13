/** Operations on virtual keys, projects, users and provider credentials. */
import { createSecret, systemClock } from '@bud-foundry/core'
import { z } from 'zod'
import type { GovernanceAdmin } from '../key/governance-admin.ts'
import type { OwnerChange } from '../key/owner-change.ts'
import { ownerRecordSchema, type OwnerRecord } from '../key/owner-record.ts'
import { keyOverlapMaxMs, limitsPerRecord } from '../limits.ts'
import { limitSchema } from '../limit/limit-schema.ts'
import { operation } from './operation.ts'
import { deletedSchema, found, idParams, none, part, printable, shownKeySchema, toShownKey } from './operations-shared.ts'

const name = printable.min(1).max(200)
const owner = printable.min(1).max(256)
/** Ids that stand in URLs, file names and headers as they are. */
const newOwnerId = owner.regex(/^[\w.:@+-]+$/, 'use letters, digits, dots, colons, dashes, underscores, @ and +')
/** Seconds, and days that are over, would make a key that nobody can use. */
const expiry = z
  .number()
  .positive()
  .refine((unixMs) => unixMs > systemClock.nowMs(), 'is in the past; give milliseconds since 1970, of a time to come')
const tags = z.record(printable, printable)
const limits = z.array(limitSchema).max(limitsPerRecord)
const scopes = z.array(printable.min(1).max(100)).min(1).max(50)
const models = z.array(printable.min(1)).min(1).max(1_000)
const shownOnce = z.strictObject({ ...shownKeySchema.shape, key: z.string() })

export const keyOperations = {
  listKeys: operation({
    summary: 'Lists virtual keys, oldest first, revoked ones included.',
    method: 'GET',
    path: '/keys',
    needs: ['governance'],
    params: none,
    query: z.strictObject({ projectId: owner.optional(), userId: owner.optional() }),
    body: none,
    result: z.strictObject({ data: z.array(shownKeySchema) }),
    run: ({ governance }, { query }) => ({ data: part(governance).listKeys(query).map(toShownKey) }),
  }),
  getKey: operation({
    summary: 'Shows one virtual key.',
    method: 'GET',
    path: '/keys/{id}',
    needs: ['governance'],
    params: idParams,
    query: none,
    body: none,
    result: shownKeySchema,
    run: ({ governance }, { params: { id } }) => toShownKey(found(part(governance).getKey(id), 'key', id)),
  }),
  createKey: operation({
    summary: 'Makes a virtual key. The answer shows it, and nothing ever does again.',
    method: 'POST',
    path: '/keys',
    needs: ['governance'],
    params: none,
    query: none,
    body: z.strictObject({
      name,
      /** No record of that project or user is needed: limits and switches hold from when there is one. */
      projectId: newOwnerId.optional(),
      userId: newOwnerId.optional(),
      scopes: scopes.optional(),
      models: models.optional(),
      limits: limits.optional(),
      expiresUnixMs: expiry.optional(),
      tags: tags.optional(),
    }),
    result: shownOnce,
    status: 201,
    showsSecret: true,
    audit: { action: 'key-create', subjectKind: 'key' },
    run: async ({ governance }, { body }, note) => {
      const { key, record } = await part(governance).createKey(body)
      const shown = toShownKey(record)
      note({ subjectId: record.id, after: shown })
      return { ...shown, key: key.reveal() }
    },
  }),
  updateKey: operation({
    summary: 'Changes what is named; null takes an optional field away.',
    method: 'PATCH',
    path: '/keys/{id}',
    needs: ['governance'],
    params: idParams,
    query: none,
    body: z.strictObject({
      name: name.optional(),
      userId: owner.nullish(),
      scopes: scopes.optional(),
      models: models.nullish(),
      limits: limits.nullish(),
      expiresUnixMs: expiry.nullish(),
      tags: tags.optional(),
    }),
    result: shownKeySchema,
    audit: { action: 'key-update', subjectKind: 'key' },
    run: async ({ governance }, { params: { id }, body }, note) => {
      const before = toShownKey(found(part(governance).getKey(id), 'key', id))
      note({ subjectId: id, before })
      const after = toShownKey(found(await part(governance).updateKey(id, body), 'key', id))
      note({ after })
      return after
    },
  }),
  rotateKey: operation({
    summary: 'Gives the record a new key; the old one is accepted for overlapMs more.',
    method: 'POST',
    path: '/keys/{id}/rotate',
    needs: ['governance'],
    params: idParams,
    query: none,
    body: z.strictObject({ overlapMs: z.number().nonnegative().max(keyOverlapMaxMs).optional() }),
    result: shownOnce,
    showsSecret: true,
    audit: { action: 'key-rotate', subjectKind: 'key' },
    run: async ({ governance }, { params: { id }, body }, note) => {
      note({ subjectId: id, before: toShownKey(found(part(governance).getKey(id), 'key', id)) })
      const { key, record } = found(await part(governance).rotateKey(id, body), 'key', id)
      const shown = toShownKey(record)
      note({ after: shown })
      return { ...shown, key: key.reveal() }
    },
  }),
  revokeKey: operation({
    summary: 'Refuses the key from now on, everywhere.',
    method: 'POST',
    path: '/keys/{id}/revoke',
    needs: ['governance'],
    params: idParams,
    query: none,
    body: none,
    result: shownKeySchema,
    audit: { action: 'key-revoke', subjectKind: 'key' },
    run: async ({ governance }, { params: { id } }, note) => {
      note({ subjectId: id, before: toShownKey(found(part(governance).getKey(id), 'key', id)) })
      const after = toShownKey(found(await part(governance).revokeKey(id), 'key', id))
      note({ after })
      return after
    },
  }),
  deleteKey: operation({
    summary: 'Forgets a key, revoked or not.',
    method: 'DELETE',
    path: '/keys/{id}',
    needs: ['governance'],
    params: idParams,
    query: none,
    body: none,
    result: deletedSchema,
    audit: { action: 'key-delete', subjectKind: 'key' },
    run: async ({ governance }, { params: { id } }, note) => {
      note({ subjectId: id, before: toShownKey(found(part(governance).getKey(id), 'key', id)) })
      found((await part(governance).deleteKey(id)) || undefined, 'key', id)
      return { id, deleted: true as const }
    },
  }),
}

interface OwnerCalls {
  readonly get: (id: string) => OwnerRecord | undefined
  readonly list: () => readonly OwnerRecord[]
  readonly create: GovernanceAdmin['createProject']
  readonly update: (id: string, change: OwnerChange) => Promise<OwnerRecord | undefined>
  readonly delete: (id: string) => Promise<boolean>
}

const newOwner = z.strictObject({
  id: newOwnerId,
  name: name.optional(),
  disabled: z.boolean().optional(),
  limits: limits.optional(),
  tags: tags.optional(),
})
const ownerChange = z.strictObject({
  name: name.optional(),
  disabled: z.boolean().optional(),
  limits: limits.nullish(),
  tags: tags.optional(),
})

/** Projects and users have the same operations. */
const ownerOperations = (kind: 'project' | 'user', calls: (admin: GovernanceAdmin) => OwnerCalls) => ({
  list: operation({
    summary: `Lists ${kind}s.`,
    method: 'GET',
    path: `/${kind}s`,
    needs: ['governance'],
    params: none,
    query: none,
    body: none,
    result: z.strictObject({ data: z.array(ownerRecordSchema) }),
    run: ({ governance }) => ({ data: [...calls(part(governance)).list()] }),
  }),
  get: operation({
    summary: `Shows one ${kind}.`,
    method: 'GET',
    path: `/${kind}s/{id}`,
    needs: ['governance'],
    params: idParams,
    query: none,
    body: none,
    result: ownerRecordSchema,
    run: ({ governance }, { params: { id } }) => found(calls(part(governance)).get(id), kind, id),
  }),
  create: operation({
    summary: `Makes a ${kind}.`,
    method: 'POST',
    path: `/${kind}s`,
    needs: ['governance'],
    params: none,
    query: none,
    body: newOwner,
    result: ownerRecordSchema,
    status: 201,
    audit: { action: `${kind}-create`, subjectKind: kind },
    run: async ({ governance }, { body }, note) => {
      const after = await calls(part(governance)).create(body)
      note({ subjectId: after.id, after })
      return after
    },
  }),
  update: operation({
    summary: 'Changes what is named; null takes the limits away.',
    method: 'PATCH',
    path: `/${kind}s/{id}`,
    needs: ['governance'],
    params: idParams,
    query: none,
    body: ownerChange,
    result: ownerRecordSchema,
    audit: { action: `${kind}-update`, subjectKind: kind },
    run: async ({ governance }, { params: { id }, body }, note) => {
      const owners = calls(part(governance))
      note({ subjectId: id, before: found(owners.get(id), kind, id) })
      const after = found(await owners.update(id, body), kind, id)
      note({ after })
      return after
    },
  }),
  delete: operation({
    summary: `Forgets a ${kind}; its keys stay valid, without its limits.`,
    method: 'DELETE',
    path: `/${kind}s/{id}`,
    needs: ['governance'],
    params: idParams,
    query: none,
    body: none,
    result: deletedSchema,
    audit: { action: `${kind}-delete`, subjectKind: kind },
    run: async ({ governance }, { params: { id } }, note) => {
      const owners = calls(part(governance))
      note({ subjectId: id, before: found(owners.get(id), kind, id) })
      found((await owners.delete(id)) || undefined, kind, id)
      return { id, deleted: true as const }
    },
  }),
})

const projects = ownerOperations('project', (admin) => ({
  get: (id) => admin.getProject(id),
  list: () => admin.listProjects(),
  create: (project) => admin.createProject(project),
  update: (id, change) => admin.updateProject(id, change),
  delete: (id) => admin.deleteProject(id),
}))
const users = ownerOperations('user', (admin) => ({
  get: (id) => admin.getUser(id),
  list: () => admin.listUsers(),
  create: (user) => admin.createUser(user),
  update: (id, change) => admin.updateUser(id, change),
  delete: (id) => admin.deleteUser(id),
}))

export const projectAndUserOperations = {
  listProjects: projects.list,
  getProject: projects.get,
  createProject: projects.create,
  updateProject: projects.update,
  deleteProject: projects.delete,
  listUsers: users.list,
  getUser: users.get,
  createUser: users.create,
  updateUser: users.update,
  deleteUser: users.delete,
}

const credentialSchema = z.strictObject({ name: z.string(), createdUnixMs: z.number(), updatedUnixMs: z.number() })
const credentialParams = z.strictObject({ name: z.string().regex(/^[\w.-]{1,128}$/) })

export const credentialOperations = {
  listCredentials: operation({
    summary: 'Lists stored provider credentials: names and dates only.',
    method: 'GET',
    path: '/credentials',
    needs: ['governance'],
    params: none,
    query: none,
    body: none,
    result: z.strictObject({ data: z.array(credentialSchema) }),
    run: async ({ governance }) => ({ data: [...(await part(governance).listCredentials())] }),
  }),
  putCredential: operation({
    summary: 'Makes or rotates a provider credential. There is no way to read it back.',
    method: 'PUT',
    path: '/credentials/{name}',
    needs: ['governance'],
    params: credentialParams,
    query: none,
    body: z.strictObject({ secret: z.string().min(1).max(16_384) }),
    result: credentialSchema,
    audit: { action: 'credential-put', subjectKind: 'credential' },
    run: async ({ governance }, { params, body }, note) => {
      note({ subjectId: params.name })
      const after = await part(governance).putCredential(params.name, createSecret(body.secret))
      note({ after })
      return after
    },
  }),
  deleteCredential: operation({
    summary: 'Forgets a provider credential.',
    method: 'DELETE',
    path: '/credentials/{name}',
    needs: ['governance'],
    params: credentialParams,
    query: none,
    body: none,
    result: deletedSchema,
    audit: { action: 'credential-delete', subjectKind: 'credential' },
    run: async ({ governance }, { params }, note) => {
      note({ subjectId: params.name })
      found((await part(governance).deleteCredential(params.name)) || undefined, 'credential', params.name)
      return { id: params.name, deleted: true as const }
    },
  }),
}
