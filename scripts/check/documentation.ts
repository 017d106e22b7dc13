/** The reference documentation, built by typedoc into docs/api without a single warning. */
import path from 'node:path'
import { Application, LogLevel, type TypeDocOptions } from 'typedoc'
import { readPackages, root } from './repository.ts'
import { Finding, type Step } from './step.ts'

export const documentation: Step = {
  name: 'documentation',
  run: async () => {
    const packages = await readPackages()
    const entryPoints = packages.flatMap((each) => each.entryPoints.map(({ source }) => path.join(each.folder, source)))
    const options: TypeDocOptions = {
      name: 'Bud Foundry',
      entryPoints,
      tsconfig: path.join(root, 'tsconfig.docs.json'),
      out: path.join(root, 'docs/api'),
      readme: path.join(root, 'README.md'),
      // Types that are mentioned but not exported are this package's internals; the golden files in api/ show them.
      validation: { notExported: false, invalidLink: true, rewrittenLink: true, notDocumented: false, unusedMergeModuleWith: true },
      excludeInternal: true,
      disableGit: true,
      sourceLinkTemplate: 'https://github.com/BudEcosystem/bud-foundry/blob/main/packages/{path}#L{line}',
      logLevel: LogLevel.Warn,
    }
    const app = await Application.bootstrap(options)
    const project = await app.convert()
    if (project === undefined) throw new Finding('typedoc could not read the sources; its complaints are above.')
    app.validate(project)
    await app.generateOutputs(project)
    const { errorCount, warningCount } = app.logger
    if (errorCount + warningCount > 0) throw new Finding(`typedoc found ${errorCount} errors and ${warningCount} warnings; they are above.`)
    return { count: project.children?.length ?? 0, things: 'modules' }
  },
}
