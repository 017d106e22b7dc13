/** Locations of callers from a database file; needs the package `maxmind`. */
export { openGeoDatabase } from './geo-database.ts'
export type { GeoLookup, GeoPlace } from './client-info.ts'
