/** Whose rows a reader may see: decided once, applied to every question in one place. */

/** `all` is for operators; everyone else names projects, and an empty list sees nothing. */
export type Scope = { readonly kind: 'all' } | { readonly kind: 'projects'; readonly projectIds: readonly string[] }

export const everyProject: Scope = Object.freeze({ kind: 'all' })

/** What both allow: a reader narrowed twice never sees more than either. */
export function intersectScopes(left: Scope, right: Scope): Scope {
  if (left.kind === 'all') return right
  if (right.kind === 'all') return left
  const allowed = new Set(right.projectIds)
  return { kind: 'projects', projectIds: left.projectIds.filter((id) => allowed.has(id)) }
}
