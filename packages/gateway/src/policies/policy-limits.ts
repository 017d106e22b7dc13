/** Bounds of what policies remember. */

/** Models whose state a policy keeps; beyond it the state starts anew. */
export const policyModels = 10_000
/** Targets whose state a policy keeps. */
export const policyTargets = 100_000
