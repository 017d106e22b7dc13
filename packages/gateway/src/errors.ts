/** The error catalogue of the gateway; a code without its prefix, in lower case, is the `code` that OpenAI callers see. */
import { defineErrors, type ConfigIssue } from '@bud-foundry/core'

interface LimitDetails {
  readonly limit: string
  readonly kind: 'requests' | 'tokens' | 'concurrency' | 'spend'
  readonly allowed: number
  readonly requested: number
  readonly waitSeconds: number
}

export const gatewayErrors = defineErrors('GATEWAY', {
  // the caller's doing
  INVALID_API_KEY: {
    status: 401,
    retryable: false,
    message: ({ reason }: { readonly reason: 'missing' | 'unknown' | 'revoked' | 'expired' | 'disabled' }) =>
      reason === 'missing'
        ? "You didn't provide an API key. Send it in an Authorization header: 'Authorization: Bearer YOUR_KEY'."
        : `The API key is ${reason}. Use a valid key, or ask the operator of this gateway for a new one.`,
  },
  INSUFFICIENT_SCOPE: {
    status: 403,
    retryable: false,
    message: ({ scope }: { readonly scope: string }) => `This API key lacks the scope '${scope}'. Use a key that was created with it.`,
  },
  MODEL_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: ({ model }: { readonly model: string }) =>
      `The model '${model}' does not exist or this key has no access to it. GET /v1/models lists the models that are available.`,
  },
  UNKNOWN_URL: {
    status: 404,
    retryable: false,
    message: ({ method, path }: { readonly method: string; readonly path: string }) =>
      `Unknown request URL: ${method} ${path}. Check the path for a typing error.`,
  },
  RESPONSES_NOT_SERVED: {
    status: 404,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `${path} belongs to the Responses API, which this gateway does not serve. Use /v1/chat/completions: in the AI SDK, for instance, openai.chat('model') in place of openai('model').`,
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retryable: false,
    message: ({ method, path, allowed }: { readonly method: string; readonly path: string; readonly allowed: string }) =>
      `${path} does not accept ${method}. Use ${allowed}.`,
  },
  INVALID_JSON: {
    status: 400,
    retryable: false,
    message: ({ problem }: { readonly problem: string }) =>
      `We could not parse the JSON body of your request: ${problem}. Send a JSON object encoded as UTF-8.`,
  },
  INVALID_BODY: {
    status: 400,
    retryable: false,
    message: ({ field, problem }: { readonly field: string; readonly problem: string }) => `Invalid value for '${field}': ${problem}.`,
  },
  UNSUPPORTED_ENCODING: {
    status: 415,
    retryable: false,
    message: ({ encoding }: { readonly encoding: string }) =>
      `Content-Encoding '${encoding}' is not supported. Send the body uncompressed.`,
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: ({ limitBytes }: { readonly limitBytes: number }) =>
      `The request body is larger than ${String(limitBytes)} bytes, which is the limit of this gateway. Send less, or raise limits.bodyBytes.`,
  },
  CLIENT_CLOSED_REQUEST: {
    status: 499,
    retryable: false,
    message: () => 'The caller closed the connection before the answer was complete.',
  },
  UNSUPPORTED_OPERATION: {
    status: 400,
    retryable: false,
    message: ({ model, operation }: { readonly model: string; readonly operation: string }) =>
      `The model '${model}' does not support the operation '${operation}'. Use another model for this endpoint.`,
  },
  GUARDRAIL_BLOCKED: {
    status: 400,
    retryable: false,
    message: ({ rail, side }: { readonly rail: string; readonly side: 'input' | 'output' }) =>
      side === 'input'
        ? `The guardrail '${rail}' does not allow what this request says. Change the request, or ask the operator of this gateway.`
        : `The guardrail '${rail}' does not allow what the model answered. Ask for something else, or ask the operator of this gateway.`,
    template: "The guardrail '<rail>' does not allow what this request says, or what the model answered. …",
  },
  HOOK_REFUSED: {
    status: 403,
    retryable: false,
    message: ({ message }: { readonly message: string }) => message,
  },

  RATE_LIMIT_EXCEEDED: {
    status: 429,
    retryable: true,
    message: ({ limit, kind, allowed, requested, waitSeconds }: LimitDetails) =>
      `Rate limit '${limit}' reached: ${String(allowed)} ${kind === 'concurrency' ? 'requests at a time' : kind}, and this request asked for ${String(requested)}. Try again in ${String(waitSeconds)}s.`,
  },
  INSUFFICIENT_QUOTA: {
    status: 429,
    retryable: true,
    message: ({ limit, allowed, requested, waitSeconds }: LimitDetails) =>
      `Spend limit '${limit}' of $${String(allowed)} reached: this request may cost $${String(requested)}. Try again in ${String(waitSeconds)}s, or ask the operator of this gateway for more.`,
  },
  MODEL_NOT_PRICED: {
    status: 403,
    retryable: false,
    message: ({ model, targetId, limit }: { readonly model: string; readonly targetId: string; readonly limit: string }) =>
      `The model '${model}' may be answered by '${targetId}', which has no price, and the spend limit '${limit}' counts what calls cost. Ask the operator of this gateway to set one.`,
  },
  REQUEST_OVER_LIMIT: {
    status: 429,
    retryable: false,
    message: ({ limit, kind, allowed, requested }: LimitDetails) =>
      `Request too large for the limit '${limit}': ${kind === 'spend' ? '$' : ''}${String(allowed)}${kind === 'spend' ? '' : ` ${kind}`}, and this request asked for ${String(requested)}. Ask for less, with a smaller max_tokens for instance.`,
  },
  LIMITS_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: () => 'The store of this gateway does not answer, so limits cannot be checked. Retry shortly.',
  },

  // the gateway's state
  HOOK_FAILED: {
    status: 500,
    retryable: false,
    message: ({ hook }: { readonly hook: string }) =>
      `The hook '${hook}' of this gateway failed, so the call was ended. The operator finds the reason in the log.`,
  },
  HOOKS_UNREADABLE: {
    status: 400,
    retryable: false,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) =>
      `the hooks of ${path} cannot be used: ${reason}; export defineHooks({ … }) as default, or by the name 'hooks'`,
  },
  GUARDRAIL_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: ({ rail }: { readonly rail: string }) => `The service behind the guardrail '${rail}' gave no judgement. Retry shortly.`,
  },
  SHUTTING_DOWN: {
    status: 503,
    retryable: true,
    message: () => 'The gateway is shutting down. Retry your request.',
  },
  NOT_READY: {
    status: 503,
    retryable: true,
    message: ({ reason }: { readonly reason: string }) => `The gateway is not ready: ${reason}. Retry shortly.`,
  },
  NO_HEALTHY_TARGET: {
    status: 503,
    retryable: true,
    scope: 'target',
    message: ({ model, reasons }: { readonly model: string; readonly reasons: string }) =>
      `No upstream of the model '${model}' is healthy at the moment (${reasons}). Retry shortly, or use another model.`,
  },
  INTERNAL: {
    status: 500,
    retryable: false,
    message: () => 'The gateway had an internal error. It was logged; retrying may help.',
  },

  // the upstream's doing
  UPSTREAM_UNREACHABLE: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ targetId, cause }: { readonly targetId: string; readonly cause: string }) =>
      `The upstream '${targetId}' could not be reached (${cause}).`,
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    retryable: true,
    scope: 'target',
    message: ({ targetId, phase, afterMs }: { readonly targetId: string; readonly phase: string; readonly afterMs: number }) =>
      `The upstream '${targetId}' exceeded its ${phase} timeout of ${String(afterMs)} ms.`,
  },
  REQUEST_TIMEOUT: {
    status: 504,
    retryable: false,
    message: ({ afterMs }: { readonly afterMs: number }) =>
      `The request was not answered within its total timeout of ${String(afterMs)} ms. Ask for less, or raise timeouts.totalMs.`,
  },
  UPSTREAM_CREDENTIALS_EXHAUSTED: {
    status: 502,
    retryable: false,
    scope: 'credential',
    message: ({ model }: { readonly model: string }) =>
      `Every upstream credential of the model '${model}' was refused. The operator of this gateway must replace them.`,
  },
  UPSTREAM_INVALID_ANSWER: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ targetId, problem }: { readonly targetId: string; readonly problem: string }) =>
      `The upstream '${targetId}' gave an answer that is not valid: ${problem}.`,
  },
  STREAM_INTERRUPTED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ targetId, problem }: { readonly targetId: string; readonly problem: string }) =>
      `The stream of the upstream '${targetId}' broke off: ${problem}. The answer above is incomplete.`,
  },
  ANSWER_TOO_LARGE: {
    status: 502,
    retryable: false,
    message: ({ limitBytes }: { readonly limitBytes: number }) =>
      `The upstream's answer is larger than ${String(limitBytes)} bytes. Ask for less, stream it, or raise limits.answerBytes.`,
  },

  // set-up
  UNKNOWN_PROVIDER: {
    status: 400,
    retryable: false,
    message: ({ path, provider, known }: { readonly path: string; readonly provider: string; readonly known: string }) =>
      `gateway config: ${path}: the provider '${provider}' is unknown; use one of ${known}, or pass it in parts.providers`,
  },
  UNKNOWN_POLICY: {
    status: 400,
    retryable: false,
    message: ({ path, policy, known }: { readonly path: string; readonly policy: string; readonly known: string }) =>
      `gateway config: ${path}: the policy '${policy}' is unknown; use one of ${known}, or pass it in parts.policies`,
  },
  UNKNOWN_FALLBACK: {
    status: 400,
    retryable: false,
    message: ({ path, model }: { readonly path: string; readonly model: string }) =>
      `gateway config: ${path}: the model '${model}' is not configured; add it to models or remove it here`,
  },
  GUARDRAIL_INVALID: {
    status: 400,
    retryable: false,
    message: ({ path, problem }: { readonly path: string; readonly problem: string }) => `gateway config: ${path}: ${problem}`,
  },
  NO_SECRET_STORE: {
    status: 400,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `gateway config: ${path}: a credential reference needs parts.secrets; pass a SecretStore, or the credential itself`,
  },
  NESTED_VARIANTS: {
    status: 400,
    retryable: false,
    message: ({ path, model }: { readonly path: string; readonly model: string }) =>
      `gateway config: ${path}: the model '${model}' has variants itself; name a model with targets`,
  },
  NO_TARGETS: {
    status: 400,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `gateway config: ${path}: the model has neither targets nor variants; add one of them`,
  },
  DUPLICATE_TARGET: {
    status: 400,
    retryable: false,
    message: ({ path, id }: { readonly path: string; readonly id: string }) =>
      `gateway config: ${path}: the target id '${id}' is used twice; give each target its own`,
  },
  NO_BASE_URL: {
    status: 400,
    retryable: false,
    message: ({ path, provider }: { readonly path: string; readonly provider: string }) =>
      `gateway config: ${path}: the provider '${provider}' has no default address; write the base URL, e.g. http://127.0.0.1:8000/v1`,
  },
  NO_KEYS: {
    status: 400,
    retryable: false,
    message: () =>
      "gateway config: auth.kind is 'keys', but there is nowhere to keep keys; pass parts.store or parts.keys, or set auth.kind to 'none' for a gateway that nobody else can reach",
  },
  PRICE_NOT_EXACT: {
    status: 400,
    retryable: false,
    message: ({ multiplier }: { readonly multiplier: number }) =>
      `the price multiplier ${String(multiplier)} makes a price with more than 6 decimals per million tokens; write the rates themselves, rounded`,
  },
  ADMIN_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: ({ what, id }: { readonly what: string; readonly id: string }) =>
      `there is no ${what} '${id}'; list them to see which there are`,
  },
  ADMIN_UNAVAILABLE: {
    status: 404,
    retryable: false,
    message: ({ operation }: { readonly operation: string }) =>
      `the operation '${operation}' does not exist here; it may be misspelt, or the part that it works on was not passed to createAdmin`,
  },
  SECRET_UNKNOWN: {
    status: 400,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `${path}: '[secret]' keeps the secret that is there, and there is none; write the secret, or a reference to it`,
  },
  ADMIN_SECTION_ABSENT: {
    status: 409,
    retryable: false,
    message: ({ section }: { readonly section: string }) =>
      `the configuration in force has no section '${section}'; add one, an empty object is enough, and try again`,
  },
  SPEND_ROWS_FULL: {
    status: 503,
    retryable: false,
    message: ({ rows }: { readonly rows: number }) =>
      `spend of further keys, users and models is not explained today: one process keeps ${String(rows)} rows; the events in the sink have each request`,
  },
  CONFIG_IN_FILE: {
    status: 409,
    retryable: false,
    message: ({ path }: { readonly path: string }) =>
      `the configuration of this gateway comes from ${path}, which its next reload would put in force again; change it there (it is watched, and read on SIGHUP), and check it before with POST /config/check`,
  },
  BUDGET_NOT_STOPPABLE: {
    status: 400,
    retryable: false,
    message: ({ budget, subject }: { readonly budget: string; readonly subject: string }) =>
      `the budget '${budget}' for ${subject} cannot stop calls: only budgets of keys, projects and users can, where their administration is passed in parts.admin; leave stop out, or write a spend rule into the limits of the configuration`,
  },
  BUDGET_SUBJECT_UNKNOWN: {
    status: 404,
    retryable: false,
    message: ({ budget, subject }: { readonly budget: string; readonly subject: string }) =>
      `the budget '${budget}' is for the ${subject}, which does not exist; create it first`,
  },
  BUDGET_LIMIT: {
    status: 400,
    retryable: false,
    message: ({ name }: { readonly name: string }) =>
      `the limit '${name}' has a name that only the stops of budgets have; change the budget instead, or use a name that does not begin with budget-`,
  },
  BUDGET_STOPS: {
    status: 409,
    retryable: false,
    message: ({ what, id, name }: { readonly what: string; readonly id: string; readonly name: string }) =>
      `the ${what} '${id}' has a limit that is the stop of a budget ('${name}'), which would go with it; delete that budget, or take its stop away, first`,
  },
  NO_WEBHOOKS: {
    status: 400,
    retryable: false,
    message: () =>
      'alerts cannot be posted here: pass a fetcher (createSafeFetcher of @bud-foundry/gateway/ssrf), and secrets for the credential that signs them',
  },
  CALL_FAILED: {
    status: 502,
    retryable: false,
    message: ({ status, body }: { readonly status: number; readonly body: string }) =>
      `the gateway answered ${String(status)}: ${body.slice(0, 500)}`,
  },
  CLOSED: {
    status: 503,
    retryable: false,
    message: () => 'the gateway is closed; create a new one',
  },
  KEY_LIMIT: {
    status: 507,
    retryable: false,
    message: ({ what, limit }: { readonly what: string; readonly limit: number }) =>
      `there are already ${String(limit)} ${what}; delete unused ones first`,
  },
  KEY_RECORD_INVALID: {
    status: 500,
    retryable: false,
    message: ({ what, key }: { readonly what: string; readonly key: string }) =>
      `the stored ${what} record '${key}' cannot be read; delete it or restore a backup`,
  },
  KEY_REVOKED: {
    status: 409,
    retryable: false,
    message: ({ id }: { readonly id: string }) => `the key '${id}' is revoked, and stays so; create a new one`,
  },
  REVOCATION_PENDING: {
    status: 503,
    retryable: true,
    message: ({ id, problem, isNoted }: { readonly id: string; readonly problem: string; readonly isNoted: boolean }) =>
      `the key '${id}' is refused here from now on, and elsewhere once the store can be told, which is tried until it can${isNoted ? ', after a restart too' : '; revoke it again should this process end before'} (${problem})`,
  },
  AUDIT_NOT_STORED: {
    status: 500,
    retryable: false,
    message: ({ events }: { readonly events: number }) =>
      `what was asked for is done, but the store did not take its audit event (${String(events)}): write down who changed what, and check the store`,
  },
  ALREADY_EXISTS: {
    status: 409,
    retryable: false,
    message: ({ what, id }: { readonly what: string; readonly id: string }) =>
      `the ${what} '${id}' exists already; change that one, or use another id`,
  },
  CREDENTIAL_NAME_INVALID: {
    status: 400,
    retryable: false,
    message: ({ name }: { readonly name: string }) => `'${name}' cannot name a credential; use 1 to 128 letters, digits, '.', '_' or '-'`,
  },
  NO_CREDENTIAL_VAULT: {
    status: 400,
    retryable: false,
    message: () => 'there is nowhere to keep credentials; pass a vault made by createCredentialVault',
  },

  // the listener and the command
  CLIENT_CA_MISSING: {
    status: 400,
    retryable: false,
    message: () =>
      'client certificates are requested, but nothing says whose: any public authority would do; give the authorities of your callers in tls.ca',
  },
  LISTENER_WITHOUT_TLS: {
    status: 400,
    retryable: false,
    message: () => 'the listener speaks plain HTTP, so it has no certificates to replace; start it with tls',
  },
  CONFIG_FILE_INVALID: {
    status: 400,
    retryable: false,
    message: ({ path, problems }: { readonly path: string; readonly problems: readonly ConfigIssue[] }) =>
      `${path} has ${String(problems.length)} problem${problems.length === 1 ? '' : 's'}:\n${problems
        .map((problem) => `  ${problem.path}: ${problem.message}${problem.fix === undefined ? '' : ` (${problem.fix})`}`)
        .join('\n')}`,
    template: '<path> has <n> problems: …, each with its place and what to write instead',
  },
  CONFIG_FILE_UNREADABLE: {
    status: 400,
    retryable: false,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) => `the config file ${path} cannot be read: ${reason}`,
  },
  WORKER_REFUSED: {
    status: 500,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) => `a worker refused the configuration: ${reason}`,
  },
  WORKER_FAILED: {
    status: 500,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) => `the workers did not start: ${reason}`,
  },
  OPTION_INVALID: {
    status: 400,
    retryable: false,
    message: ({ option, problem }: { readonly option: string; readonly problem: string }) => `${option} ${problem}`,
  },
})
