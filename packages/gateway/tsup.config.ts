import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({ index: 'src/index.ts', node: 'src/node/node-listener.ts' })
