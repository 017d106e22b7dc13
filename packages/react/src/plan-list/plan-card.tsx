'use client'
/** One deployment plan: what it is made of, what it should achieve, what it costs, and why. */
import type { DeploymentPlan, Interval } from '@bud-foundry/core'
import type { ReactNode } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { CopyButton } from '../part/copy-button.tsx'
import { MemoryBar } from './memory-bar.tsx'
import { toPlanTitle, toPlanTraits } from './plan-title.ts'

export interface PlanCardProps {
  readonly plan: DeploymentPlan
  /** From 1. */
  readonly rank: number
  readonly isSelected?: boolean | undefined
  readonly onSelect?: ((plan: DeploymentPlan) => void) | undefined
}

export function PlanCard({ plan, rank, isSelected = false, onSelect }: PlanCardProps) {
  const strings = useBudStrings()
  const { plans } = strings
  return (
    <article className="bud-plan" data-selected={isSelected} aria-label={`${plans.rank(rank)}: ${toPlanTitle(plan, strings)}`}>
      <header className="bud-plan-header">
        <span className="bud-plan-rank" aria-hidden="true">
          {rank}
        </span>
        <div className="bud-plan-name">
          <h3 className="bud-plan-title">{toPlanTitle(plan, strings)}</h3>
          <p className="bud-plan-traits">
            {toPlanTraits(plan, strings).map((trait) => (
              <span key={trait}>{trait}</span>
            ))}
          </p>
        </div>
        <span className="bud-badges">
          {rank === 1 ? <span className="bud-badge bud-badge-accent">{plans.best}</span> : null}
          {plan.objective === undefined ? null : (
            <span className="bud-badge" data-tone={plan.predicted.meetsObjective ? 'good' : 'warning'}>
              {plan.predicted.meetsObjective ? plans.meetsObjective : plans.missesObjective}
            </span>
          )}
        </span>
      </header>
      <Predictions plan={plan} />
      <MemoryBar memory={plan.memoryPerDevice} />
      <Reasons plan={plan} isOpen={rank === 1} />
      <EngineArguments plan={plan} />
      {onSelect === undefined ? null : (
        <button
          type="button"
          className={rank === 1 ? 'bud-button bud-button-primary' : 'bud-button'}
          aria-pressed={isSelected}
          onClick={() => {
            onSelect(plan)
          }}
        >
          {isSelected ? plans.selected : plans.select}
        </button>
      )}
    </article>
  )
}

function Predictions({ plan: { predicted, cost } }: { readonly plan: DeploymentPlan }) {
  const { plans } = useBudStrings()
  const format = useBudFormat()
  return (
    <dl className="bud-measures">
      <Measure name={plans.throughput} interval={predicted.outputTokensPerSecond} write={format.decimal} />
      <Measure name={plans.timeToFirstToken} interval={predicted.timeToFirstTokenMs} write={format.duration} />
      <Measure name={plans.timePerOutputToken} interval={predicted.timePerOutputTokenMs} write={format.duration} />
      {cost === undefined ? null : (
        <div className="bud-measure">
          <dt>{plans.perMillionTokens}</dt>
          <dd>
            <b>{format.usd(cost.usdPerMillionOutputTokens)}</b>
            <span className="bud-muted">
              {format.usd(cost.usdPerHour)} {plans.perHour.toLocaleLowerCase(format.locale)}
            </span>
          </dd>
        </div>
      )}
    </dl>
  )
}

interface MeasureProps {
  readonly name: string
  readonly interval: Interval
  readonly write: (value: number) => string
}

function Measure({ name, interval, write }: MeasureProps): ReactNode {
  const { plans } = useBudStrings()
  return (
    <div className="bud-measure">
      <dt>{name}</dt>
      <dd>
        <b>{write(interval.mid)}</b>
        <span className="bud-muted" title={plans.intervalTitle}>
          {plans.interval(write(interval.low), write(interval.high))}
        </span>
      </dd>
    </div>
  )
}

function Reasons({ plan, isOpen }: { readonly plan: DeploymentPlan; readonly isOpen: boolean }) {
  const { plans } = useBudStrings()
  if (plan.reasons.length === 0) return null
  return (
    <details className="bud-disclosure" open={isOpen}>
      <summary>
        {plans.reasons} <span className="bud-muted">· {plans.basis[plan.predicted.basis]}</span>
      </summary>
      <ul className="bud-reasons">
        {plan.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </details>
  )
}

function EngineArguments({ plan: { launch } }: { readonly plan: DeploymentPlan }) {
  const { plans } = useBudStrings()
  const command = [...launch.command, ...launch.args].map(quote).join(' ')
  return (
    <details className="bud-disclosure">
      <summary>{plans.engineArguments}</summary>
      <div className="bud-code">
        <div className="bud-code-bar">
          <span>{launch.image}</span>
          <CopyButton text={command} isIconOnly />
        </div>
        <pre tabIndex={0} role="group" aria-label={plans.engineArguments}>
          <code>{toLines(launch.command, launch.args)}</code>
        </pre>
      </div>
    </details>
  )
}

/** One option with its value on each line, as people write long commands. */
export function toLines(command: readonly string[], args: readonly string[]): string {
  const lines: string[] = [command.map(quote).join(' ')]
  for (const arg of args) {
    const last = lines.at(-1) ?? ''
    const isValue = !arg.startsWith('-') && /^-\S+$/.test(last)
    if (isValue) lines[lines.length - 1] = `${last} ${quote(arg)}`
    else lines.push(quote(arg))
  }
  return lines.filter((line) => line !== '').join(' \\\n  ')
}

/** Safe to paste into a shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
