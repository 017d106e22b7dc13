/** The rollups there are, so that what asks, rebuilds and checks them needs no second list. */
import { firstFamilies, type RollupFamily } from '../migrate/0003-rollups.ts'
import { overallFamily } from '../migrate/0006-overall.ts'

/** A family comes after the one that feeds it. */
export const rollupFamilies: readonly RollupFamily[] = [...firstFamilies, overallFamily]
