/** Every story on one page, in one variant at a time: what snapshots, accessibility and hostile pages are checked on. */
import { StrictMode } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import '@fontsource-variable/inter/index.css'
import '../../../src/style/styles.css'
import { variants, type VariantName } from '../../../stories/support/frame.tsx'
import { Gallery } from './gallery.tsx'
import '../../../stories/support/frame.css'
import './gallery.css'

const host = document.getElementById('gallery')
if (host === null) throw new Error('The gallery has no #gallery.')

const tree = (variant: VariantName) => (
  <StrictMode>
    <Gallery variant={variant} />
  </StrictMode>
)
const isRendered = host.hasChildNodes()
const root = isRendered ? hydrateRoot(host, tree('light')) : createRoot(host)
const show = (variant: VariantName) => {
  document.documentElement.dataset['variant'] = variant
  document.body.dir = variants[variant].dir
  root.render(tree(variant))
}

declare global {
  interface Window {
    show: typeof show
  }
}
window.show = show
if (!isRendered) show('light')
