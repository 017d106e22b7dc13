/** The official client and undici, loaded with the first connection and not with the package: the client's generated half takes half a second. */
import { createRequire } from 'node:module'
import type * as ClientNode from '@kubernetes/client-node'
import type * as Undici from 'undici'

const require = createRequire(import.meta.url)

/** Loaded once; later calls cost next to nothing. Safe: the module that its own declarations describe. */
export const clientNode = (): typeof ClientNode => require('@kubernetes/client-node') as typeof ClientNode

/** As `clientNode`. Node's own `fetch` does not take the dispatchers that the official client makes. */
export const undici = (): typeof Undici => require('undici') as typeof Undici
