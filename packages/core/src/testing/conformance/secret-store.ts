/** What every SecretStore must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { SecretStore } from '../../contracts/secret-store.ts'
import type { SuiteRunner } from './suite-runner.ts'

export interface SecretStoreUnderTest {
  readonly store: SecretStore
  /** References that the store resolves, with the plain text behind each. */
  readonly known: Readonly<Record<string, string>>
  /** A well-formed reference behind which there is nothing. */
  readonly unknown: string
  close(): Promise<void>
}

export interface SecretStoreConformanceOptions extends SuiteRunner {
  readonly name: string
  readonly create: () => Promise<SecretStoreUnderTest>
}

type Body = (under: SecretStoreUnderTest) => Promise<void>
const never = new AbortController().signal

const cases: readonly (readonly [name: string, body: Body])[] = [
  [
    'resolves every reference to its secret, as often as asked',
    async ({ store, known }) => {
      assert.ok(Object.keys(known).length > 0)
      for (const [reference, plain] of [...Object.entries(known), ...Object.entries(known)]) {
        assert.equal((await store.read(reference, never)).reveal(), plain)
      }
    },
  ],
  [
    'hands out secrets that do not print',
    async ({ store, known }) => {
      for (const [reference, plain] of Object.entries(known)) {
        const secret = await store.read(reference, never)
        for (const shown of [String(secret), JSON.stringify(secret), inspect(secret), inspect(store, { depth: 5 })]) {
          assert.ok(!shown.includes(plain), `${reference} shows its secret`)
        }
      }
    },
  ],
  [
    'says which reference has nothing behind it, and shows no secret in saying so',
    async ({ store, known, unknown }) => {
      const error: unknown = await store.read(unknown, never).catch((reason: unknown) => reason)
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, 'CORE_SECRET_NOT_FOUND')
      assert.ok(error.message.includes(unknown))
      for (const plain of Object.values(known)) assert.ok(!inspect(error).includes(plain))
    },
  ],
  [
    'does not take names that every object has for references',
    async ({ store }) => {
      for (const name of ['constructor', '__proto__', 'env:constructor', 'env:__proto__', '']) {
        await assert.rejects(store.read(name, never), /CORE_SECRET|reference|secret/)
      }
    },
  ],
  [
    'honours an aborted signal',
    async ({ store, known }) => {
      const [reference = ''] = Object.keys(known)
      await assert.rejects(store.read(reference, AbortSignal.abort(new Error('enough'))), { code: 'CORE_ABORTED' })
    },
  ],
]

/** Registers the suite with the test runner that is passed in: `secretStoreConformance({ describe, test, name, create })`. */
export function secretStoreConformance({ describe, test, name, create }: SecretStoreConformanceOptions): void {
  describe(`${name} conforms to secret-store/1`, () => {
    for (const [title, body] of cases) {
      test(title, async () => {
        const under = await create()
        try {
          await body(under)
        } finally {
          await under.close()
        }
      })
    }
  })
}
