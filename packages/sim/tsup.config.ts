import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { build, defineConfig } from 'tsup'
import { libraryBuild, sharedZod } from '../../tsup.preset.ts'
import { browserBuild, treesAsData } from './browser-build.ts'

const library = libraryBuild({
  index: 'src/index.ts',
  twin: 'src/twin.ts',
  train: 'src/train.ts',
  worker: 'src/worker.ts',
  'optimizer-thread': 'src/worker/optimizer-thread.ts',
  'bin/bud-sim': 'src/bin/bud-sim.ts',
})

/** The maps of the trees would be their text once more, and nobody steps through data. */
async function dropMapsOfTrees(): Promise<void> {
  for (const name of await readdir('dist')) {
    if (!/^time-.*\.js$/.test(name)) continue
    const text = await readFile(`dist/${name}`, 'utf8')
    await writeFile(`dist/${name}`, text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'))
    await rm(`dist/${name}.map`, { force: true })
  }
}

export default defineConfig({
  ...library,
  esbuildPlugins: [treesAsData, sharedZod],
  // After the library, whose build empties the folder.
  onSuccess: async () => {
    await dropMapsOfTrees()
    await build(browserBuild)
  },
})
