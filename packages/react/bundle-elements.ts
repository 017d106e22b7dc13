/** Builds the one file for portals without React: custom elements, React and the style sheet together. */
import { readFile } from 'node:fs/promises'
import { build } from 'esbuild'

const packageFolder = new URL('./', import.meta.url).pathname

/** The bundled style sheet of the kit, from its sources. */
async function readStyles(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${packageFolder}src/style/styles.css`],
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? readFile(`${packageFolder}dist/styles.css`, 'utf8')
}

/** A module that defines the elements when it is loaded; uPlot stays a file of its own, fetched with the first chart. */
export async function bundleElements(outputFolder: string): Promise<void> {
  const styles = await readStyles()
  await build({
    stdin: {
      contents: `import { defineBudElements } from './src/entry/elements.ts'\ndefineBudElements({ styles: ${JSON.stringify(styles)} })`,
      resolveDir: packageFolder,
      loader: 'ts',
    },
    outdir: outputFolder,
    entryNames: 'bud-elements',
    chunkNames: 'bud-elements-[hash]',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    conditions: ['bud-source', 'module', 'browser', 'import'],
    logLevel: 'error',
  })
}
