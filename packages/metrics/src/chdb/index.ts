/** The embedded ClickHouse engine, apart from the rest because it is optional and heavy. */
export { createEmbeddedClient, type EmbeddedClientOptions } from '../client/embedded-client.ts'
