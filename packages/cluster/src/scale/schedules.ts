/** Schedules of replicas: as cron expressions for autoscalers, and as the floor that holds now. Pure. */
import type { ScaleSchedule } from './autoscaling-options.ts'

const minutesPerDay = 24 * 60

const minuteOfDay = (from: string): number => {
  const [hour = '0', minute = '0'] = from.split(':')
  return Number(hour) * 60 + Number(minute)
}

const cronAt = (minute: number, weekdays: readonly number[]) =>
  `${String(minute % 60)} ${String(Math.floor(minute / 60))} * * ${weekdays.toSorted((left, right) => left - right).join(',')}`

/** When a schedule begins and ends; one that passes midnight ends on the next days. */
export function cronOf({ from, minutes, weekdays }: ScaleSchedule): { readonly start: string; readonly end: string } {
  const begins = minuteOfDay(from)
  const ends = begins + minutes
  const endDays = ends >= minutesPerDay ? weekdays.map((day) => (day + 1) % 7) : weekdays
  return { start: cronAt(begins, weekdays), end: cronAt(ends % minutesPerDay, endDays) }
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** Making one takes longer than using it a thousand times; there are some hundred time zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  formats.set(timeZone, made)
  return made
}

/** Weekday and minute of the day on a wall clock. */
function wallClock(nowMs: number, timeZone: string): { readonly weekday: number; readonly minute: number } {
  const format = formatOf(timeZone)
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]))
  return {
    weekday: dayNames.indexOf(parts.get('weekday') ?? ''),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  }
}

/** Replicas that schedules want at a moment; undefined when none holds. Goes into `decideReplicas` as `scheduled`. */
export function scheduledReplicas(schedules: readonly ScaleSchedule[], nowMs: number, timeZone = 'UTC'): number | undefined {
  if (schedules.length === 0) return undefined
  const { weekday, minute } = wallClock(nowMs, timeZone)
  const wanted = schedules
    .filter(({ from, minutes, weekdays }) => {
      const begins = minuteOfDay(from)
      const today = weekdays.includes(weekday) && minute >= begins && minute < begins + minutes
      const sinceYesterday = weekdays.includes((weekday + 6) % 7) && minute + minutesPerDay < begins + minutes
      return today || sinceYesterday
    })
    .map(({ replicas }) => replicas)
  return wanted.length === 0 ? undefined : Math.max(...wanted)
}
