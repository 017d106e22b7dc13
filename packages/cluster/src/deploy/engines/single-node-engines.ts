/** Engines that run on one node only: Text Generation Inference, llama.cpp, and the two servers of embeddings. */
import { replaceFlag, withArgs, withEnv, type EngineDeployment } from './engine-deployment.ts'

export const tgiDeployment: EngineDeployment = {
  id: 'tgi',
  fromFolder: ({ args }, _modelId, folder) => replaceFlag(args, '--model-id', '--model-id', folder),
  adapters: (start, adapters) => withEnv(start, { LORA_ADAPTERS: adapters.map(({ name, place }) => `${name}=${place}`).join(',') }),
}

export const llamaCppDeployment: EngineDeployment = {
  id: 'llama-cpp',
  // A folder of one GGUF; the server takes the file, so the download puts it under this name.
  fromFolder: ({ args }, _modelId, folder) => replaceFlag(args, '--hf-repo', '--model', `${folder}/model.gguf`),
  adapters: (start, adapters) =>
    withArgs(
      start,
      adapters.flatMap(({ place }) => ['--lora', `${place}/adapter.gguf`]),
    ),
}

export const infinityDeployment: EngineDeployment = {
  id: 'infinity',
  fromFolder: ({ args }, _modelId, folder) => replaceFlag(args, '--model-id', '--model-id', folder),
}

export const teiDeployment: EngineDeployment = {
  id: 'tei',
  fromFolder: ({ args }, _modelId, folder) => replaceFlag(args, '--model-id', '--model-id', folder),
}
