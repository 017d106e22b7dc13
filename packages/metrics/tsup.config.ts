import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({
  index: 'src/index.ts',
  'chdb/index': 'src/chdb/index.ts',
  'memory/index': 'src/memory/index.ts',
  'bin/bud-metrics': 'src/bin/bud-metrics.ts',
})
