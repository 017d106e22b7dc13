/** Reads a file of hooks. */
import { pathToFileURL } from 'node:url'
import { gatewayErrors } from '../errors.ts'
import { hookNames, type Hooks } from './hooks.ts'

const settings = new Set(['budgetMs', 'failPolicy'])

/** What is wrong with hooks, in words. */
export function hooksProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it exports no hooks'
  for (const [name, hook] of Object.entries<unknown>(value as Readonly<Record<string, unknown>>)) {
    if (settings.has(name) || hook === undefined) continue
    if (!hookNames.some((known) => known === name)) return `there is no hook '${name}'; use ${hookNames.join(', ')}`
    const run: unknown = typeof hook === 'object' && hook !== null && 'run' in hook ? hook.run : hook
    if (typeof run !== 'function') return `the hook '${name}' is no function`
  }
  return undefined
}

/**
 * The default export of a module, or the one named `hooks`.
 * @throws GATEWAY_HOOKS_UNREADABLE.
 */
export async function loadHooks(path: string): Promise<Hooks> {
  let module: { readonly default?: unknown; readonly hooks?: unknown }
  try {
    // A module's exports are unknown until they are looked at, which happens below.
    module = (await import(pathToFileURL(path).href)) as typeof module
  } catch (cause) {
    throw gatewayErrors.HOOKS_UNREADABLE({ path, reason: cause instanceof Error ? cause.message : String(cause) }, { cause })
  }
  const hooks = module.default ?? module.hooks
  const reason = hooksProblem(hooks)
  if (reason !== undefined) throw gatewayErrors.HOOKS_UNREADABLE({ path, reason })
  // Names and functions were looked at; what the functions take and give, only their author can know.
  return hooks as Hooks
}
