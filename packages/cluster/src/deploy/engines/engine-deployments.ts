/** The engines that can be deployed, by the id that plans carry. */
import type { EngineDeployment } from './engine-deployment.ts'
import { infinityDeployment, llamaCppDeployment, teiDeployment, tgiDeployment } from './single-node-engines.ts'
import { sglangDeployment } from './sglang.ts'
import { tensorrtLlmDeployment } from './tensorrt-llm.ts'
import { vllmDeployment } from './vllm.ts'

export const engineDeployments: readonly EngineDeployment[] = [
  vllmDeployment,
  sglangDeployment,
  tensorrtLlmDeployment,
  tgiDeployment,
  llamaCppDeployment,
  infinityDeployment,
  teiDeployment,
]

/** Undefined for an engine of someone else's: its launch spec alone has to do. */
export const findEngineDeployment = (id: string): EngineDeployment | undefined => engineDeployments.find((engine) => engine.id === id)
