import { defineConfig } from 'tsup'
import { libraryBuild } from '../../tsup.preset.ts'
import { clientDirectives } from './client-directives.ts'

const widgets = [
  'client',
  'chat',
  'live-status',
  'manifest-view',
  'notice',
  'plan-list',
  'request-table',
  'session',
  'stat-tile',
  'time-series',
]
const modules = { index: 'src/index.ts', ...Object.fromEntries(widgets.map((name) => [name, `src/entry/${name}.ts`])) }
const preset = libraryBuild({ ...modules, styles: 'src/style/styles.css' })
if (typeof preset === 'function' || Array.isArray(preset)) throw new Error('The preset is no longer one plain object; merge it anew here.')

export default defineConfig({
  ...preset,
  platform: 'browser',
  // A style sheet has no declarations.
  dts: { entry: modules },
  esbuildOptions: (options) => {
    options.jsx = 'automatic'
  },
  metafile: true,
  onSuccess: clientDirectives,
})
