import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({ index: 'src/index.ts', twin: 'src/twin.ts', train: 'src/train.ts', 'bin/bud-sim': 'src/bin/bud-sim.ts' })
