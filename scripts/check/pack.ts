/** The packages as users get them: packed once, shared by the steps that look at tarballs. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { readPackages, run, type Package } from './repository.ts'
import { Finding } from './step.ts'

export interface Packed extends Package {
  readonly tarball: string
}

const packOne = async (each: Package, folder: string): Promise<Packed> => {
  const tarball = path.join(folder, `${each.name.replace('@', '').replace('/', '-')}-${each.version}.tgz`)
  if (existsSync(tarball)) return { ...each, tarball }
  const { code, output } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: each.folder })
  if (code !== 0 || !existsSync(tarball)) throw new Finding(`${each.name} could not be packed:\n${output}`)
  return { ...each, tarball }
}

/** Packs every package into the run's work folder; the second call finds the tarballs there. */
export const packPackages = async (workFolder: string): Promise<readonly Packed[]> => {
  const folder = path.join(workFolder, 'tarballs')
  await mkdir(folder, { recursive: true })
  const packed: Packed[] = []
  for (const each of await readPackages()) packed.push(await packOne(each, folder))
  return packed
}
