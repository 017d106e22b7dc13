/** Who asked. */
import { defineMeasures, type Measure } from './measure.ts'

/** ClickHouse's `uniq` counts up to 65,536 exactly, and estimates above (its manual, aggregate function uniq). */
const distinct = (unit: 'users' | 'keys', definition: string): Measure => ({
  definition,
  unit,
  nullMeans: 'never',
  errorBound: 0.02,
  rank: unit,
  needs: [unit],
  read: (aggregates) => (typeof aggregates[unit] === 'number' ? aggregates[unit] : null),
})

export const userMeasures = defineMeasures({
  uniqueUsers: distinct('users', 'Different users; requests without a user do not count. Exact up to 65,536.'),
  uniqueKeys: distinct('keys', 'Different API keys; requests without a key do not count. Exact up to 65,536.'),
})
