/** Public list of service levels. */
export { SloPanel, type SloPanelProps } from '../observe/slo-panel.tsx'
