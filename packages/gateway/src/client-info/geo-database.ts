/** A GeoLookup over a database file: MaxMind's, DB-IP's, or a country table of ip-location-db. */
import { open, type CityResponse } from 'maxmind'
import { z } from 'zod'
import type { GeoLookup, GeoPlace } from './client-info.ts'
import { clientInfoErrors } from './client-info-errors.ts'

const names = z.looseObject({ en: z.string().optional() }).optional()
/** Nested as in MaxMind's and DB-IP's files, flat as in those of ip-location-db; a file may have either, and fields of its own. */
const recordSchema = z.looseObject({
  country: z.looseObject({ iso_code: z.string().optional() }).optional(),
  country_code: z.string().optional(),
  subdivisions: z.array(z.looseObject({ iso_code: z.string().optional() })).optional(),
  city: z.union([z.string(), z.looseObject({ names })]).optional(),
})

function toPlace(record: unknown): GeoPlace | undefined {
  const read = recordSchema.safeParse(record)
  if (!read.success) return undefined
  const { country, country_code: countryCode, subdivisions, city } = read.data
  return {
    country: (country?.iso_code ?? countryCode)?.toUpperCase(),
    region: subdivisions?.[0]?.iso_code,
    city: typeof city === 'string' ? city : city?.names?.en,
  }
}

/**
 * Reads the whole file (`.mmdb`) into memory. A new file is read by opening it anew.
 * @throws GATEWAY_GEO_DATABASE_UNREADABLE naming the file.
 */
export async function openGeoDatabase(path: string): Promise<GeoLookup> {
  try {
    // The type only says what a record may hold; `toPlace` checks what it does hold.
    const reader = await open<CityResponse>(path)
    return { lookup: (address) => toPlace(reader.get(address)) }
  } catch (error) {
    throw clientInfoErrors.GEO_DATABASE_UNREADABLE(
      { path, reason: error instanceof Error ? error.message : String(error) },
      { cause: error },
    )
  }
}
