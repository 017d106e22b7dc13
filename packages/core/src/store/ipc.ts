/** Entry of `@bud-foundry/core/store/ipc`: one process holds the store, the processes it forked use it. */
export { createIpcStore, type IpcStoreOptions } from './ipc-store.ts'
export { serveClusterStore, serveIpcStore } from './ipc-server.ts'
export type { IpcEndpoint } from './ipc-protocol.ts'
