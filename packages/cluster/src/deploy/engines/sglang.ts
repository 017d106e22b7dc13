/** SGLang in a cluster: its own process groups over nodes, its own router in front of prefill and decode. */
import { replaceFlag, withArgs, withEnv, type EngineDeployment } from './engine-deployment.ts'

// docs.sglang.io, "Multi-node deployment": every node runs the same command with its rank.
const ranks = [
  ...['--dist-init-addr', '$(LWS_LEADER_ADDRESS):20000'],
  ...['--nnodes', '$(LWS_GROUP_SIZE)', '--node-rank', '$(LWS_WORKER_INDEX)'],
]
const bootstrapPort = '8998'

export const sglangDeployment: EngineDeployment = {
  id: 'sglang',
  fromFolder: ({ args }, _modelId, folder) => replaceFlag(args, '--model-path', '--model-path', folder),
  multiNode: (start) => ({ leader: withArgs(start, ranks), worker: withArgs(start, ranks) }),
  split: {
    prefill: (start) =>
      withEnv(
        withArgs(start, [
          ...['--disaggregation-mode', 'prefill', '--disaggregation-transfer-backend', 'nixl'],
          ...['--disaggregation-bootstrap-port', bootstrapPort],
        ]),
        { SGLANG_HOST_IP: '$(POD_IP)' },
      ),
    decode: (start) =>
      withEnv(withArgs(start, ['--disaggregation-mode', 'decode', '--disaggregation-transfer-backend', 'nixl']), {
        SGLANG_HOST_IP: '$(POD_IP)',
      }),
    router: ({ launch, prefillUrl, decodeUrl }) => ({
      image: launch.image,
      command: ['python3', '-m', 'sglang_router.launch_router'],
      args: [
        ...['--pd-disaggregation', '--host', '0.0.0.0', '--port', '8000'],
        ...['--prefill', prefillUrl, bootstrapPort, '--decode', decodeUrl],
      ],
      env: {},
      portHttp: 8000,
      health: '/health',
    }),
  },
  adapters: (start, adapters) =>
    withArgs(start, [
      ...['--enable-lora', '--max-loras-per-batch', String(adapters.length), '--lora-paths'],
      ...adapters.map(({ name, place }) => `${name}=${place}`),
    ]),
}
