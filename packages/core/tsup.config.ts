import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({
  index: 'src/index.ts',
  'api-key': 'src/secret/api-key.ts',
  log: 'src/log/logger.ts',
  zod: 'src/zod.ts',
  secret: 'src/secret/index.ts',
  testing: 'src/testing/index.ts',
  'store/file': 'src/store/file-store.ts',
  'store/ipc': 'src/store/ipc.ts',
  'store/lock': 'src/store/directory-lock.ts',
  'store/valkey': 'src/store/valkey-store.ts',
  'sink/spool': 'src/sink/spooled-sink.ts',
  'sink/spooled-rows': 'src/sink/spooled-rows.ts',
  'secret-store/env': 'src/secret-store/env-secret-store.ts',
  'testing/conformance': 'src/testing/conformance/index.ts',
})
