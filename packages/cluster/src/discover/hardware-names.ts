/** What drivers and node labels call a device, to the id of its hardware profile. */

/**
 * Values of `nvidia.com/gpu.product`, as NVIDIA's gpu-feature-discovery derives them from the product name in NVML
 * (spaces become hyphens): github.com/NVIDIA/k8s-device-plugin, docs/gpu-feature-discovery.
 */
export const nvidiaProducts: Readonly<Record<string, readonly string[]>> = {
  'a100-pcie-80gb': ['NVIDIA-A100-PCIE-80GB', 'NVIDIA-A100-80GB-PCIe'],
  'a100-sxm-40gb': ['NVIDIA-A100-SXM4-40GB'],
  'a100-sxm-80gb': ['NVIDIA-A100-SXM4-80GB'],
  a10: ['NVIDIA-A10'],
  a30: ['NVIDIA-A30'],
  a40: ['NVIDIA-A40'],
  'b200-sxm': ['NVIDIA-B200'],
  'b300-sxm': ['NVIDIA-B300-SXM6-AC', 'NVIDIA-B300'],
  'dgx-spark': ['NVIDIA-GB10'],
  gb200: ['NVIDIA-GB200'],
  gb300: ['NVIDIA-GB300'],
  'gh200-144gb': ['NVIDIA-GH200-144G-HBM3e'],
  'gh200-96gb': ['NVIDIA-GH200-480GB'],
  'h100-nvl': ['NVIDIA-H100-NVL'],
  'h100-pcie': ['NVIDIA-H100-PCIe'],
  'h100-sxm': ['NVIDIA-H100-80GB-HBM3'],
  'h200-sxm': ['NVIDIA-H200'],
  l4: ['NVIDIA-L4'],
  l40: ['NVIDIA-L40'],
  l40s: ['NVIDIA-L40S'],
  'rtx-3060': ['NVIDIA-GeForce-RTX-3060'],
  'rtx-3080': ['NVIDIA-GeForce-RTX-3080'],
  'rtx-3090': ['NVIDIA-GeForce-RTX-3090'],
  'rtx-3090-ti': ['NVIDIA-GeForce-RTX-3090-Ti'],
  'rtx-4070-ti': ['NVIDIA-GeForce-RTX-4070-Ti'],
  'rtx-4080': ['NVIDIA-GeForce-RTX-4080'],
  'rtx-4090': ['NVIDIA-GeForce-RTX-4090'],
  'rtx-5070': ['NVIDIA-GeForce-RTX-5070'],
  'rtx-5070-ti': ['NVIDIA-GeForce-RTX-5070-Ti'],
  'rtx-5080': ['NVIDIA-GeForce-RTX-5080'],
  'rtx-5090': ['NVIDIA-GeForce-RTX-5090'],
  'rtx-6000-ada': ['NVIDIA-RTX-6000-Ada-Generation'],
  'rtx-a6000': ['NVIDIA-RTX-A6000'],
  'rtx-pro-6000-server': ['NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition'],
  'rtx-pro-6000-workstation': ['NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition'],
  t4: ['Tesla-T4'],
  'v100-sxm-32gb': ['Tesla-V100-SXM2-32GB'],
}

const byNvidiaProduct = new Map(
  Object.entries(nvidiaProducts).flatMap(([id, names]) => names.map((name) => [name.toLowerCase(), id] as const)),
)

/** The product without what sharing adds to its label: `-SHARED`, `-MIG-1g.10gb`. Spaces, as DRA writes them, count as hyphens. */
export const nvidiaProductName = (label: string): string =>
  label
    .trim()
    .replaceAll(' ', '-')
    .replace(/(-SHARED|-MIG-.+)$/, '')

/** Undefined when the product is not in the table. */
export const nvidiaHardwareId = (label: string): string | undefined => byNvidiaProduct.get(nvidiaProductName(label).toLowerCase())

/**
 * PCI device ids of AMD accelerators (pci-ids.ucw.cz, vendor 1002) and the words of the product name that ROCm's node labeller writes
 * (github.com/ROCm/k8s-device-plugin, cmd/k8s-node-labeller).
 */
const amdDevices: readonly (readonly [id: string, pattern: RegExp])[] = [
  ['mi300x', /^(74a1|74b5)$|mi300x/i],
  ['mi325x', /^(74a5|74b9)$|mi325x/i],
  ['mi355x', /^75a3$|mi355x/i],
  ['mi350x', /^75a0$|mi350x/i],
  ['mi300a', /^74a0$|mi300a/i],
  ['mi250x', /^7408$|mi250x/i],
  ['mi250', /^740c$|mi250/i],
  ['mi210', /^(740f|7410)$|mi210/i],
]
export const amdHardwareId = (name: string): string | undefined => amdDevices.find(([, pattern]) => pattern.test(name))?.[0]

/** PCI device ids of Gaudi under vendor 1da3 (Habana Labs, pci-ids.ucw.cz): 1020 Gaudi 2 and 1060 Gaudi 3. */
const gaudiDevices: Readonly<Record<string, string>> = { '1020': 'gaudi-2', '1060': 'gaudi-3' }
export const gaudiHardwareId = (deviceId: string): string | undefined => gaudiDevices[deviceId]

/** Values of `cloud.google.com/gke-tpu-accelerator` (cloud.google.com/kubernetes-engine/docs/concepts/tpus, "machine types"). */
const tpuAccelerators: Readonly<Record<string, string>> = {
  'tpu-v5-lite-podslice': 'tpu-v5e',
  'tpu-v5-lite-device': 'tpu-v5e',
  'tpu-v5p-slice': 'tpu-v5p',
  'tpu-v6e-slice': 'tpu-v6e',
}
export const tpuHardwareId = (accelerator: string): string | undefined => tpuAccelerators[accelerator]

/** Families of instances with Neuron devices (aws.amazon.com/ai/machine-learning/neuron). */
const neuronFamilies: Readonly<Record<string, string>> = { inf2: 'inferentia2', trn1: 'trainium1', trn1n: 'trainium1', trn2: 'trainium2' }
export const neuronHardwareId = (instanceType: string): string | undefined => neuronFamilies[instanceType.split('.')[0] ?? '']
