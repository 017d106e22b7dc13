/** Every bound of this package in one place. */
export const limits = {
  /** Largest request body of the optimizer handler: a config.json is below 200 kB. */
  optimizeBodyBytes: 4 * 1024 * 1024,
  /** Largest request body of the engine twin. */
  twinBodyBytes: 16 * 1024 * 1024,
  /** Requests that the twin holds at once; more are refused with 503. */
  twinRequests: 4096,
  /** Blocks of the twin's prefix cache that are remembered when the model's cache would be larger. */
  twinPrefixBlocks: 1 << 18,
  /** Largest saved tree model, its trees, and the nodes of one. */
  treeModelBytes: 256 * 1024 * 1024,
  trees: 100_000,
  treeNodes: 4_000_000,
  /** Hardware kinds, nodes and devices in one optimize request. */
  devices: 256,
  devicesPerKind: 65_536,
  /** Candidate configurations of one optimize call. */
  candidates: 20_000,
  /** Larger spaces are searched by evolution instead of one by one. */
  exhaustiveCandidates: 4000,
  /** Longest time that optimize keeps the event loop to itself. */
  optimizeSliceMs: 4,
  /** Simulations that a Bud simulator remembers; the oldest is forgotten first. */
  budWorkflows: 1000,
  /** Calls that one optimizer worker works on at once. */
  workerCalls: 64,
  /** Plans and rejections in one answer. */
  plans: 100,
  rejections: 200,
} as const
