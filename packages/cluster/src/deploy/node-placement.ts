/** Which nodes a replica may run on: by accelerator product, tolerating the taints that guard accelerators. */
import type { DeploymentPlan } from '@bud-foundry/core'

/**
 * Values of `nvidia.com/gpu.product`, as NVIDIA's gpu-feature-discovery derives them from the product name in NVML
 * (spaces become hyphens): github.com/NVIDIA/k8s-device-plugin, docs/gpu-feature-discovery.
 * Hardware that is not listed is placed by its resource alone.
 */
const nvidiaProducts: Readonly<Record<string, readonly string[]>> = {
  'a100-pcie-80gb': ['NVIDIA-A100-PCIE-80GB', 'NVIDIA-A100-80GB-PCIe'],
  'a100-sxm-40gb': ['NVIDIA-A100-SXM4-40GB'],
  'a100-sxm-80gb': ['NVIDIA-A100-SXM4-80GB'],
  a10g: ['NVIDIA-A10G'],
  'b200-sxm': ['NVIDIA-B200'],
  'h100-nvl': ['NVIDIA-H100-NVL'],
  'h100-pcie': ['NVIDIA-H100-PCIe'],
  'h100-sxm': ['NVIDIA-H100-80GB-HBM3'],
  'h200-sxm': ['NVIDIA-H200'],
  l4: ['NVIDIA-L4'],
  l40s: ['NVIDIA-L40S'],
  t4: ['Tesla-T4'],
}

/** Resources that accelerators are requested by; their nodes usually carry a taint of the same name. */
export function acceleratorResources(plan: DeploymentPlan): readonly string[] {
  return Object.keys(plan.launch.resources).filter((name) => name.includes('/'))
}

/** Expressions on node labels, empty when the resource request alone decides. */
export function nodeExpressions(plan: DeploymentPlan): readonly { key: string; operator: 'In'; values: string[] }[] {
  const products = nvidiaProducts[plan.hardwareId]
  return products === undefined ? [] : [{ key: 'nvidia.com/gpu.product', operator: 'In', values: [...products] }]
}

export function tolerations(plan: DeploymentPlan) {
  return acceleratorResources(plan).map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }))
}
