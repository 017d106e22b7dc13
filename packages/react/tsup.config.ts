import { defineConfig } from 'tsup'
import { libraryBuild } from '../../tsup.preset.ts'
import { clientDirectives } from './client-directives.ts'

const widgets = [
  'client',
  'admin',
  'breakdown',
  'budget-list',
  'chat',
  'heatmap',
  'key-manager',
  'live-status',
  'manifest-view',
  'metric',
  'notice',
  'pareto',
  'plan-list',
  'playground',
  'request-table',
  'session',
  'stat-tile',
  'swr',
  'tanstack-query',
  'time-range',
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
