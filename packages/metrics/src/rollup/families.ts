/** The rollups there are, so that what asks, rebuilds and checks them needs no second list. */
import { firstFamilies, type RollupFamily } from '../migrate/0003-rollups.ts'
import { overallMonthsFamily } from '../migrate/0007-months.ts'

/** A family comes after the one that feeds it. */
export const rollupFamilies: readonly RollupFamily[] = [...firstFamilies, overallMonthsFamily]
