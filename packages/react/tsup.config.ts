import { defineConfig } from 'tsup'
import { libraryBuild } from '../../tsup.preset.ts'
import { bundleElements } from './bundle-elements.ts'
import { clientDirectives } from './client-directives.ts'
import { writeIsolatedStyles } from './isolate-styles.ts'

const widgets = [
  'admin',
  'autoscale-form',
  'benchmark-results',
  'blocking',
  'breakdown',
  'budget-list',
  'chat',
  'client',
  'clusters',
  'credentials',
  'data-table',
  'deploy-wizard',
  'deployment-list',
  'elements',
  'geo-map',
  'guardrails',
  'heatmap',
  'key-manager',
  'limit-meters',
  'live-status',
  'live-tail',
  'manifest-view',
  'metric',
  'node-table',
  'notice',
  'operation-progress',
  'pareto',
  'pickers',
  'plan-comparison',
  'plan-list',
  'playground',
  'policy-editor',
  'predicted-measured',
  'request-table',
  'routes',
  'sensitivity',
  'session',
  'slo',
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
  onSuccess: async () => {
    await clientDirectives()
    await writeIsolatedStyles()
    await bundleElements('dist')
  },
})
