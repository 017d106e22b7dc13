import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({ index: 'src/index.ts', testing: 'src/testing.ts', 'bin/bud-cluster': 'src/bin/bud-cluster.ts' })
