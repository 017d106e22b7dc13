/** The error catalogue of metrics. */
import { defineErrors, type ConfigIssue } from '@bud-foundry/core'

/** An event that no table can hold, and why. */
export interface InvalidEvent {
  readonly id: string
  readonly issues: readonly ConfigIssue[]
}

const listIssues = (issues: readonly ConfigIssue[]) =>
  issues.map(({ path, message, fix }) => `${path}: ${message}${fix === undefined ? '' : ` (${fix})`}`).join('; ')

/** Every error that this package throws, by name; codes are `METRICS_<NAME>`. */
export const metricsErrors = defineErrors('METRICS', {
  ENGINE_MISSING: {
    status: 500,
    retryable: false,
    message: ({ version }: { readonly version: string }) =>
      `the embedded ClickHouse engine is not installed; run \`npm install --no-save --no-package-lock chdb@${version}\`, or use an external ClickHouse with createServerClient`,
  },
  PLATFORM_UNSUPPORTED: {
    status: 500,
    retryable: false,
    message: ({ platform, arch }: { readonly platform: string; readonly arch: string }) =>
      `the embedded ClickHouse engine does not exist for ${platform}-${arch} (it exists for macOS and for Linux with glibc, x64 and arm64); use WSL or an external ClickHouse with createServerClient`,
  },
  ENGINE_BUSY: {
    status: 500,
    retryable: false,
    message: ({ directory, openDirectory }: { readonly directory: string; readonly openDirectory: string }) =>
      `the embedded ClickHouse engine opens one directory per process: '${openDirectory}' is open, so '${directory}' cannot be; close the first client, or use a second process`,
  },
  DIRECTORY_IN_USE: {
    status: 500,
    retryable: false,
    message: ({ directory, holder }: { readonly directory: string; readonly holder: string }) =>
      `the metrics directory '${directory}' is already in use by ${holder}; stop that process, or choose another directory`,
  },
  DIRECTORY_UNWRITABLE: {
    status: 500,
    retryable: false,
    message: ({ directory, reason }: { readonly directory: string; readonly reason: string }) =>
      `the metrics directory '${directory}' cannot be written (${reason}); give this user the right to write there, or choose another directory`,
  },
  DIRECTORY_UNREADABLE: {
    status: 500,
    retryable: false,
    message: ({ directory, reason }: { readonly directory: string; readonly reason: string }) =>
      `the embedded ClickHouse engine could not open '${directory}': ${reason}; it may be damaged or written by a newer engine, so restore a copy or choose another directory`,
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    scope: 'target',
    message: ({ what, reason }: { readonly what: string; readonly reason: string }) =>
      `ClickHouse did not answer while ${what}: ${reason}; check that it runs and is reachable`,
  },
  DATABASE_REFUSED: {
    status: 500,
    retryable: false,
    message: ({ what, code, reason }: { readonly what: string; readonly code: string; readonly reason: string }) =>
      `ClickHouse refused while ${what} (code ${code}): ${reason}`,
  },
  QUEUE_FULL: {
    status: 503,
    retryable: true,
    message: ({ limit }: { readonly limit: number }) => `${String(limit)} metrics queries are already waiting; ask again in a moment`,
  },
  CLIENT_CLOSED: {
    status: 503,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `${what} was asked of a metrics client that is closed`,
  },
  SCHEMA_NEWER: {
    status: 500,
    retryable: false,
    message: ({ found, known }: { readonly found: number; readonly known: number }) =>
      `the metrics database has schema version ${String(found)}, this release knows ${String(known)}; update @bud-foundry/metrics, or restore the copy from before the update`,
  },
  SCHEMA_OLDER: {
    status: 500,
    retryable: false,
    message: ({ found, known }: { readonly found: number; readonly known: number }) =>
      `the metrics database ${found === 0 ? 'has no tables yet' : `has schema version ${String(found)}, this release needs ${String(known)}`}; run \`bud-metrics migrate\` on it first`,
  },
  MIGRATION_CHANGED: {
    status: 500,
    retryable: false,
    message: ({
      version,
      name,
      applied,
      expected,
    }: {
      readonly version: number
      readonly name: string
      readonly applied: string
      readonly expected: string
    }) =>
      `migration ${String(version)} (${name}) was applied with checksum ${applied}, this release has ${expected}; applied migrations are never edited, so use the release that created this database`,
  },
  MIGRATION_GAP: {
    status: 500,
    retryable: false,
    message: ({ missing }: { readonly missing: number }) =>
      `the metrics database has no record of migration ${String(missing)} although a later one was applied; its table schema_migrations was edited, so restore it from a copy`,
  },
  MIGRATION_FAILED: {
    status: 500,
    retryable: false,
    message: ({ version, name, reason }: { readonly version: number; readonly name: string; readonly reason: string }) =>
      `migration ${String(version)} (${name}) failed: ${reason}; nothing after it was applied, and it starts over on the next run`,
  },
  EVENTS_INVALID: {
    status: 400,
    retryable: false,
    message: ({ events }: { readonly events: readonly InvalidEvent[] }) => {
      const [first] = events
      const more = events.length > 1 ? `, and ${String(events.length - 1)} more` : ''
      return `event '${first?.id ?? ''}' cannot be stored: ${listIssues(first?.issues ?? [])}${more}`
    },
  },
  CLUSTER_INVALID: {
    status: 400,
    retryable: false,
    message: ({ cluster }: { readonly cluster: string }) =>
      `'${cluster}' is no name of a cluster; use letters, digits and underscores, as in the server's remote_servers`,
  },
  IMPORT_INVALID: {
    status: 400,
    retryable: false,
    message: ({ line, text }: { readonly line: number; readonly text: string }) =>
      `line ${String(line)} of the import is no event: '${text}'; each line is a JSON object with id, kind and timeUnixMs`,
  },
  EXPOSITION_INVALID: {
    status: 400,
    retryable: false,
    message: ({ line, text }: { readonly line: number; readonly text: string }) =>
      `line ${String(line)} of the scraped page cannot be read: '${text}'; the target must answer in Prometheus' text format or OpenMetrics`,
  },
  SCRAPE_FAILED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ url, reason }: { readonly url: string; readonly reason: string }) => `'${url}' could not be scraped: ${reason}`,
  },
  OTLP_INVALID: {
    status: 400,
    retryable: false,
    message: ({ problem }: { readonly problem: string }) =>
      `the OTLP request cannot be read: ${problem}; send application/x-protobuf or application/json as OTLP/HTTP says`,
  },
  OTLP_REFUSED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ origin, reason }: { readonly origin: string; readonly reason: string }) =>
      `the OTLP receiver at ${origin} did not accept the metrics: ${reason}; check its address and that it takes application/json, then send the same window again`,
  },
  QUESTION_INVALID: {
    status: 400,
    retryable: false,
    message: ({ issues }: { readonly issues: readonly ConfigIssue[] }) => `the metrics question cannot be answered: ${listIssues(issues)}`,
  },
  OPERATOR_ONLY: {
    status: 403,
    retryable: false,
    message: ({ what }: { readonly what: string }) =>
      `${what} belong to no project, so only operators may ask; ask with an administrator's key`,
  },
  DATABASE_ABSENT: {
    status: 501,
    retryable: false,
    message: ({ what }: { readonly what: string }) =>
      `the reader in memory keeps requests alone and has no ${what}; use createMetrics with a database`,
  },
  ANSWER_TOO_LARGE: {
    status: 400,
    retryable: false,
    message: ({ what, limit }: { readonly what: string; readonly limit: number }) =>
      `the answer would need more than ${String(limit)} ${what}; ask for a shorter window or fewer groups`,
  },
  FORECAST_IMPOSSIBLE: {
    status: 422,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) =>
      `this series cannot be continued: ${reason}; ask for a longer window or a shorter interval`,
  },
  WEBHOOK_INVALID: {
    status: 400,
    retryable: false,
    message: ({ origin }: { readonly origin: string }) =>
      `the webhook's address (${origin}) must be https, or http on this machine; correct it`,
  },
  WEBHOOK_FAILED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ origin, reason }: { readonly origin: string; readonly reason: string }) =>
      `the webhook at ${origin} did not accept the notice: ${reason}; check that it answers with a status from 200 to 299`,
  },
  UNAUTHORIZED: {
    status: 401,
    retryable: false,
    message: () => 'reading metrics needs a session or an API key; send one and ask again',
  },
  REQUEST_UNKNOWN: {
    status: 404,
    retryable: false,
    message: ({ id }: { readonly id: string }) => `no request '${id}' is stored, or it belongs to another project`,
  },
  PAYLOAD_UNKNOWN: {
    status: 404,
    retryable: false,
    message: ({ id }: { readonly id: string }) =>
      `nothing was captured of the request '${id}', it has expired, or it belongs to another project; payloads are captured where the gateway's configuration says so`,
  },
  OPERATION_REFUSED: {
    status: 403,
    retryable: false,
    message: () => `only operators may change what is stored; ask with an administrator's key`,
  },
  ROUTE_UNKNOWN: {
    status: 404,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `metrics has nothing at '${path}'; its OpenAPI document at /openapi.json lists what there is`,
  },
  METHOD_UNSUPPORTED: {
    status: 405,
    retryable: false,
    message: ({ method, allowed }: { readonly method: string; readonly allowed: string }) =>
      `this is asked with ${allowed}, not with ${method}`,
  },
})
