import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({
  index: 'src/index.ts',
  'api-key': 'src/secret/api-key.ts',
  testing: 'src/testing/index.ts',
})
