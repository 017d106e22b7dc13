/** Opens the location database that the command line names. */
import type { GeoLookup } from '../client-info/client-info.ts'
import { gatewayErrors } from '../errors.ts'

export async function openGeo(path: string | undefined): Promise<GeoLookup | undefined> {
  if (path === undefined) return undefined
  let database
  try {
    // Loaded only here: its reader is an optional dependency.
    database = await import('../client-info/geo-database.ts')
  } catch (error) {
    const problem = 'needs the package maxmind beside this one; npm install maxmind'
    throw gatewayErrors.OPTION_INVALID({ option: '--geo-database', problem }, { cause: error })
  }
  return await database.openGeoDatabase(path)
}
