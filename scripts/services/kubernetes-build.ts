/** etcd, the API server, the controller manager and the scheduler, built from pinned Go modules into a folder outside the repository. */
import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedFolder, ensureProgram, runTool } from './install.ts'

const version = 'v1.36.3'
const module = fileURLToPath(new URL('./kubernetes/', import.meta.url))
const moduleFiles = ['go.mod', 'go.sum', 'servers.go']
const packages = [
  'go.etcd.io/etcd/server/v3',
  'k8s.io/kubernetes/cmd/kube-apiserver',
  'k8s.io/kubernetes/cmd/kube-controller-manager',
  'k8s.io/kubernetes/cmd/kube-scheduler',
]

const versionFlags = [
  `-X k8s.io/component-base/version.gitVersion=${version}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=36',
].join(' ')

/** Some minutes the first time; the folder's name is a hash of what goes in. */
export const buildKubernetes = async (): Promise<string> => {
  const go = await ensureProgram('go', 'golang-go')
  const contents = await Promise.all(moduleFiles.map((file) => readFile(path.join(module, file))))
  const hash = createHash('sha256').update(Buffer.concat(contents)).update(versionFlags).digest('hex').slice(0, 12)
  return cachedFolder(`kubernetes-${version}-${hash}`, async (target) => {
    for (const file of moduleFiles) await copyFile(path.join(module, file), path.join(target, file))
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }
    // One after the other: the linker of each needs gigabytes of memory.
    for (const name of packages) {
      const program = name.startsWith('go.etcd.io') ? 'etcd' : path.basename(name)
      await runTool(go, ['build', '-trimpath', '-ldflags', `-s -w ${versionFlags}`, '-o', program, name], { cwd: target, env })
    }
  })
}
