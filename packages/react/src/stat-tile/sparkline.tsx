/** A small line without axes; its meaning is said in the text beside it. */
import { toAreaPath, toLinePath, toRange } from '../geometry/line-path.ts'

export interface SparklineProps {
  readonly values: readonly (number | null)[]
  readonly tone?: 'accent' | 'neutral' | 'danger'
}

const box = { width: 100, height: 24 }

export function Sparkline({ values, tone = 'accent' }: SparklineProps) {
  const measured = toRange(values)
  const isFlat = measured === undefined || measured.high === 0
  // From zero, so that noise does not look like drama; all zero lies on the ground.
  const range = { low: Math.min(measured?.low ?? 0, 0), high: isFlat ? 1 : measured.high }
  return (
    <svg className="bud-sparkline" data-tone={tone} viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <path className="bud-sparkline-area" d={toAreaPath(values, range, box)} />
      <path className="bud-sparkline-line" d={toLinePath(values, range, box)} vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
