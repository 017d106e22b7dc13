/** Public list of the heatmap. */
export { Heatmap, type HeatmapProps } from '../heatmap/heatmap.tsx'
export { LiveHeatmap, type LiveHeatmapProps } from '../heatmap/live-heatmap.tsx'
