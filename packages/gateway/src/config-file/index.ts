/** Subpath ./config-file: reading the files that `bud-gateway` starts from, for programs of your own. */
export type { ConfigFile } from './config-file-schema.ts'
export { prepareConfig, type PreparedConfig, type PrepareOptions } from './prepare-config.ts'
export { readConfigFile } from './read-config-file.ts'
export { watchFiles, type FileWatcherOptions } from './file-watcher.ts'
