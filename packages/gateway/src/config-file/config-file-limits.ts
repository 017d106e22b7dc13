/** Bounds of reading configuration files. */

/** Largest file. */
export const configFileBytes = 4 * 1024 * 1024
/** Longest time that a configuration module may take to load. */
export const configModuleMs = 10_000
/** Heap of a configuration module. */
export const configModuleHeapMegabytes = 256
/** Nesting of a configuration. */
export const configDepth = 32
/** How often watched files are looked at. A change counts once two looks have seen the same, so half-written files are not read. */
export const watchPollMs = 250
/** Files watched beside the configuration: certificates and secrets that it refers to. */
export const watchedFiles = 1_000
/** After so many looks at files that change without pause they are read as they are. */
export const restlessLooks = 8
