/** What the plan form asks, as the text of its fields, and its translation into a request. */
import type { OptimizeInput } from '@bud-foundry/react'
import type { DeviceDraft, SimModelDraft } from '@bud-foundry/react/pickers'

export interface Question extends SimModelDraft {
  readonly devices: readonly DeviceDraft[]
  readonly inputTokens: string
  readonly outputTokens: string
  readonly concurrency: string
  readonly timeToFirstTokenMs: string
  readonly timePerOutputTokenMs: string
}

export const emptyQuestion: Question = {
  source: 'known',
  modelId: 'meta-llama/Llama-3.1-8B-Instruct',
  configJson: '',
  devices: [{ hardwareId: 'h100-sxm', count: '4', usdPerHour: '2.99' }],
  inputTokens: '1024',
  outputTokens: '256',
  concurrency: '32',
  timeToFirstTokenMs: '500',
  timePerOutputTokenMs: '',
}

export type Answerable =
  | { readonly kind: 'ready'; readonly input: OptimizeInput }
  | { readonly kind: 'incomplete'; readonly field: string; readonly message: string }

/** The request, or the first field that keeps it from being sent. */
export function toOptimizeInput(question: Question): Answerable {
  const model = toModel(question)
  if ('message' in model) return model
  const counts = ['inputTokens', 'outputTokens', 'concurrency'] as const
  for (const field of counts) {
    if (!/^[1-9]\d*$/.test(question[field].trim())) return incomplete(field, 'Give a whole number of at least 1.')
  }
  for (const field of ['timeToFirstTokenMs', 'timePerOutputTokenMs'] as const) {
    if (question[field].trim() !== '' && !(Number(question[field]) > 0))
      return incomplete(field, 'Give milliseconds above 0, or leave it empty.')
  }
  const devices = toDevices(question.devices)
  if (!Array.isArray(devices)) return incomplete('devices', devices)
  const objective = {
    ...optional('timeToFirstTokenMs', question.timeToFirstTokenMs),
    ...optional('timePerOutputTokenMs', question.timePerOutputTokenMs),
  }
  return {
    kind: 'ready',
    input: {
      model: model.value,
      devices,
      workload: {
        inputTokens: Number(question.inputTokens),
        outputTokens: Number(question.outputTokens),
        concurrency: Number(question.concurrency),
      },
      ...(Object.keys(objective).length === 0 ? {} : { objective }),
    },
  }
}

function toModel({ source, modelId, configJson }: Question) {
  if (source === 'known') return modelId.trim() === '' ? incomplete('model', 'Name a model.') : { value: modelId.trim() }
  try {
    const value: unknown = JSON.parse(configJson)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not an object')
    // Safe: a non-null object that is no list has string keys.
    return { value: value as Readonly<Record<string, unknown>> }
  } catch {
    return incomplete('configJson', 'Paste the whole config.json of the model; this is not a JSON object.')
  }
}

function toDevices(rows: readonly DeviceDraft[]) {
  if (rows.length === 0) return 'Add at least one kind of device.'
  const bad = rows.find(({ hardwareId, count, usdPerHour }) => {
    return hardwareId.trim() === '' || !/^[1-9]\d*$/.test(count.trim()) || (usdPerHour.trim() !== '' && !(Number(usdPerHour) >= 0))
  })
  if (bad !== undefined) return 'Each row needs a device, a whole number of at least 1, and a price that is empty or a number.'
  return rows.map(({ hardwareId, count, usdPerHour }) => ({
    hardwareId: hardwareId.trim(),
    count: Number(count),
    ...optional('usdPerHour', usdPerHour),
  }))
}

function optional<Name extends string>(name: Name, text: string): Readonly<Partial<Record<Name, number>>> {
  // Safe: the only key is the one that was named.
  return (text.trim() === '' ? {} : { [name]: Number(text) }) as Readonly<Partial<Record<Name, number>>>
}

function incomplete(field: string, message: string): Answerable & { readonly kind: 'incomplete' } {
  return { kind: 'incomplete', field, message }
}
