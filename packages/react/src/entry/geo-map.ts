/** Public list of the map. */
export { GeoMap, LiveGeoMap, type CountryValue, type GeoMapProps, type LiveGeoMapProps } from '../geo-map/geo-map.tsx'
