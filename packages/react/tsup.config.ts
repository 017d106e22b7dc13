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

export default {
  ...libraryBuild({ ...modules, styles: 'src/style/styles.css' }),
  platform: 'browser' as const,
  dts: { entry: modules },
  esbuildOptions: (options: { jsx?: string }) => {
    options.jsx = 'automatic'
  },
  metafile: true,
  onSuccess: clientDirectives,
}
