/** Cuts a distribution down to what is shown: the bins from the first to the last that hold anything. */

export interface HeatmapBin {
  readonly from: number
  readonly to: number
}

export interface HeatmapGrid {
  readonly bins: readonly HeatmapBin[]
  readonly columns: readonly { readonly timeUnixMs: number; readonly requests: readonly number[] }[]
  /** Of one cell. */
  readonly peak: number
  readonly total: number
  readonly busiestBin: number
}

export function toGrid(
  bounds: readonly number[],
  rows: readonly { readonly timeUnixMs: number; readonly requests: readonly number[] }[],
): HeatmapGrid {
  const sums = Array.from({ length: bounds.length + 1 }, (_, bin) => rows.reduce((sum, { requests }) => sum + (requests[bin] ?? 0), 0))
  const first = sums.findIndex((sum) => sum > 0)
  const last = sums.findLastIndex((sum) => sum > 0)
  if (first < 0) return { bins: [], columns: [], peak: 0, total: 0, busiestBin: 0 }
  const shown = sums.slice(first, last + 1)
  const columns = rows.map(({ timeUnixMs, requests }) => ({ timeUnixMs, requests: requests.slice(first, last + 1) }))
  return {
    bins: shown.map((_, index) => {
      const from = bounds[first + index - 1] ?? 0
      return { from, to: bounds[first + index] ?? Math.max(from * Math.SQRT2, from + 1) }
    }),
    columns,
    peak: Math.max(...columns.flatMap(({ requests }) => requests)),
    total: shown.reduce((sum, count) => sum + count, 0),
    busiestBin: shown.indexOf(Math.max(...shown)),
  }
}

export interface HeatmapCell extends HeatmapBin {
  readonly timeUnixMs: number
  readonly requests: number
}

export function toCellAt({ bins, columns }: HeatmapGrid, column: number, bin: number): HeatmapCell {
  const { from = 0, to = 0 } = bins[bin] ?? {}
  return { from, to, timeUnixMs: columns[column]?.timeUnixMs ?? 0, requests: columns[column]?.requests[bin] ?? 0 }
}
