/** Who may import whom. `npm run check` also plants one violation of each rule in a copy and demands that it is reported. */
const { builtinModules } = require('node:module')

/** Reachability rules know modules by name only. */
const nodeModules = `^(node:)?(${builtinModules.join('|')})$`
const adapterFolders = 'providers|policies|engines|predictors|sinks|clouds'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'packages-import-only-core',
      comment: 'Packages are a star around core; parts of others arrive as parameters. The reference server alone knows them all.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: { path: '^packages/([^/]+)/', pathNot: '^packages/($1|core)/' },
    },
    {
      name: 'packages-by-name',
      comment: 'Another package is imported by its public name, never by path: what it does not export is not there.',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/' },
      to: { path: '^packages/([^/]+)/', pathNot: '^$1/$2/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'packages-import-no-examples',
      comment: 'Libraries do not know the applications built from them.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^examples/' },
    },
    {
      name: 'not-own-index',
      comment: 'The public list imports the modules; a module that imports the list closes a circle.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/.+' },
      to: { path: '^packages/$1/src/index\\.ts$' },
    },
    {
      name: 'adapters-see-only-core',
      comment: 'An adapter of ours uses what a third party can use: core, its own folder, and the errors and limits of its package.',
      severity: 'error',
      from: { path: `^packages/([^/]+)/src/(${adapterFolders})/([^/]+)/` },
      to: { path: '^packages/$1/src/', pathNot: '^packages/$1/src/($2/$3/|$2/[^/]+\\.ts$|dialect/|hardware/|(errors|limits)\\.ts$)' },
    },
    {
      name: 'no-node-in-browsers',
      comment: 'The React kit runs in browsers.',
      severity: 'error',
      from: { path: '^packages/react/src/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-node-in-core-root',
      comment: 'The root entry of core runs in browsers too; what needs Node has a subpath of its own.',
      severity: 'error',
      from: { path: '^packages/core/src/index\\.ts$' },
      to: { path: nodeModules, reachable: true },
    },
    {
      name: 'no-tests-in-source',
      comment: 'What ships contains no test code; fakes live behind core/testing, which only tests import.',
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src/', pathNot: '^packages/core/src/testing/' },
      to: { path: '(/test/|\\.test\\.tsx?$|^packages/core/src/testing/|node_modules/(vitest|fast-check)/)' },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'A package that is not in package.json is there by luck.',
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-source',
      comment: 'What ships may use only what its users get installed.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/core/src/testing/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src/' },
      to: { couldNotResolve: true, pathNot: '^chdb(/|$)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/[^/]+/(dist|dist-web|public-dist|\\.next)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['bud-source', 'types', 'import', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
}
