/** The product's mark and name. */

export function Brand() {
  return (
    <span className="brand-mark">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M16 25V14m0 3c0-4-3-6.5-7-6.5 0 4.5 3 6.5 7 6.5Zm0-3c0-4 3-6.5 7-6.5 0 4.5-3 6.5-7 6.5Z" />
      </svg>
      <span>Bud Foundry</span>
    </span>
  )
}
