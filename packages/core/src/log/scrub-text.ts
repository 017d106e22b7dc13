/** Hides what looks like a credential inside text: known key shapes, authorization values, URLs with user info or key parameters. */
import { coreLimits } from '../limits.ts'

/** What stands where a credential stood. */
export const redacted = '[redacted]'

// Each repetition is bounded or cannot overlap itself, so that no text makes a search take quadratic time.
const keyShapes: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
  // OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse: sk-…, pk-…
  /\b(?:sk|pk|rk)[-_][A-Za-z0-9][A-Za-z0-9_-]{7,}/g,
  /\bbud_[A-Za-z0-9_-]{6,}/g,
  // Groq, Hugging Face, Replicate, xAI, NVIDIA, GitHub, GitLab, Slack, Google OAuth, npm, Perplexity, Tavily
  /\b(?:gsk_|hf_|r8_|xai-|nvapi-|gh[opsur]_|github_pat_|glpat-|xox[abeprs]-|ya29\.|npm_|pplx-|tvly-)[A-Za-z0-9_.-]{8,}/g,
  // AWS access key ids and Google API keys have a fixed length.
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  // JSON web tokens
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{2,4096}(?:\.[A-Za-z0-9_-]{0,2048})?/g,
]

const authorization = /\b(bearer|basic|digest|negotiate)(\s+|%20)[A-Za-z0-9._~+/=%:-]{4,}/gi
const userInfo = /(:\/\/)[^\s/@?#"'<>]{1,2048}@/g
const parameter =
  /([?&;]|\b)((?:x-)?(?:api|access|auth|secret|private|client)[-_]?(?:key|token|secret)|(?:access|refresh|id|session|auth)[-_]?token|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|authorization|password|passwd|passphrase|secret|signature|sig|token)(["']?\s{0,4}[=:]\s{0,4}["']?)(?!\[)[^\s&;"',#}]{1,4096}/gi
// Too short a name to hide anywhere but in a query.
const keyParameter = /([?&]key=)[^\s&"'#]{1,4096}/gi

function cut(text: string): string {
  const { logTextCharsMax } = coreLimits
  return text.length <= logTextCharsMax
    ? text
    : `${text.slice(0, logTextCharsMax)}… (${String(text.length - logTextCharsMax)} more characters)`
}

/** The text with every credential that it shows replaced, cut to `coreLimits.logTextCharsMax`. */
export function scrubText(text: string, patterns: readonly RegExp[]): string {
  let scrubbed = cut(text)
  for (const shape of keyShapes) scrubbed = scrubbed.replace(shape, redacted)
  for (const pattern of patterns) scrubbed = scrubbed.replace(pattern, redacted)
  return scrubbed
    .replace(authorization, `$1 ${redacted}`)
    .replace(userInfo, `$1${redacted}@`)
    .replace(parameter, `$1$2$3${redacted}`)
    .replace(keyParameter, `$1${redacted}`)
}
