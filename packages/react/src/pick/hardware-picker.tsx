'use client'
/** Says which devices there are for a plan: kind, count and price of each. */
import { useId } from 'react'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { useSimCatalogue } from './catalogue.ts'
import { pickWords } from './pick-words.ts'

/** As typed. */
export interface DeviceDraft {
  readonly hardwareId: string
  readonly count: string
  readonly usdPerHour: string
}

export interface HardwarePickerProps {
  readonly value: readonly DeviceDraft[]
  readonly onChange: (value: readonly DeviceDraft[]) => void
}

export function HardwarePicker({ value: rows, onChange }: HardwarePickerProps) {
  const words = useWords('pick', pickWords)
  const format = useBudFormat()
  const known = useSimCatalogue().data?.hardware ?? []
  const listId = useId()
  const change = (index: number, part: Partial<DeviceDraft>) => {
    onChange(rows.map((row, at) => (at === index ? { ...row, ...part } : row)))
  }
  return (
    <fieldset className="bud bud-pick">
      <legend>{words.hardware}</legend>
      <div className="bud-device-row bud-device-head" aria-hidden="true">
        <span>{words.kind}</span>
        <span>{words.count}</span>
        <span>{words.price}</span>
      </div>
      {rows.map((row, index) => {
        const rank = format.count(index + 1)
        const found = known.find(({ id }) => id === row.hardwareId.trim())
        return (
          <div key={index} className="bud-device">
            <div className="bud-device-row">
              <input
                className="bud-input"
                aria-label={words.device(rank)}
                list={listId}
                value={row.hardwareId}
                spellCheck={false}
                onChange={(event) => change(index, { hardwareId: event.target.value })}
              />
              <input
                className="bud-input"
                aria-label={words.countOf(rank)}
                inputMode="numeric"
                value={row.count}
                onChange={(event) => change(index, { count: event.target.value })}
              />
              <input
                className="bud-input"
                aria-label={words.priceOf(rank)}
                inputMode="decimal"
                placeholder="–"
                value={row.usdPerHour}
                onChange={(event) => change(index, { usdPerHour: event.target.value })}
              />
              <button
                type="button"
                className="bud-button bud-button-ghost bud-button-icon"
                aria-label={words.removeDevice(rank)}
                disabled={rows.length === 1}
                onClick={() => onChange(rows.filter((_, at) => at !== index))}
              >
                <Icon name="close" />
              </button>
            </div>
            {found === undefined ? null : (
              <p className="bud-field-hint">
                {found.name} ·{' '}
                {words.facts(format.bytes(found.memoryBytes), words.bandwidth(format.decimal(found.memoryBandwidthBytesPerSecond / 1e12)))}
              </p>
            )}
          </div>
        )
      })}
      <datalist id={listId}>
        {known.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </datalist>
      <button
        type="button"
        className="bud-button bud-button-ghost bud-device-add"
        onClick={() =>
          onChange([
            ...rows,
            { hardwareId: known.find(({ id }) => rows.every((row) => row.hardwareId !== id))?.id ?? '', count: '1', usdPerHour: '' },
          ])
        }
      >
        <Icon name="plus" />
        {words.addDevice}
      </button>
    </fieldset>
  )
}
