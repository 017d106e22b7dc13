/**
 * Each package as a stranger meets it: published to an empty registry, installed alone into an empty project, every entry imported,
 * and every snippet of its README compiled and run.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { startEchoEngine } from './echo-engine.ts'
import { packPackages, type Packed } from './pack.ts'
import { startRegistry, type Registry } from './registry.ts'
import { root, run, runBin } from './repository.ts'
import { readSnippets, type Snippet } from './snippets.ts'
import { Finding, type Step } from './step.ts'

const importTimeoutMs = 60_000
const snippetTimeoutMs = 120_000
const versionSchema = z.looseObject({ version: z.string() })

const publish = async (registry: Registry, each: Packed, folder: string): Promise<void> => {
  const { code, output } = await registry.npm(
    ['publish', each.tarball, '--provenance=false', '--tag', 'latest', '--ignore-scripts'],
    folder,
  )
  if (code !== 0) throw new Finding(`${each.name} could not be published:\n${output}`)
}

const installInto = async (registry: Registry, project: string, wanted: readonly string[]): Promise<void> => {
  if (wanted.length === 0) return
  const { code, output } = await registry.npm(['install', '--save', ...wanted], project)
  if (code !== 0) throw new Finding(`npm install ${wanted.join(' ')} failed in an empty project:\n${output}`)
}

/** Imports every entry point in a fresh process; returns the failures. */
const importEntries = async (each: Packed, project: string): Promise<string[]> => {
  const failures: string[] = []
  for (const { specifier } of each.entryPoints) {
    const program = `const found = await import(${JSON.stringify(specifier)}); if (found.default !== undefined) throw new Error('has a default export')`
    const { code, output } = await run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: project,
      timeoutMs: importTimeoutMs,
    })
    if (code !== 0) failures.push(`import '${specifier}' failed:\n${output}`)
  }
  return failures
}

const optionalPeers = (each: Packed): Map<string, string> =>
  new Map(Object.entries(each.manifest.peerDependencies).filter(([name]) => each.manifest.peerDependenciesMeta[name]?.optional === true))

/** Entry points may need an optional peer, and must then fail by naming it; with all peers present every entry must load. */
const demandImports = async (registry: Registry, each: Packed, project: string): Promise<void> => {
  const peers = optionalPeers(each)
  const alone = await importEntries(each, project)
  const unexplained = alone.filter((failure) => ![...peers.keys()].some((peer) => failure.includes(`'${peer}'`)))
  if (unexplained.length > 0) throw new Finding(`${each.name}, installed alone: ${unexplained.join('\n')}`)
  if (alone.length === 0) return
  await installInto(
    registry,
    project,
    [...peers].map(([name, range]) => `${name}@${range}`),
  )
  const complete = await importEntries(each, project)
  if (complete.length > 0) throw new Finding(`${each.name}, with its optional peers: ${complete.join('\n')}`)
}

/** The version of a package that this repository develops with; snippets are tried with the same. */
const knownVersion = async (name: string): Promise<string> => {
  const file = path.join(root, 'node_modules', name, 'package.json')
  if (!existsSync(file)) throw new Finding(`A snippet imports '${name}', which no workspace here depends on.`)
  return versionSchema.parse(JSON.parse(await readFile(file, 'utf8'))).version
}

const compilerOptions = {
  target: 'es2023',
  lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
  module: 'nodenext',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  jsx: 'react-jsx',
  types: ['node'],
}

/** Snippets see the project's installed packages, and from here only the declarations of Node and React. */
const prepareCompiler = async (project: string): Promise<void> => {
  await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['snippet-*'] }))
  await mkdir(path.join(project, 'node_modules/@types'), { recursive: true })
  for (const name of ['node', 'react', 'react-dom']) {
    const link = path.join(project, 'node_modules/@types', name)
    if (!existsSync(link)) await symlink(path.join(root, 'node_modules/@types', name), link, 'dir')
  }
}

const runSnippets = async (registry: Registry, snippets: readonly Snippet[], project: string): Promise<void> => {
  const missing = new Set(
    snippets.flatMap(({ packages }) => packages).filter((name) => !existsSync(path.join(project, 'node_modules', name))),
  )
  const ours = [...missing].filter((name) => name.startsWith('@bud-foundry/'))
  const theirs = await Promise.all(
    [...missing].filter((name) => !ours.includes(name)).map(async (name) => `${name}@${await knownVersion(name)}`),
  )
  await installInto(registry, project, [...ours, ...theirs])
  await prepareCompiler(project)
  const files = snippets.map((snippet, index) => ({ snippet, file: `snippet-${index + 1}.${snippet.language === 'ts' ? 'mts' : 'tsx'}` }))
  for (const { snippet, file } of files) await writeFile(path.join(project, file), snippet.code)
  const compiled = await runBin('tsc', ['-p', project, '--pretty', 'false'], { cwd: project })
  const origins = files.map(({ snippet, file }) => `${file} is ${snippet.origin}`).join(', ')
  if (compiled.code !== 0) throw new Finding(`Snippets do not compile (${origins}):\n${compiled.output}`)
  for (const { snippet, file } of files.filter((each) => each.snippet.language === 'ts')) {
    const { code, output } = await run(process.execPath, [file], { cwd: project, timeoutMs: snippetTimeoutMs })
    if (code !== 0) throw new Finding(`The snippet at ${snippet.origin} failed:\n${output}`)
  }
}

/** An empty project with one package in it. */
const createProject = async (registry: Registry, folder: string, each: Packed): Promise<string> => {
  const project = path.join(folder, each.id)
  await mkdir(project, { recursive: true })
  await writeFile(path.join(project, 'package.json'), '{"private":true,"type":"module"}\n')
  await installInto(registry, project, [`${each.name}@${each.version}`])
  return project
}

const tryPackage = async (registry: Registry, folder: string, each: Packed): Promise<number> => {
  const readme = path.join(each.folder, 'README.md')
  if (!existsSync(readme)) throw new Finding(`${each.name} has no README.md.`)
  const snippets = await readSnippets(readme)
  if (snippets.length === 0) throw new Finding(`The README of ${each.name} has no \`\`\`ts block that shows how to use it.`)
  const project = await createProject(registry, folder, each)
  await demandImports(registry, each, project)
  const text = await readFile(readme, 'utf8')
  // A snippet may need an optional peer, which its README then tells the reader to install.
  const named = [...optionalPeers(each)].filter(([name]) => text.includes(name))
  await installInto(
    registry,
    project,
    named.map(([name, range]) => `${name}@${range}`),
  )
  await runSnippets(registry, snippets, project)
  return snippets.length
}

/** The root README shows packages together; its snippets run in a project that starts with all that they import. */
const tryRootReadme = async (registry: Registry, folder: string): Promise<number> => {
  const snippets = await readSnippets(path.join(root, 'README.md'))
  if (snippets.length === 0) throw new Finding('The root README.md has no ```ts block that shows how to embed the packages.')
  const project = path.join(folder, 'root-readme')
  await mkdir(project, { recursive: true })
  await writeFile(path.join(project, 'package.json'), '{"private":true,"type":"module"}\n')
  await runSnippets(registry, snippets, project)
  return snippets.length
}

export const install: Step = {
  name: 'install',
  run: async ({ workFolder }) => {
    const packed = await packPackages(workFolder)
    await using registry = await startRegistry(path.join(workFolder, 'registry'))
    for (const each of packed) await publish(registry, each, workFolder)
    await using engine = await startEchoEngine()
    process.env['ENGINE_URL'] = engine.baseUrl
    const projects = path.join(workFolder, 'projects')
    let snippets = 0
    const problems: string[] = []
    for (const attempt of [...packed.map((each) => () => tryPackage(registry, projects, each)), () => tryRootReadme(registry, projects)]) {
      try {
        snippets += await attempt()
      } catch (error) {
        if (!(error instanceof Finding)) throw error
        problems.push(error.message)
      }
    }
    if (problems.length > 0) throw new Finding(problems.join('\n\n'))
    return { count: packed.length, things: `packages installed alone, ${snippets} README snippets` }
  },
}
