/** Builds the page from the sources of the packages. */
import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions } from 'vite'

export async function buildPage(outDir: string): Promise<void> {
  await build({
    root: fileURLToPath(new URL('..', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    base: './',
    resolve: { conditions: ['bud-source', ...defaultClientConditions] },
    build: { outDir, emptyOutDir: true, modulePreload: { polyfill: false } },
  })
}
