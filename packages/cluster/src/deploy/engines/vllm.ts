/** vLLM in a cluster: Ray over nodes, NIXL between prefill and decode. */
import { replaceFirst, shellStart, withArgs, withEnv, type EngineDeployment } from './engine-deployment.ts'

// docs.vllm.ai, "NixlConnector": both sides speak the same protocol; the side channel must have the pod's address.
const transfer = ['--kv-transfer-config', '{"kv_connector":"NixlConnector","kv_role":"kv_both"}']
const sideChannel = { VLLM_NIXL_SIDE_CHANNEL_HOST: '$(POD_IP)', VLLM_NIXL_SIDE_CHANNEL_PORT: '5600' }

export const vllmDeployment: EngineDeployment = {
  id: 'vllm',
  fromFolder: ({ args }, modelId, folder) => replaceFirst(args, modelId, folder),
  // Within Ray the leader waits until the devices of all nodes have joined.
  multiNode: (start) => ({
    leader: shellStart(withArgs(start, ['--distributed-executor-backend', 'ray']), 'ray start --head --port=6379 && exec "$@"'),
    worker: shellStart(
      { ...start, command: [], args: [] },
      'until ray start --address="$LWS_LEADER_ADDRESS:6379" --block; do sleep 5; done',
    ),
  }),
  split: {
    prefill: (start) => withEnv(withArgs(start, transfer), sideChannel),
    decode: (start) => withEnv(withArgs(start, transfer), sideChannel),
    router: ({ prefillUrl, decodeUrl }) => ({
      command: ['vllm-router'],
      args: [
        ...['--vllm-pd-disaggregation', '--policy', 'consistent_hash', '--host', '0.0.0.0', '--port', '8000'],
        ...['--prefill', prefillUrl, '--decode', decodeUrl],
      ],
      env: {},
      portHttp: 8000,
      health: '/health',
    }),
  },
  adapters: (start, adapters) =>
    withArgs(start, [
      ...['--enable-lora', '--max-loras', String(adapters.length), '--lora-modules'],
      ...adapters.map(({ name, place }) => `${name}=${place}`),
    ]),
}
