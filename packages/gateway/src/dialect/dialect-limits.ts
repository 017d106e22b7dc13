/** Every bound of the dialects. */

/** Deepest nesting of a JSON body; JSON.parse itself has no limit, and deeper bodies are attacks. */
export const jsonDepthMax = 512
/** So many bytes of a string are checked one by one before the next quote is searched for natively. */
export const jsonStringCheckedBytes = 32
/** How much of an upstream's error body is read and kept. */
export const errorBodyReadBytes = 64 * 1024
/** How much of an upstream's error text is repeated to the caller. */
export const errorMessageMaxChars = 2_000
