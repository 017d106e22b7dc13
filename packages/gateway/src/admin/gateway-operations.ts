/** Operations on blocking rules, the cache and the configuration. */
import { z } from 'zod'
import { operation } from './operation.ts'
import { deletedSchema, found, idParams, none, part } from './operations-shared.ts'

const anyObject = z.record(z.string(), z.unknown())
const copy = (value: object): Record<string, unknown> => ({ ...value })

export const blockingOperations = {
  listBlockingRules: operation({
    summary: 'Lists blocking rules, those of the configuration first.',
    method: 'GET',
    path: '/blocking',
    needs: ['blocking'],
    params: none,
    query: none,
    body: none,
    result: z.strictObject({ data: z.array(anyObject) }),
    run: ({ blocking }) => ({ data: part(blocking).list().map(copy) }),
  }),
  putBlockingRule: operation({
    summary: 'Makes or replaces a blocking rule, in every process at once.',
    method: 'PUT',
    path: '/blocking/{id}',
    needs: ['blocking'],
    params: idParams,
    query: none,
    body: anyObject,
    result: anyObject,
    audit: { action: 'blocking-put', subjectKind: 'blocking-rule' },
    run: async ({ blocking }, { params: { id }, body }, note) => {
      const before = part(blocking).get(id)
      note({ subjectId: id, ...(before === undefined ? {} : { before: copy(before) }) })
      // Safe: the rules parse whatever they are given, and name the field that is wrong.
      const after = copy(await part(blocking).add({ ...body, id } as never))
      note({ after })
      return after
    },
  }),
  deleteBlockingRule: operation({
    summary: 'Takes a blocking rule away.',
    method: 'DELETE',
    path: '/blocking/{id}',
    needs: ['blocking'],
    params: idParams,
    query: none,
    body: none,
    result: deletedSchema,
    audit: { action: 'blocking-delete', subjectKind: 'blocking-rule' },
    run: async ({ blocking }, { params: { id } }, note) => {
      note({ subjectId: id, before: copy(found(part(blocking).get(id), 'blocking rule', id)) })
      found((await part(blocking).remove(id)) || undefined, 'blocking rule', id)
      return { id, deleted: true as const }
    },
  }),
}

const filter = z.strictObject({
  model: z.string().min(1).optional(),
  projectId: z.string().min(1).optional(),
  keyId: z.string().min(1).optional(),
})

export const cacheOperations = {
  purgeCache: operation({
    summary: 'Forgets cached answers: those that fit all that is given, or everything.',
    method: 'POST',
    path: '/cache/purge',
    needs: ['cache'],
    params: none,
    query: none,
    body: filter,
    result: z.strictObject({ purged: z.int().nonnegative() }),
    audit: { action: 'cache-purge', subjectKind: 'cache' },
    run: async ({ cache }, { body }, note) => {
      const purged = await part(cache).purge(body)
      note({ after: { ...body, purged } })
      return { purged }
    },
  }),
}

const applied = z.strictObject({ valid: z.literal(true), applied: z.boolean() })

export const configOperations = {
  getConfig: operation({
    summary: 'Shows the configuration in force, without secrets.',
    method: 'GET',
    path: '/config',
    needs: ['config'],
    params: none,
    query: none,
    body: none,
    result: z.unknown(),
    run: ({ config }) => part(config).current(),
  }),
  checkConfig: operation({
    summary: 'Tells every problem of a configuration, and changes nothing.',
    method: 'POST',
    path: '/config/check',
    needs: ['config'],
    params: none,
    query: none,
    body: anyObject,
    result: applied,
    run: async ({ config }, { body }) => {
      await part(config).check(body)
      return { valid: true as const, applied: false }
    },
  }),
  putConfig: operation({
    summary: 'Puts a configuration in force. An invalid one changes nothing.',
    method: 'PUT',
    path: '/config',
    needs: ['config'],
    params: none,
    query: none,
    body: anyObject,
    result: applied,
    audit: { action: 'config-put', subjectKind: 'config' },
    run: async ({ config }, { body }, note) => {
      note({ before: part(config).current() })
      await part(config).apply(body)
      note({ after: part(config).current() })
      return { valid: true as const, applied: true }
    },
  }),
  reloadConfig: operation({
    summary: 'Reads the configuration anew from where it came.',
    method: 'POST',
    path: '/config/reload',
    needs: ['config'],
    params: none,
    query: none,
    body: none,
    result: applied,
    audit: { action: 'config-reload', subjectKind: 'config' },
    run: async ({ config }, _input, note) => {
      const { reload } = part(config)
      note({ before: part(config).current() })
      await found(reload, 'source of the configuration', 'reload')()
      note({ after: part(config).current() })
      return { valid: true as const, applied: true }
    },
  }),
}
