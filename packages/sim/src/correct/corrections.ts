/** The corrections that are applied together: those that the package ships, or those of a user's own training. */
import { loadCorrection, type Correction } from './correction.ts'

export interface Corrections {
  readonly timePerOutputToken: Correction | undefined
  readonly timeToFirstToken: Correction | undefined
}

/** Predictions stay analytical. */
export const noCorrections: Corrections = { timePerOutputToken: undefined, timeToFirstToken: undefined }

/** Sorts models by what they correct, as their notes say. @throws SIM_TREE_MODEL_INVALID */
export function loadCorrections(models: readonly object[]): Corrections {
  const corrections = models.map(loadCorrection)
  return {
    timePerOutputToken: corrections.find(({ notes }) => notes.target === 'time-per-output-token'),
    timeToFirstToken: corrections.find(({ notes }) => notes.target === 'time-to-first-token'),
  }
}

let shipped: Promise<Corrections> | undefined

/** The corrections in the package, trained on NVIDIA's silicon sample of vLLM, SGLang and TensorRT-LLM on H100, H200, B200 and GB200; read once, when first asked for. */
export function loadShippedCorrections(): Promise<Corrections> {
  shipped ??= Promise.all([
    import('./shipped/time-per-output-token.json', { with: { type: 'json' } }),
    import('./shipped/time-to-first-token.json', { with: { type: 'json' } }),
  ]).then((files) => loadCorrections(files.map((file): object => file.default)))
  return shipped
}
