/** Versions of engines as numbers. */

/** "0.18.0" is 18, "1.2.0rc2" 102; NaN when it is not known, which trees treat as missing. */
export function engineVersionNumber(version: string | undefined): number {
  const match = /^v?(\d+)\.(\d+)/.exec(version ?? '')
  return match === null ? Number.NaN : Number(match[1]) * 100 + Number(match[2])
}
