/** Public list of the stat tiles. */
export { LiveTiles } from '../stat-tile/live-tiles.tsx'
export { Sparkline, type SparklineProps } from '../stat-tile/sparkline.tsx'
export { StatTile, type StatTileProps } from '../stat-tile/stat-tile.tsx'
