import { defineConfig } from 'tsup'
import { libraryBuild } from '../../tsup.preset.ts'
import { browserBuild, treesAsData } from './browser-build.ts'

const library = libraryBuild({
  index: 'src/index.ts',
  twin: 'src/twin.ts',
  train: 'src/train.ts',
  worker: 'src/worker.ts',
  'optimizer-thread': 'src/worker/optimizer-thread.ts',
  'bin/bud-sim': 'src/bin/bud-sim.ts',
})

export default defineConfig([{ ...library, clean: ['!browser/**'], esbuildPlugins: [treesAsData] }, browserBuild])
