/** Bytes of each subpath as a portal would ship it: bundled, minified, gzip, React apart. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const packageFolder = new URL('../../packages/react/', import.meta.url)
// Safe: our own manifest, whose exports are written so.
const manifest = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as {
  exports: Record<string, { 'bud-source'?: string } | string>
}

/** Gzip kilobytes (1,000 bytes) of all chunks that the code leads to, those fetched later included. */
export async function measureBundle(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: packageFolder.pathname, loader: 'tsx' },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    write: false,
    outdir: 'out',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    conditions: ['bud-source', 'module', 'browser', 'import'],
    external: ['react', 'react-dom', 'react/jsx-runtime'],
    logLevel: 'error',
  })
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0) / 1000
}

/** Every subpath whole. */
export async function measureSubpaths(): Promise<Readonly<Record<string, number>>> {
  const sizes: Record<string, number> = {}
  for (const [name, target] of Object.entries(manifest.exports)) {
    const source = typeof target === 'string' ? undefined : target['bud-source']
    if (source !== undefined) sizes[name] = await measureBundle(`export * from '${source}'`)
  }
  return sizes
}

/** What a typical dashboard imports: provider, tiles, charts with uPlot, the request table. */
export const dashboard = `
export { BudProvider, BudRoot, createBudClient } from './src/index.ts'
export { LiveTiles } from './src/entry/stat-tile.ts'
export { LiveCharts } from './src/entry/time-series.ts'
export { LiveRequestTable } from './src/entry/request-table.ts'`

export const tile = `export { StatTile } from './src/entry/stat-tile.ts'`
