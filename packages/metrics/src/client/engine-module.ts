/** Finds the optional engine package and says what to do when it is not there. */
import { z } from 'zod'
import { metricsErrors } from '../errors.ts'

/** The release that this package is tested with; the peer dependency in package.json says the same. */
export const engineVersion = '3.4.0'

/** The part of chdb's connection that the official client does not know: bytes straight to the engine's own parser. */
export interface EngineConnection {
  readonly chdb: {
    rawInsert(insert: {
      readonly table: string
      readonly columns: readonly string[]
      readonly values: Uint8Array
      readonly format: 'JSONCompactEachRow'
      readonly settings: Readonly<Record<string, string | number>>
    }): Promise<unknown>
  }
}

export interface EngineModule {
  createChdbConnection(options: { readonly path: string }): EngineConnection
  drainPending(): Promise<void>
}

const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function')
const connectionModuleSchema = z.looseObject({ createChdbConnection: callable })
const rootModuleSchema = z.looseObject({ drainPending: callable })

export interface EnginePlatform {
  readonly platform: string
  readonly arch: string
}

const supported: ReadonlySet<string> = new Set(['darwin-arm64', 'darwin-x64', 'linux-x64', 'linux-arm64'])

/** @throws METRICS_PLATFORM_UNSUPPORTED */
export function assertPlatform({ platform, arch }: EnginePlatform): void {
  if (!supported.has(`${platform}-${arch}`)) throw metricsErrors.PLATFORM_UNSUPPORTED({ platform, arch })
}

/** Imports by a name that type checkers and bundlers cannot see, because the package may be absent. */
const importByName = (name: string): Promise<unknown> => import(name)

/** @throws METRICS_PLATFORM_UNSUPPORTED, METRICS_ENGINE_MISSING */
export async function loadEngine(
  importModule: (name: string) => Promise<unknown> = importByName,
  host: EnginePlatform = process,
): Promise<EngineModule> {
  assertPlatform(host)
  try {
    const connection = connectionModuleSchema.parse(await importModule('chdb/connection'))
    const root = rootModuleSchema.parse(await importModule('chdb'))
    // Safe: the names were checked above, and their shapes are those of the pinned release.
    return { createChdbConnection: connection.createChdbConnection, drainPending: root.drainPending } as unknown as EngineModule
  } catch (error) {
    throw metricsErrors.ENGINE_MISSING({ version: engineVersion }, { cause: error })
  }
}
