/** Builds the console: relative addresses, no inline scripts or data addresses, so that a strict content security policy holds. */
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

const styleSource = new URL('../../packages/react/src/style/styles.css', import.meta.url).pathname

export default defineConfig(({ mode }) => ({
  root: new URL('./web', import.meta.url).pathname,
  base: './',
  plugins: [react()],
  // While developing, the packages' sources are used and reload at once.
  resolve:
    mode === 'development'
      ? { conditions: ['bud-source', ...defaultClientConditions], alias: { '@bud-foundry/react/styles.css': styleSource } }
      : {},
  build: {
    outDir: '../dist-web',
    emptyOutDir: true,
    // As the kit's style sheet: browsers that know light-dark().
    target: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
}))
