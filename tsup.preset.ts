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
  })
