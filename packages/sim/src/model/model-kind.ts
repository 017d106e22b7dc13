/** Tells models that generate text from encoders, which turn text into vectors or labels. */
import type { ModelSpec } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'

// Values of model_type in Hugging Face transformers whose plain model attends in both directions.
const encoderTypes: ReadonlySet<string> = new Set([
  ...['albert', 'bert', 'big_bird', 'camembert', 'convbert', 'deberta', 'deberta-v2', 'distilbert', 'electra', 'ernie', 'esm', 'eurobert'],
  ...['flaubert', 'fnet', 'funnel', 'ibert', 'layoutlm', 'layoutlmv3', 'longformer', 'luke', 'megatron-bert', 'mobilebert', 'modernbert'],
  ...['mpnet', 'mra', 'nezha', 'nomic_bert', 'nystromformer', 'rembert', 'roberta', 'roberta-prelayernorm', 'roformer', 'squeezebert'],
  ...['xlm-roberta', 'xlm-roberta-xl', 'xmod', 'yoso'],
])
const generating = /(?:ForCausalLM|LMHeadModel|ForConditionalGeneration)$/
const labelling = /For(?:MaskedLM|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice)$/

/** True for encoders and for models whose head gives labels: their architecture cannot generate text. */
export function isEncoder({ architecture, modelType }: ModelSpec): boolean {
  return labelling.test(architecture) || (encoderTypes.has(modelType) && !generating.test(architecture))
}

/** @throws SIM_MODEL_CANNOT_GENERATE for an encoder. */
export function assertGenerates(model: ModelSpec): void {
  if (isEncoder(model)) throw simErrors.MODEL_CANNOT_GENERATE({ model: model.id, architecture: model.architecture })
}
