/** Takes secrets and personal data out of captured bodies. */
import type { CaptureConfig } from '../config.ts'
import { linearReplace } from '../pattern/linear-pattern.ts'

const replacement = '[redacted]'

/** Every run is bounded or starts at a mark of its own, so that megabytes of base64 cost one pass. */
const builtIn: Readonly<Record<'keys' | 'emails', readonly RegExp[]>> = {
  keys: [
    /\b(?:sk|pk|rk|gsk|xai|bud|hf|r8|key|api)[-_][A-Za-z0-9_-]{12,}/g,
    /\b(?:gh[opsur]|github_pat|glpat|xox[abeprs]|npm|pypi)[-_][A-Za-z0-9_-]{10,}/g,
    /\b(?:AKIA|ASIA)[0-9A-Z]{16}/g,
    /\bAIza[A-Za-z0-9_-]{30,}/g,
    /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
    /\bBearer\s{1,4}[A-Za-z0-9._~+/=-]{12,}/gi,
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  ],
  emails: [/(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g],
}

export type Redact = (text: string) => string

/** One function of all patterns of a configuration. */
export function compileRedaction(rules: CaptureConfig['redact']): Redact {
  const steps = rules.flatMap((rule): readonly Redact[] => {
    if (typeof rule === 'string') return builtIn[rule].map((pattern) => (text) => text.replace(pattern, replacement))
    return [linearReplace(rule.pattern, rule.flags, replacement)]
  })
  return (text) => steps.reduce((result, step) => step(result), text)
}

/** The JSON with every string redacted as it reads, whatever its escapes look like. Throws on what is no JSON. */
export function redactJson(json: string, redact: Redact): string {
  const value: unknown = JSON.parse(json, (_key, field: unknown) => {
    if (typeof field === 'string') return redact(field)
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).map(([name, inner]) => [redact(name), inner as unknown]))
  })
  return JSON.stringify(value)
}
