/** `npm run build`: sets everything up and builds every workspace through turbo's cache. */
import { prepare } from './bootstrap.mjs'
import { say } from './setup/place.mjs'

await prepare()
say('Everything is installed and built.')
