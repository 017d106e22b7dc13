import { libraryBuild } from '../../tsup.preset.ts'

export default libraryBuild({
  index: 'src/index.ts',
  node: 'src/node/node-listener.ts',
  admin: 'src/admin/index.ts',
  'ai-sdk': 'src/ai-sdk/bud-provider.ts',
  'config-file': 'src/config-file/index.ts',
  'bin/bud-gateway': 'src/bin/bud-gateway.ts',
  'dialect/openai-chat': 'src/dialect/openai-chat/index.ts',
  'dialect/openai-completions': 'src/dialect/openai-completions/index.ts',
  'dialect/openai-embeddings': 'src/dialect/openai-embeddings/index.ts',
  'dialect/anthropic-messages': 'src/dialect/anthropic-messages/index.ts',
  otel: 'src/telemetry/otel/index.ts',
  geoip: 'src/client-info/index.ts',
  ssrf: 'src/ssrf/index.ts',
  'provider/openai': 'src/providers/openai/index.ts',
  'provider/azure-openai': 'src/providers/azure-openai/index.ts',
  'provider/anthropic': 'src/providers/anthropic/index.ts',
  'provider/openai-compatible': 'src/providers/openai-compatible/index.ts',
})
