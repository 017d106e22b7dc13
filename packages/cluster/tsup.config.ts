import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({
  index: 'src/index.ts',
  eks: 'src/eks.ts',
  aks: 'src/aks.ts',
  testing: 'src/testing.ts',
  'bin/bud-cluster': 'src/bin/bud-cluster.ts',
})
