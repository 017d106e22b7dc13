'use client'
/** Requests by country, as bubbles on the dotted land of the Earth, walked by keyboard, with the same numbers as a table. */
import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { MeasureName, Question, TimeWindow } from '../client/ask.ts'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { useAsk, type UseAskOptions } from '../hook/use-ask.ts'
import { Icon } from '../icon/icon.tsx'
import { Explain } from '../metric/explain.tsx'
import { toMeasureName, toWriter, unitOf } from '../metric/measure-text.ts'
import { PictureMenu } from '../part/picture-menu.tsx'
import { EmptyNotice, ErrorNotice } from '../part/notice.tsx'
import { observeWords } from '../observe/observe-words.ts'
import { toNextIndex } from '../time-series/chart-text.ts'
import { centreOf, land, landStep, landTop } from './world.ts'

export interface CountryValue {
  /** ISO 3166, two letters. */
  readonly code: string
  readonly value: number
}

export interface GeoMapProps {
  readonly title?: string | undefined
  readonly countries: readonly CountryValue[]
  readonly write: (value: number) => string
  readonly isStale?: boolean | undefined
  /** What is counted; heads the column of the table. */
  readonly valueName?: string | undefined
  readonly actions?: ReactNode
}

const width = 360
const height = land.length * landStep
/** Of the largest bubble, in degrees. */
const radiusMax = 11
// One path of tiny squares: nine hundred elements would cost more than they show.
const landPath = land
  .flatMap((row, line) =>
    Array.from(row).flatMap((dot, column) =>
      dot === '#' ? [`M${String(column * landStep + 0.7)} ${String(line * landStep + 0.7)}h1.6v1.6h-1.6z`] : [],
    ),
  )
  .join('')

export function GeoMap({ title, countries, write, isStale = false, valueName, actions }: GeoMapProps) {
  const words = useWords('observe', observeWords)
  const { chart, common } = useBudStrings()
  const format = useBudFormat()
  const [isTable, setIsTable] = useState(false)
  const [cursor, setCursor] = useState<number | undefined>(undefined)
  const titleId = useId()
  const summaryId = useId()
  const name = title ?? words.mapTitle
  const names = useMemo(() => new Intl.DisplayNames(format.locale, { type: 'region', fallback: 'code' }), [format])
  const nameOf = (code: string) => (/^[A-Z]{2}$/.test(code) ? (names.of(code) ?? code) : code)
  const sorted = useMemo(() => [...countries].sort((left, right) => right.value - left.value), [countries])
  const placed = useMemo(() => sorted.filter(({ code }) => centreOf.has(code)), [sorted])
  const total = sorted.reduce((sum, { value }) => sum + value, 0)
  const unplaced = total - placed.reduce((sum, { value }) => sum + value, 0)
  const high = placed[0]?.value ?? 1
  const here = placed[cursor ?? 0]
  const describe = ({ code, value }: CountryValue) => words.mapPoint(nameOf(code), write(value))
  const onKeyDown = (event: KeyboardEvent) => {
    const next = toNextIndex(event.key, cursor ?? -1, placed.length)
    if (event.key === 'Escape') setCursor(undefined)
    if (next === undefined) return
    event.preventDefault()
    setCursor(next)
  }
  return (
    <figure className="bud bud-panel bud-geo" aria-labelledby={titleId} data-stale={isStale}>
      <figcaption className="bud-panel-header">
        <span id={titleId} className="bud-panel-title">
          {name}
        </span>
        <span className="bud-panel-actions">
          {actions}
          {sorted.length === 0 ? null : (
            <PictureMenu
              hasPicture={!isTable && placed.length > 0}
              title={name}
              rows={() => [[words.country, valueName ?? ''], ...sorted.map(({ code, value }) => [code, String(value)])]}
            />
          )}
          <button
            type="button"
            className="bud-button bud-button-ghost bud-button-icon"
            aria-pressed={isTable}
            aria-label={`${chart.showTable}: ${name}`}
            onClick={() => setIsTable(!isTable)}
          >
            <Icon name={isTable ? 'chart' : 'table'} />
          </button>
        </span>
      </figcaption>
      {placed.length === 0 ? (
        <EmptyNotice title={words.mapEmpty} hint={words.mapEmptyHint} />
      ) : isTable ? (
        <div className="bud-chart-table" tabIndex={0} role="group" aria-label={chart.tableCaption(name)}>
          <table className="bud-table">
            <caption className="bud-hidden">{chart.tableCaption(name)}</caption>
            <thead>
              <tr>
                <th scope="col">{words.country}</th>
                <th scope="col" className="bud-number">
                  {valueName}
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.map(({ code, value }) => (
                <tr key={code}>
                  <th scope="row">{nameOf(code)}</th>
                  <td className="bud-number">{write(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <>
          <div
            className="bud-geo-surface"
            role="slider"
            tabIndex={0}
            dir="ltr"
            aria-label={name}
            aria-describedby={summaryId}
            aria-valuemin={0}
            aria-valuemax={placed.length - 1}
            aria-valuenow={cursor ?? 0}
            aria-valuetext={here === undefined ? '' : describe(here)}
            onKeyDown={onKeyDown}
            onBlur={() => setCursor(undefined)}
            onPointerLeave={() => setCursor(undefined)}
          >
            <svg viewBox={`0 0 ${String(width)} ${String(height)}`} aria-hidden="true">
              <path className="bud-geo-land" d={landPath} />
              {placed.map(({ code, value }, index) => {
                const [longitude, latitude] = centreOf.get(code) ?? [0, 0]
                return (
                  <circle
                    key={code}
                    className="bud-geo-bubble"
                    data-cursor={index === cursor}
                    cx={longitude + 180}
                    cy={landTop + landStep / 2 - latitude}
                    r={Math.max(Math.sqrt(value / high) * radiusMax, 1.8)}
                    onPointerEnter={() => setCursor(index)}
                  />
                )
              })}
            </svg>
          </div>
          <p className="bud-geo-foot">
            <span>{cursor === undefined || here === undefined ? placed.slice(0, 3).map(describe).join(' · ') : describe(here)}</span>
            {unplaced > 0 ? <span className="bud-muted">{words.unplaced(write(unplaced))}</span> : null}
          </p>
          <p id={summaryId} className="bud-hidden">
            {words.mapSummary(format.count(placed.length), write(total), nameOf(placed[0]?.code ?? ''))} {words.mapHint}
          </p>
        </>
      )}
      {isStale ? <p className="bud-stale">{common.stale}</p> : null}
    </figure>
  )
}

export interface LiveGeoMapProps extends UseAskOptions {
  readonly title?: string | undefined
  /** Default: requests. */
  readonly measure?: MeasureName | undefined
  readonly window?: TimeWindow | undefined
  readonly filters?: Question['filters']
}

const lastHour: TimeWindow = { last: '1h' }
/** As many as there are. */
const countriesMax = 250

export function LiveGeoMap({ title, measure = 'requests', window = lastHour, filters, refreshMs }: LiveGeoMapProps) {
  const format = useBudFormat()
  const { common } = useBudStrings()
  const words = useWords('observe', observeWords)
  const strings = useBudStrings()
  const question: Question = { measure: [measure], window, filters, groupBy: ['countryCode'], limit: countriesMax }
  const { data, status, error, isStale, reload } = useAsk(question, { refreshMs })
  const countries = useMemo(
    () => (data?.rows ?? []).map(({ group, values }) => ({ code: group['countryCode'] ?? '', value: values[measure] ?? 0 })),
    [data, measure],
  )
  if (data === undefined) {
    return (
      <section className="bud bud-panel" aria-label={title ?? words.mapTitle} aria-busy={status === 'loading'}>
        <header className="bud-panel-header">
          <span className="bud-panel-title">{title ?? words.mapTitle}</span>
        </header>
        {status === 'error' ? (
          <ErrorNotice message={error?.message ?? ''} onRetry={reload} />
        ) : (
          <div className="bud-heatmap-loading" role="status">
            <span className="bud-hidden">{common.loading}</span>
          </div>
        )}
      </section>
    )
  }
  return (
    <GeoMap
      title={title}
      countries={countries}
      write={toWriter(unitOf(data, measure), format)}
      isStale={isStale}
      valueName={toMeasureName(measure, strings)}
      actions={<Explain title={title ?? words.mapTitle} measures={[measure]} answer={data} question={question} />}
    />
  )
}
