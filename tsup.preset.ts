/** The one build preset of every library: ESM with declarations, one file per entry, shared chunks. */
import { readFile } from 'node:fs/promises'
import { defineConfig, type Options } from 'tsup'

type PluginBuild = Parameters<NonNullable<Options['esbuildPlugins']>[number]['setup']>[0]

/** As a namespace of its own module zod can be shaken: through the `z` that zod exports, bundlers keep all of it, fifty languages included. */
const shakeZod = {
  name: 'shake-zod',
  setup: (build: PluginBuild): void => {
    build.onLoad({ filter: /[\\/]packages[\\/][^\\/]+[\\/]src[\\/].*\.tsx?$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const contents = text.replace(/^import \{ z \} from 'zod'$/m, "import * as z from 'zod'")
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' }
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
    // Its index loads fifty locale files, which takes longer than a whole package; bundled, only what is used remains. Declarations still name it.
    noExternal: ['zod'],
    esbuildPlugins: [shakeZod],
  })
