/** Secrets that a plan carries in plain text: found by name and by shape, and hidden from everything that is made of the plan. */
import type { DeploymentPlan, Finding } from '@bud-foundry/core'

/** Names of environment variables whose value is a secret; not `TOKENIZERS_PARALLELISM`, and not `MAX_TOKENS`. */
export const secretName = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASS|PASSPHRASE|CREDENTIALS?|\w*KEY)$/i

/** `--api-key`, `--hf-token`; not `--tokenizer`, and not `--eos-token`, which names a word of the model. */
const secretFlag = /^--?(?:[\w-]*[-_])?(?:api[-_]?key|(?:hf|auth|access|api|bearer)[-_]token|secret|password|credentials?)$|^--token$/i

/** What keys of well-known issuers look like, and addresses that carry a password. */
const secretShape =
  /\b(?:hf_|gsk_|nvapi-|gh[opsur]_|github_pat_|glpat-)[A-Za-z0-9_.-]{8,}|\bsk-[A-Za-z0-9][A-Za-z0-9_-]{15,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|:\/\/[^\s/@:]*:[^\s/@]+@/

/** Whether a text, or an item with one, has the shape of a key. */
export const looksSecret = (value: unknown): boolean =>
  typeof value === 'string'
    ? secretShape.test(value)
    : typeof value === 'object' && value !== null && secretShape.test(JSON.stringify(value))

/** What stands where a secret stood. */
export const hidden = '[secret]'

const isHidden = (value: string) => value === '' || value === hidden

/** Indexes of arguments that are, or carry, a secret. */
function secretArguments(args: readonly string[]): ReadonlySet<number> {
  const found = args.flatMap((argument, index) => {
    const [flag = '', ...value] = argument.split('=')
    if (secretShape.test(argument) || (secretFlag.test(flag) && !isHidden(value.join('=')))) return [index]
    const next = args[index + 1]
    return secretFlag.test(argument) && next !== undefined && !next.startsWith('-') && !isHidden(next) ? [index + 1] : []
  })
  return new Set(found)
}

const isSecretVariable = ([name, value]: readonly [string, string]) =>
  !isHidden(value) && (secretName.test(name) || secretShape.test(value))

const hideArgument = (argument: string) => (argument.startsWith('-') ? `${argument.split('=')[0] ?? ''}=${hidden}` : hidden)

/** The plan without its secrets, and a blocker for each: what was hidden cannot be applied. */
export function hideSecrets(plan: DeploymentPlan): { readonly plan: DeploymentPlan; readonly findings: readonly Finding[] } {
  const { env, args } = plan.launch
  const variables = Object.entries(env).filter(isSecretVariable)
  const indexes = secretArguments(args)
  if (variables.length === 0 && indexes.size === 0) return { plan, findings: [] }
  const names = new Set(variables.map(([name]) => name))
  const findings: Finding[] = [
    ...[...names].map((name): Finding => ({
      severity: 'blocker',
      field: `launch.env.${name}`,
      message: `${name} looks like a secret in plain text; keep it in a Secret of the cluster and refer to it (huggingFaceToken)`,
    })),
    ...[...indexes].map((index): Finding => ({
      severity: 'blocker',
      field: `launch.args[${String(index)}]`,
      message: `argument ${String(index)} of the engine looks like a secret in plain text, which anybody who may see the pod reads; let the gateway ask for keys, and the network policy keep others out`,
    })),
  ]
  const launch = {
    ...plan.launch,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, names.has(name) ? hidden : value])),
    args: args.map((argument, index) => (indexes.has(index) ? hideArgument(argument) : argument)),
  }
  return { plan: { ...plan, launch }, findings }
}
