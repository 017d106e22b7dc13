/** Numbers, durations, sizes, money and times as people of a locale write them. */

export interface Format {
  readonly locale: string
  /** As it was given; undefined: the runtime's. */
  readonly timeZone: string | undefined
  /** 12,345 */
  readonly count: (value: number) => string
  /** 12.3K */
  readonly compact: (value: number) => string
  /** Whole below 10,000, else 12.3K. */
  readonly amount: (value: number) => string
  /** 0.042 becomes +4.2% */
  readonly change: (share: number) => string
  /** At most three significant digits. */
  readonly decimal: (value: number) => string
  /** 0.042 becomes 4.2% */
  readonly percent: (share: number) => string
  /** 0.98765 becomes 98.77%: for shares near 1, where a tenth of a percent hides too much. */
  readonly share: (share: number) => string
  /** 850ms, 1.25s, 3m. */
  readonly duration: (milliseconds: number) => string
  /** Binary units, as device memory is counted: an 80 GiB device. */
  readonly bytes: (value: number) => string
  readonly usd: (value: number) => string
  /** 14:03:05 */
  readonly time: (unixMs: number) => string
  /** 14:03 */
  readonly minute: (unixMs: number) => string
  /** Nov 23 */
  readonly day: (unixMs: number) => string
  /** Nov 23, 14:03 */
  readonly dayMinute: (unixMs: number) => string
  readonly dateTime: (unixMs: number) => string
  /** now, 12s ago, 3m ago. */
  readonly relative: (unixMs: number, nowUnixMs: number) => string
}

export interface FormatOptions {
  /** BCP 47; default `en`. */
  readonly locale?: string | undefined
  /** IANA name; default: the runtime's. Give one when the page is rendered on a server. */
  readonly timeZone?: string | undefined
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Throws RangeError when the locale or the time zone is unknown to Intl. */
export function createFormat({ locale = 'en', timeZone }: FormatOptions = {}): Format {
  const zone = timeZone === undefined ? {} : { timeZone }
  const unit = (name: string, digits: number) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: digits })
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  const decimal = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 })
  const change = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' })
  const usd = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', maximumFractionDigits: 2 })
  const usdSmall = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', maximumSignificantDigits: 2 })
  const time = new Intl.DateTimeFormat(locale, { ...zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  const minute = new Intl.DateTimeFormat(locale, { ...zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = new Intl.DateTimeFormat(locale, { ...zone, month: 'short', day: 'numeric' })
  const dayMinute = new Intl.DateTimeFormat(locale, {
    ...zone,
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const dateTime = new Intl.DateTimeFormat(locale, { ...zone, dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })
  const relative = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: 'always' })
  const now = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(0, 'second')
  const milliseconds = unit('millisecond', 0)
  const millisecondsFine = unit('millisecond', 2)
  const seconds = unit('second', 2)
  const secondsCoarse = unit('second', 1)
  const minutes = unit('minute', 1)
  const hours = unit('hour', 1)
  const size = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })

  return {
    locale,
    timeZone,
    count: (value) => count.format(value),
    compact: (value) => compact.format(value),
    amount: (value) => (Math.abs(value) >= 10_000 ? compact : Number.isInteger(value) ? count : decimal).format(value),
    change: (share) => change.format(share),
    decimal: (value) => (Math.abs(value) >= 1000 ? count.format(value) : decimal.format(value)),
    percent: (value) => percent.format(value),
    share: (value) => share.format(value),
    duration(value) {
      if (value < 10) return millisecondsFine.format(value)
      if (value < 1_000) return milliseconds.format(value)
      if (value < 10_000) return seconds.format(value / 1_000)
      if (value < 120_000) return secondsCoarse.format(value / 1_000)
      return value < 7_200_000 ? minutes.format(value / 60_000) : hours.format(value / 3_600_000)
    },
    bytes(value) {
      const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), byteUnits.length - 1)
      return `${size.format(value / 1024 ** step)} ${byteUnits[step] ?? ''}`
    },
    usd: (value) => (value !== 0 && Math.abs(value) < 0.01 ? usdSmall : usd).format(value),
    time: (unixMs) => time.format(unixMs),
    minute: (unixMs) => minute.format(unixMs),
    day: (unixMs) => day.format(unixMs),
    dayMinute: (unixMs) => dayMinute.format(unixMs),
    dateTime: (unixMs) => dateTime.format(unixMs),
    relative(unixMs, nowUnixMs) {
      const ageSeconds = Math.round((nowUnixMs - unixMs) / 1000)
      if (ageSeconds < 2) return now
      if (ageSeconds < 60) return relative.format(-ageSeconds, 'second')
      if (ageSeconds < 3_600) return relative.format(-Math.floor(ageSeconds / 60), 'minute')
      return ageSeconds < 86_400
        ? relative.format(-Math.floor(ageSeconds / 3_600), 'hour')
        : relative.format(-Math.floor(ageSeconds / 86_400), 'day')
    },
  }
}
