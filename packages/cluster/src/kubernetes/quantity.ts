/** Numbers as Kubernetes quantities. */

const binaryUnits = [
  ['Ti', 1024 ** 4],
  ['Gi', 1024 ** 3],
  ['Mi', 1024 ** 2],
] as const

/** Whole mebibytes or more, rounded up, in the largest unit that stays exact. */
export function toByteQuantity(bytes: number): string {
  const mebibytes = Math.max(1, Math.ceil(bytes / 1024 ** 2)) * 1024 ** 2
  for (const [suffix, size] of binaryUnits) {
    if (mebibytes % size === 0) return `${String(mebibytes / size)}${suffix}`
  }
  return `${String(mebibytes / 1024 ** 2)}Mi`
}

/** CPUs in thousandths, devices and other counts as they are, memory and storage in bytes. */
export function toQuantity(resource: string, amount: number): string {
  if (resource === 'memory' || resource.endsWith('storage') || resource.startsWith('hugepages-')) return toByteQuantity(amount)
  if (resource === 'cpu' && !Number.isInteger(amount)) return `${String(Math.ceil(amount * 1000))}m`
  return String(Math.ceil(amount))
}
