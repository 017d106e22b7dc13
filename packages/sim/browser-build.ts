/** How tsup builds the list of sim for browsers: files that need no bundler, with everything inside and nothing of Node. */
import { readFile } from 'node:fs/promises'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** The trained trees are data: as a string they load faster than as code. */
export const treesAsData: Plugin = {
  name: 'trees-as-data',
  setup: (build) => {
    build.onLoad({ filter: /shipped\/.*\.json$/ }, async ({ path }) => {
      const text = JSON.stringify(JSON.parse(await readFile(path, 'utf8')))
      return { loader: 'js', contents: `export default JSON.parse(${JSON.stringify(text)})` }
    })
  },
}

export const browserBuild: Options = {
  config: false,
  entry: { index: new URL('./src/index.ts', import.meta.url).pathname },
  outDir: 'dist/browser',
  format: ['esm'],
  target: 'es2023',
  platform: 'browser',
  minify: true,
  sourcemap: false,
  splitting: true,
  treeshake: true,
  clean: true,
  noExternal: [/.*/],
  esbuildPlugins: [treesAsData],
}
