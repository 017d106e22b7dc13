/** TensorRT-LLM in a cluster: MPI over nodes, its own orchestrator in front of context and generation servers. */
import { replaceFirst, shellStart, type EngineDeployment, type Start } from './engine-deployment.ts'

// Hosts of one group of a LeaderWorkerSet: the leader's name, and the same with the worker's index behind it.
const leaderScript = [
  'hosts="$LWS_LEADER_ADDRESS"; i=1',
  'while [ "$i" -lt "$LWS_GROUP_SIZE" ]; do hosts="$hosts,${LWS_LEADER_ADDRESS%%.*}-$i.${LWS_LEADER_ADDRESS#*.}"; i=$((i + 1)); done',
  'for host in $(echo "$hosts" | tr "," " "); do until [ "$host" = "$LWS_LEADER_ADDRESS" ] || ssh -p 2222 -i /ssh/id -o StrictHostKeyChecking=accept-new "$host" true; do sleep 2; done; done',
  'exec mpirun --allow-run-as-root --host "$hosts" --map-by node -mca plm_rsh_args "-p 2222 -i /ssh/id -o StrictHostKeyChecking=accept-new" trtllm-llmapi-launch "$@"',
].join('\n')
const workerScript = [
  'mkdir -p /run/sshd ~/.ssh && cp /ssh/id.pub ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys',
  'ssh-keygen -A && exec /usr/sbin/sshd -D -e -p 2222',
].join('\n')

/** Extra options are a file; the server takes them from a path only. */
const withExtraOptions = (start: Start, options: string): Start =>
  shellStart(
    { ...start, args: [...start.args, '--extra_llm_api_options', '/tmp/options.yaml'] },
    `printf '${options}' > /tmp/options.yaml && exec "$@"`,
  )

export const tensorrtLlmDeployment: EngineDeployment = {
  id: 'tensorrt-llm',
  fromFolder: ({ args }, modelId, folder) => replaceFirst(args, modelId, folder),
  multiNode: (start) => ({
    leader: shellStart(start, leaderScript),
    worker: shellStart({ ...start, command: [], args: [] }, workerScript),
  }),
  split: {
    prefill: (start) => withExtraOptions(start, 'disable_overlap_scheduler: true\\ncache_transceiver_config:\\n  backend: DEFAULT\\n'),
    decode: (start) => withExtraOptions(start, 'cache_transceiver_config:\\n  backend: DEFAULT\\n'),
    router: ({ launch, prefillUrl, decodeUrl }) => ({
      image: launch.image,
      ...shellStart(
        { command: ['trtllm-serve', 'disaggregated', '-c', '/tmp/servers.yaml'], args: [], env: {} },
        // Services answer on their own port; the orchestrator wants host and port without a scheme.
        `printf 'hostname: 0.0.0.0\\nport: 8000\\nbackend: pytorch\\ncontext_servers:\\n  num_instances: 1\\n  urls: ["${new URL(prefillUrl).hostname}:80"]\\ngeneration_servers:\\n  num_instances: 1\\n  urls: ["${new URL(decodeUrl).hostname}:80"]\\n' > /tmp/servers.yaml && exec "$@"`,
      ),
      portHttp: 8000,
      health: '/health',
    }),
  },
}
