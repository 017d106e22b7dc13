/** Metrics over an array instead of a database, for demos and for tests of whoever embeds this package. */
export { createMemoryReader, type MemoryReaderOptions } from './memory-reader.ts'
