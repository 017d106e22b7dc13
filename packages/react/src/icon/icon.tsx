/** The few line icons of the kit, drawn on a 16 px grid in the text's colour. */

const paths = {
  copy: 'M6 6V3.5A1.5 1.5 0 0 1 7.5 2h5A1.5 1.5 0 0 1 14 3.5v5a1.5 1.5 0 0 1-1.5 1.5H10M3.5 6h5A1.5 1.5 0 0 1 10 7.5v5A1.5 1.5 0 0 1 8.5 14h-5A1.5 1.5 0 0 1 2 12.5v-5A1.5 1.5 0 0 1 3.5 6Z',
  check: 'm3 8.5 3.2 3.2L13 5',
  stop: 'M4.5 4.5h7v7h-7z',
  send: 'M8 13V3.5M3.8 7.6 8 3.4l4.2 4.2',
  retry: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5V5h-2.5',
  plus: 'M8 3v10M3 8h10',
  chevron: 'm6 4 4 4-4 4',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6',
  chart: 'M2.5 2.5v11h11M5 10l2.5-3.5 2 2L13 4.5',
  warning: 'M8 2.5 14 13H2L8 2.5ZM8 6.5v3M8 11.4v.1',
  failover: 'M2.5 5h8M8 2.5 10.5 5 8 7.5M13.5 11h-8M8 8.5 5.5 11 8 13.5',
  info: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 7.4v3.4M8 5.2v.1',
  close: 'm4 4 8 8M12 4l-8 8',
  download: 'M8 2.5v8M4.5 7.2 8 10.7l3.5-3.5M3 13.5h10',
  image: 'M2.5 3.5h11v9h-11zM3 11l3-3.2 2.4 2.4 1.8-1.7L13 11M10.4 6.2v.1',
  key: 'M9.5 6.5a3 3 0 1 0-2.1 2.86L8.6 10.5h1.4v1.4h1.4v1.4h2.1v-2.1L9.2 7.1M5.6 6.4v.1',
} as const

export type IconName = keyof typeof paths

/** Decorative; the control that holds it carries the name. */
export function Icon({ name, className }: { readonly name: IconName; readonly className?: string }) {
  return (
    <svg
      className={className === undefined ? 'bud-icon' : `bud-icon ${className}`}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
