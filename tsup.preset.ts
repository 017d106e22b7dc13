/** The one build preset of every library: ESM with declarations, one file per entry, shared chunks. */
import { defineConfig } from 'tsup'

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
  })
