/** The one build preset of every library: ESM with declarations, one file per entry, shared chunks. */
import { readFile } from 'node:fs/promises'
import { defineConfig, type Options } from 'tsup'

type PluginBuild = Parameters<NonNullable<Options['esbuildPlugins']>[number]['setup']>[0]

const zodImport = /^import \{ z \} from 'zod'$/m
const sharedParts = new URL('packages/core/src/zod.ts', import.meta.url)

/** Names of zod that a file calls; its types are gone by then. */
const calledParts = (text: string): readonly string[] => [...text.matchAll(/\bz\.([a-z]\w*)(?=[(.]\w*)/g)].map(([, name]) => name ?? '')

/**
 * Every package takes zod from core, where it is bundled once, shaken: its own index loads fifty locale files, and `z` keeps all of them.
 * Core itself takes it as a namespace, which can be shaken. Declarations still name zod.
 */
export const sharedZod = {
  name: 'shared-zod',
  setup: (build: PluginBuild): void => {
    build.onLoad({ filter: /[\\/]packages[\\/][^\\/]+[\\/]src[\\/].*\.tsx?$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const loader = path.endsWith('x') ? 'tsx' : 'ts'
      if (!zodImport.test(text)) return { contents: text, loader }
      const shared = await readFile(sharedParts, 'utf8')
      const missing = calledParts(text).find((name) => !new RegExp(`^  ${name},$`, 'm').test(shared))
      if (missing !== undefined) return { errors: [{ text: `${path}: add '${missing}' to packages/core/src/zod.ts` }] }
      const source = /[\\/]packages[\\/]core[\\/]/.test(path) ? 'zod' : '@bud-foundry/core/zod'
      return { contents: text.replace(zodImport, `import * as z from '${source}'`), loader }
    })
  },
}

export const libraryBuild = (entry: Record<string, string>) =>
  defineConfig({
    entry,
    format: ['esm'],
    target: 'es2023',
    platform: 'node',
    dts: true,
    sourcemap: true,
    splitting: true,
    treeshake: true,
    clean: true,
    removeNodeProtocol: false,
    noExternal: ['zod'],
    esbuildPlugins: [sharedZod],
  })
