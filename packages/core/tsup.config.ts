import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({
  index: 'src/index.ts',
  'api-key': 'src/secret/api-key.ts',
  log: 'src/log/logger.ts',
  secret: 'src/secret/index.ts',
  testing: 'src/testing/index.ts',
  'store/file': 'src/store/file-store.ts',
  'store/ipc': 'src/store/ipc.ts',
  'store/lock': 'src/store/directory-lock.ts',
  'store/valkey': 'src/store/valkey-store.ts',
  'testing/store': 'src/testing/conformance/store.ts',
  'testing/cloud-provider': 'src/testing/conformance/cloud-provider.ts',
  'testing/dialect': 'src/testing/conformance/dialect.ts',
  'testing/engine': 'src/testing/conformance/engine.ts',
  'testing/predictor': 'src/testing/conformance/predictor.ts',
  'testing/provider': 'src/testing/conformance/provider.ts',
  'testing/routing-policy': 'src/testing/conformance/routing-policy.ts',
  'testing/transport': 'src/testing/conformance/transport.ts',
})
