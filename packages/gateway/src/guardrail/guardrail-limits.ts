/** Bounds of guardrails. */

/** Rails of one configuration. */
export const railCount = 200
/** Keywords of one rail. */
export const keywordCount = 5_000
/** UTF-16 characters of one keyword. */
export const keywordLength = 500
/** UTF-16 characters that one match may have: so much of a stream may be held back. */
export const matchLength = 4_096
/** Text of one channel that is held back for a judgement of the whole (a JSON schema); a longer answer is blocked. */
export const heldCharacters = 4 * 1024 * 1024
/** Answer of a guardrail service. */
export const judgementBytes = 256 * 1024
/** Text that one judgement is asked about; what is longer is judged in pieces. */
export const judgedCharacters = 100_000
/** Depth of JSON that is looked through for text. */
export const textDepth = 64
/** Candidates in one request that are looked up as telephone numbers, which takes some 50 µs each; beyond it whatever looks like one counts as one. */
export const phoneCandidates = 1_000
/** Characters of one body that one rail searches again because a match was longer than its `maxLength`, some 60 ms; beyond it whatever begins like one counts as one. */
export const searchedAgain = 4_000_000
/** UTF-16 characters of a long text that rails look at in one go: well below a millisecond of most texts, a few of the worst. */
export const sliceCharacters = 2_048
/** Characters that a short text counts for beside its own: to begin one takes a while too. */
export const textCharacters = 64
/** Texts of a stream that have ended and are remembered, should an upstream go on with one. */
export const endedTexts = 256
/** Time that rails hold the event loop, for all calls together, before everything else gets its turn. */
export const turnMs = 8
