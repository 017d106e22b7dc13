/** Public list of the manifest view. */
export { ManifestView, type ManifestViewProps } from '../manifest-view/manifest-view.tsx'
