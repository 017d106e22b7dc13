/// <reference lib="dom" />
/** What a page of the kit does while it is used: a dashboard that is updated ten times a second, and sliders that are moved. */
import { BudProvider, BudRoot, createBudClient } from '@bud-foundry/react'
import { Sensitivity } from '@bud-foundry/react/sensitivity'
import { StatTile } from '@bud-foundry/react/stat-tile'
import { TimeSeriesChart } from '@bud-foundry/react/time-series'
import { useEffect, useMemo, useState } from 'react'
import { createRoot } from 'react-dom/client'

const updateMs = 100
/** Ten minutes of seconds. */
const points = 600
const charts = 6

export interface LiveResult {
  readonly updates: number
  readonly frames: number
  /** Frames that came so late that one or more before it were dropped. */
  readonly lateFrames: number
}

function valuesAt(tick: number, chart: number): readonly number[] {
  return Array.from({ length: points }, (_, index) => 50 + 30 * Math.sin((index + tick) / (20 + chart)) + (((index + tick) * 7919) % 17))
}

/** A window that moves on by a point with every tick. */
function Dashboard({ onTick }: { readonly onTick: () => void }) {
  const [tick, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((at) => at + 1), updateMs)
    return () => {
      clearInterval(timer)
    }
  }, [])
  useEffect(onTick, [tick, onTick])
  const times = useMemo(() => Array.from({ length: points }, (_, index) => 1_700_000_000_000 + (index + tick) * 1_000), [tick])
  return (
    <>
      <div className="bud bud-tiles">
        {[0, 1, 2, 3].map((at) => (
          <StatTile key={at} label={`Tile ${String(at)}`} value={String(tick + at)} trend={valuesAt(tick, at).slice(-60)} />
        ))}
      </div>
      <div className="bud bud-charts">
        {Array.from({ length: charts }, (_, at) => (
          <TimeSeriesChart
            key={at}
            title={`Chart ${String(at)}`}
            timesUnixMs={times}
            series={[{ label: 'value', values: valuesAt(tick, at), tone: 'accent', isFilled: true }]}
            write={String}
            syncKey="bench"
          />
        ))}
      </div>
    </>
  )
}

/** Updates the dashboard for so long, counting the frames that came late. */
export async function runLive(durationMs: number): Promise<LiveResult> {
  const place = document.createElement('div')
  document.body.replaceChildren(place)
  const root = createRoot(place)
  let updates = 0
  const count = () => {
    updates += 1
  }
  root.render(
    <BudProvider>
      <BudRoot>
        <Dashboard onTick={count} />
      </BudRoot>
    </BudProvider>,
  )
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
  let last = await frame()
  const endMs = last + durationMs
  let [frames, lateFrames] = [0, 0]
  while (last < endMs) {
    const now = await frame()
    frames += 1
    // Two frames of 60 Hz, and a bit for the clock.
    if (now - last > 36) lateFrames += 1
    last = now
  }
  root.unmount()
  place.remove()
  return { updates, frames, lateFrames }
}

/** Milliseconds from the move of a slider to the numbers of the answer on the page, one for each move. */
export async function runSliders(plan: Parameters<typeof Sensitivity>[0]['plan'], moves: number): Promise<readonly number[]> {
  const place = document.createElement('div')
  document.body.replaceChildren(place)
  const root = createRoot(place)
  root.render(
    <BudProvider client={createBudClient()}>
      <BudRoot>
        <Sensitivity plan={plan} />
      </BudRoot>
    </BudProvider>,
  )
  const numbers = () => [...place.querySelectorAll('.bud-measure b')].map((each) => each.textContent).join(' ')
  const changed = async (before: string): Promise<void> => {
    while (numbers() === before || numbers().includes('–')) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await changed('')
  const took: number[] = []
  for (let move = 0; move < moves; move += 1) {
    const slider = place.querySelectorAll<HTMLInputElement>('input[type=range]')[0]
    if (slider === undefined) throw new Error('There is no slider.')
    const before = numbers()
    const next = (Number(slider.value) + 1) % 6
    const startMs = performance.now()
    // React listens to the native setter.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(slider, String(next))
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    await changed(before)
    took.push(performance.now() - startMs)
  }
  root.unmount()
  return took
}
