/** The error catalogue of sim. */
import { defineErrors, type ConfigIssue } from '@bud-foundry/core'

const listIssues = (issues: readonly ConfigIssue[]) =>
  issues.map(({ path, message, fix }) => `  ${path}: ${message}${fix === undefined ? '' : ` (${fix})`}`).join('\n')
const near = (names: readonly string[]) => (names.length === 0 ? '' : `; did you mean ${names.map((name) => `'${name}'`).join(', ')}?`)

/** What can go wrong in sim, with HTTP status and whether trying again helps. */
export const simErrors = defineErrors('SIM', {
  HARDWARE_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ hardwareId, known }: { readonly hardwareId: string; readonly known: readonly string[] }) =>
      `hardware '${hardwareId}' is not known; use one of ${known.join(', ')}`,
  },
  MODEL_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ model, similar }: { readonly model: string; readonly similar: readonly string[] }) =>
      `model '${model}' is not in the built-in table${near(similar)}; pass its config.json instead, or list the table with 'bud-sim models'`,
  },
  MODEL_CANNOT_GENERATE: {
    status: 422,
    retryable: false,
    message: ({ model, architecture }: { readonly model: string; readonly architecture: string }) =>
      `model '${model}' (${architecture}) is of kind 'encoder' and cannot generate text; serve it with an engine for embeddings, which is not planned here yet`,
  },
  ENGINE_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ engine, known }: { readonly engine: string; readonly known: readonly string[] }) =>
      `engine '${engine}' is not known; use one of ${known.join(', ')}`,
  },
  REQUEST_INVALID: {
    status: 400,
    retryable: false,
    message: ({ what, issues }: { readonly what: string; readonly issues: readonly ConfigIssue[] }) =>
      `${what} ${/[^s]s$/.test(what) ? 'have' : 'has'} ${String(issues.length)} problem${issues.length === 1 ? '' : 's'}:\n${listIssues(issues)}`,
  },
  MODEL_DOES_NOT_FIT: {
    status: 422,
    retryable: false,
    message: ({
      model,
      reason,
      suggestions,
    }: {
      readonly model: string
      readonly reason: string
      readonly suggestions: readonly string[]
    }) =>
      `model '${model}' does not fit the devices given: ${reason}. It would fit on ${suggestions.length === 0 ? 'no hardware known here' : suggestions.join('; or ')}`,
  },
  NOTHING_RUNS: {
    status: 422,
    retryable: false,
    message: ({ model, reasons }: { readonly model: string; readonly reasons: readonly string[] }) =>
      `no engine can serve model '${model}' on the devices given:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  },
  PREDICTION_UNSUPPORTED: {
    status: 422,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) => `this cannot be predicted: ${reason}`,
  },
  TREE_MODEL_INVALID: {
    status: 400,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) =>
      `the tree model cannot be used: ${reason}; save it with XGBoost's save_model as .json or .ubj`,
  },
  TRAINING_FAILED: {
    status: 422,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) => `the correction cannot be trained: ${reason}`,
  },
  FILE_UNWRITABLE: {
    status: 500,
    retryable: false,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) =>
      `cannot write ${path} (${reason}); choose another place, or make room`,
  },
  BODY_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: ({ maxBytes }: { readonly maxBytes: number }) => `the request body is larger than ${String(maxBytes)} bytes; send less`,
  },
  WORKER_FAILED: {
    status: 500,
    retryable: true,
    message: ({ reason }: { readonly reason: string }) => `the optimizer's thread ended: ${reason}; the next call starts another one`,
  },
  WORKER_BUSY: {
    status: 503,
    retryable: true,
    message: ({ calls }: { readonly calls: number }) =>
      `the optimizer's thread works on ${String(calls)} calls already; wait for one to end, or use another worker`,
  },
  WORKER_CLOSED: {
    status: 503,
    retryable: false,
    message: () => 'the optimizer worker is closed; create another one',
  },
  PORT_UNAVAILABLE: {
    status: 500,
    retryable: false,
    message: ({ host, port, reason }: { readonly host: string; readonly port: number; readonly reason: string }) =>
      `cannot listen on ${host}:${String(port)} (${reason}); choose another port, or 0 for any free one`,
  },
  TWIN_CLOSED: {
    status: 503,
    retryable: true,
    scope: 'target',
    message: () => 'the simulated engine is shutting down; send the request to another one',
  },
})
