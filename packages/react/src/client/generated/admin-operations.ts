/** Made from the server's OpenAPI document by the tests of the reference server (client-types.test.ts); not edited by hand. */

export type AdminWindow =
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | { readonly seconds: number }
  | { readonly calendar: 'day' | 'week' | 'month'; readonly timeZone: string }

export type AdminLimits =
  | {
      readonly kind: 'requests'
      readonly limit: number
      readonly window: AdminWindow
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }
  | {
      readonly kind: 'tokens'
      readonly limit: number
      readonly window: AdminWindow
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }
  | {
      readonly kind: 'concurrency'
      readonly limit: number
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }
  | {
      readonly kind: 'spend'
      readonly limitUsd: number
      readonly window: AdminWindow
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }

export type AdminListKeysAnswerItem = {
  readonly id: string
  readonly prefix: string
  readonly name: string
  readonly projectId: string
  readonly userId?: string | undefined
  readonly scopes: readonly string[]
  readonly models?: readonly string[] | undefined
  readonly limits?: readonly AdminLimits[] | undefined
  readonly createdUnixMs: number
  readonly rotatedUnixMs?: number | undefined
  readonly expiresUnixMs?: number | undefined
  readonly revokedUnixMs?: number | undefined
  readonly tags: Readonly<Record<string, string | undefined>>
  readonly previous?: readonly { readonly prefix: string; readonly validUntilUnixMs: number }[] | undefined
}

export type AdminWindow2 =
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | { readonly seconds: number }
  | { readonly calendar: 'day' | 'week' | 'month'; readonly timeZone?: string | undefined }

export type AdminLimits2 =
  | {
      readonly kind: 'requests'
      readonly limit: number
      readonly window: AdminWindow2
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }
  | {
      readonly kind: 'tokens'
      readonly limit: number
      readonly window: AdminWindow2
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }
  | {
      readonly kind: 'concurrency'
      readonly limit: number
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }
  | {
      readonly kind: 'spend'
      readonly limitUsd: number
      readonly window: AdminWindow2
      readonly name?: string | undefined
      readonly models?: readonly string[] | undefined
      readonly perModel?: boolean | undefined
    }

export type AdminCreateKeyAnswer = {
  readonly id: string
  readonly prefix: string
  readonly name: string
  readonly projectId: string
  readonly userId?: string | undefined
  readonly scopes: readonly string[]
  readonly models?: readonly string[] | undefined
  readonly limits?: readonly AdminLimits[] | undefined
  readonly createdUnixMs: number
  readonly rotatedUnixMs?: number | undefined
  readonly expiresUnixMs?: number | undefined
  readonly revokedUnixMs?: number | undefined
  readonly tags: Readonly<Record<string, string | undefined>>
  readonly previous?: readonly { readonly prefix: string; readonly validUntilUnixMs: number }[] | undefined
  readonly key: string
}

export type AdminSubject =
  { readonly targetId: string } | { readonly model: string } | { readonly provider: string; readonly upstreamModels: readonly string[] }

export type AdminRates = {
  readonly inputUsdPerMillionTokens: number
  readonly outputUsdPerMillionTokens: number
  readonly cachedInputUsdPerMillionTokens?: number | undefined
  readonly cacheWriteInputUsdPerMillionTokens?: number | undefined
  readonly cacheWrite1hInputUsdPerMillionTokens?: number | undefined
  readonly reasoningUsdPerMillionTokens?: number | undefined
  readonly audioInputUsdPerMillionTokens?: number | undefined
  readonly audioOutputUsdPerMillionTokens?: number | undefined
  readonly imageInputUsdPerMillionTokens?: number | undefined
  readonly imageOutputUsdPerMillionTokens?: number | undefined
  readonly usdPerRequest?: number | undefined
}

export type AdminValue = {
  readonly inputUsdPerMillionTokens: number
  readonly outputUsdPerMillionTokens: number
  readonly cachedInputUsdPerMillionTokens?: number | undefined
  readonly cacheWriteInputUsdPerMillionTokens?: number | undefined
  readonly cacheWrite1hInputUsdPerMillionTokens?: number | undefined
  readonly reasoningUsdPerMillionTokens?: number | undefined
  readonly audioInputUsdPerMillionTokens?: number | undefined
  readonly audioOutputUsdPerMillionTokens?: number | undefined
  readonly imageInputUsdPerMillionTokens?: number | undefined
  readonly imageOutputUsdPerMillionTokens?: number | undefined
  readonly usdPerRequest?: number | undefined
  readonly longPrompts?: readonly { readonly aboveInputTokens: number; readonly rates: AdminRates }[] | undefined
}

export type AdminPrice = {
  readonly inputUsdPerMillionTokens: number
  readonly outputUsdPerMillionTokens: number
  readonly cachedInputUsdPerMillionTokens?: number | undefined
  readonly cacheWriteInputUsdPerMillionTokens?: number | undefined
  readonly cacheWrite1hInputUsdPerMillionTokens?: number | undefined
  readonly reasoningUsdPerMillionTokens?: number | undefined
  readonly audioInputUsdPerMillionTokens?: number | undefined
  readonly audioOutputUsdPerMillionTokens?: number | undefined
  readonly imageInputUsdPerMillionTokens?: number | undefined
  readonly imageOutputUsdPerMillionTokens?: number | undefined
  readonly usdPerRequest?: number | undefined
  readonly longPrompts?: readonly { readonly aboveInputTokens: number; readonly rates: AdminRates }[] | undefined
  readonly serviceTiers?: Readonly<Record<string, { readonly multiplier: number } | AdminValue | undefined>> | undefined
  readonly hours?:
    | readonly {
        readonly fromUtc: string
        readonly untilUtc: string
        readonly weekdays?: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[] | undefined
        readonly exceptDates?: readonly string[] | undefined
        readonly price: { readonly multiplier: number } | AdminValue
      }[]
    | undefined
}

export type AdminRates2 = {
  readonly inputUsdPerMillionTokens: number
  readonly outputUsdPerMillionTokens?: number | undefined
  readonly cachedInputUsdPerMillionTokens?: number | undefined
  readonly cacheWriteInputUsdPerMillionTokens?: number | undefined
  readonly cacheWrite1hInputUsdPerMillionTokens?: number | undefined
  readonly reasoningUsdPerMillionTokens?: number | undefined
  readonly audioInputUsdPerMillionTokens?: number | undefined
  readonly audioOutputUsdPerMillionTokens?: number | undefined
  readonly imageInputUsdPerMillionTokens?: number | undefined
  readonly imageOutputUsdPerMillionTokens?: number | undefined
  readonly usdPerRequest?: number | undefined
}

export type AdminValue2 = {
  readonly inputUsdPerMillionTokens: number
  readonly outputUsdPerMillionTokens?: number | undefined
  readonly cachedInputUsdPerMillionTokens?: number | undefined
  readonly cacheWriteInputUsdPerMillionTokens?: number | undefined
  readonly cacheWrite1hInputUsdPerMillionTokens?: number | undefined
  readonly reasoningUsdPerMillionTokens?: number | undefined
  readonly audioInputUsdPerMillionTokens?: number | undefined
  readonly audioOutputUsdPerMillionTokens?: number | undefined
  readonly imageInputUsdPerMillionTokens?: number | undefined
  readonly imageOutputUsdPerMillionTokens?: number | undefined
  readonly usdPerRequest?: number | undefined
  readonly longPrompts?: readonly { readonly aboveInputTokens: number; readonly rates: AdminRates2 }[] | undefined
}

export type AdminPrice2 = {
  readonly inputUsdPerMillionTokens: number
  readonly outputUsdPerMillionTokens?: number | undefined
  readonly cachedInputUsdPerMillionTokens?: number | undefined
  readonly cacheWriteInputUsdPerMillionTokens?: number | undefined
  readonly cacheWrite1hInputUsdPerMillionTokens?: number | undefined
  readonly reasoningUsdPerMillionTokens?: number | undefined
  readonly audioInputUsdPerMillionTokens?: number | undefined
  readonly audioOutputUsdPerMillionTokens?: number | undefined
  readonly imageInputUsdPerMillionTokens?: number | undefined
  readonly imageOutputUsdPerMillionTokens?: number | undefined
  readonly usdPerRequest?: number | undefined
  readonly longPrompts?: readonly { readonly aboveInputTokens: number; readonly rates: AdminRates2 }[] | undefined
  readonly serviceTiers?: Readonly<Record<string, { readonly multiplier: number } | AdminValue2 | undefined>> | undefined
  readonly hours?:
    | readonly {
        readonly fromUtc: string
        readonly untilUtc: string
        readonly weekdays?: readonly ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[] | undefined
        readonly exceptDates?: readonly string[] | undefined
        readonly price: { readonly multiplier: number } | AdminValue2
      }[]
    | undefined
}

export type AdminSubject2 =
  | { readonly kind: 'key' | 'project' | 'user'; readonly id: string }
  | { readonly kind: 'model'; readonly id: string }
  | { readonly kind: 'all' }

export interface AdminOperations {
  /** Lists virtual keys, oldest first, revoked ones included. */
  readonly listKeys: {
    readonly params: undefined
    readonly query: { readonly projectId?: string | undefined; readonly userId?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly data: readonly AdminListKeysAnswerItem[] }
  }
  /** Makes a virtual key. The answer shows it, and nothing ever does again. */
  readonly createKey: {
    readonly params: undefined
    readonly query: undefined
    readonly body: {
      readonly name: string
      readonly projectId?: string | undefined
      readonly userId?: string | undefined
      readonly scopes?: readonly string[] | undefined
      readonly models?: readonly string[] | undefined
      readonly limits?: readonly AdminLimits2[] | undefined
      readonly expiresUnixMs?: number | undefined
      readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    }
    readonly answer: AdminCreateKeyAnswer
  }
  /** Shows one virtual key. */
  readonly getKey: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: AdminListKeysAnswerItem
  }
  /** Changes what is named; null takes an optional field away. */
  readonly updateKey: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: {
      readonly name?: string | undefined
      readonly userId?: string | null | undefined
      readonly scopes?: readonly string[] | undefined
      readonly models?: readonly string[] | null | undefined
      readonly limits?: readonly AdminLimits2[] | null | undefined
      readonly expiresUnixMs?: number | null | undefined
      readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    }
    readonly answer: AdminListKeysAnswerItem
  }
  /** Forgets a key, revoked or not. */
  readonly deleteKey: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Gives the record a new key; the old one is accepted for overlapMs more. */
  readonly rotateKey: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: { readonly overlapMs?: number | undefined }
    readonly answer: AdminCreateKeyAnswer
  }
  /** Refuses the key from now on, everywhere. */
  readonly revokeKey: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: AdminListKeysAnswerItem
  }
  /** Lists projects. */
  readonly listProjects: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly name: string
        readonly disabled: boolean
        readonly limits?: readonly AdminLimits[] | undefined
        readonly createdUnixMs: number
        readonly tags: Readonly<Record<string, string | undefined>>
      }[]
    }
  }
  /** Makes a project. */
  readonly createProject: {
    readonly params: undefined
    readonly query: undefined
    readonly body: {
      readonly id: string
      readonly name?: string | undefined
      readonly disabled?: boolean | undefined
      readonly limits?: readonly AdminLimits2[] | undefined
      readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    }
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly disabled: boolean
      readonly limits?: readonly AdminLimits[] | undefined
      readonly createdUnixMs: number
      readonly tags: Readonly<Record<string, string | undefined>>
    }
  }
  /** Shows one project. */
  readonly getProject: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly disabled: boolean
      readonly limits?: readonly AdminLimits[] | undefined
      readonly createdUnixMs: number
      readonly tags: Readonly<Record<string, string | undefined>>
    }
  }
  /** Changes what is named; null takes the limits away. */
  readonly updateProject: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: {
      readonly name?: string | undefined
      readonly disabled?: boolean | undefined
      readonly limits?: readonly AdminLimits2[] | null | undefined
      readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    }
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly disabled: boolean
      readonly limits?: readonly AdminLimits[] | undefined
      readonly createdUnixMs: number
      readonly tags: Readonly<Record<string, string | undefined>>
    }
  }
  /** Forgets a project; its keys stay valid, without its limits. */
  readonly deleteProject: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Lists users. */
  readonly listUsers: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly name: string
        readonly disabled: boolean
        readonly limits?: readonly AdminLimits[] | undefined
        readonly createdUnixMs: number
        readonly tags: Readonly<Record<string, string | undefined>>
      }[]
    }
  }
  /** Makes a user. */
  readonly createUser: {
    readonly params: undefined
    readonly query: undefined
    readonly body: {
      readonly id: string
      readonly name?: string | undefined
      readonly disabled?: boolean | undefined
      readonly limits?: readonly AdminLimits2[] | undefined
      readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    }
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly disabled: boolean
      readonly limits?: readonly AdminLimits[] | undefined
      readonly createdUnixMs: number
      readonly tags: Readonly<Record<string, string | undefined>>
    }
  }
  /** Shows one user. */
  readonly getUser: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly disabled: boolean
      readonly limits?: readonly AdminLimits[] | undefined
      readonly createdUnixMs: number
      readonly tags: Readonly<Record<string, string | undefined>>
    }
  }
  /** Changes what is named; null takes the limits away. */
  readonly updateUser: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: {
      readonly name?: string | undefined
      readonly disabled?: boolean | undefined
      readonly limits?: readonly AdminLimits2[] | null | undefined
      readonly tags?: Readonly<Record<string, string | undefined>> | undefined
    }
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly disabled: boolean
      readonly limits?: readonly AdminLimits[] | undefined
      readonly createdUnixMs: number
      readonly tags: Readonly<Record<string, string | undefined>>
    }
  }
  /** Forgets a user; its keys stay valid, without its limits. */
  readonly deleteUser: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Lists stored provider credentials: names and dates only. */
  readonly listCredentials: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly data: readonly { readonly name: string; readonly createdUnixMs: number; readonly updatedUnixMs: number }[] }
  }
  /** Makes or rotates a provider credential. There is no way to read it back. */
  readonly putCredential: {
    readonly params: { readonly name: string }
    readonly query: undefined
    readonly body: { readonly secret: string }
    readonly answer: { readonly name: string; readonly createdUnixMs: number; readonly updatedUnixMs: number }
  }
  /** Forgets a provider credential. */
  readonly deleteCredential: {
    readonly params: { readonly name: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Shows the whole price book: what was set at run time first, then the configuration, then what is built in. */
  readonly listPrices: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly version: string
        readonly origin: 'built-in' | 'config' | 'admin'
        readonly subject: AdminSubject
        readonly price: AdminPrice
        readonly validFrom: string
        readonly source?: { readonly url: string; readonly readOn: string } | undefined
      }[]
      readonly set: readonly {
        readonly subject: AdminSubject
        readonly price: AdminPrice
        readonly validFrom: string
        readonly source?: { readonly url: string; readonly readOn: string } | undefined
        readonly id: string
        readonly updatedUnixMs: number
      }[]
    }
  }
  /** Shows the price that an event or a line of spend names. */
  readonly getPriceVersion: {
    readonly params: { readonly version: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly version: string
      readonly origin: 'built-in' | 'config' | 'admin'
      readonly subject: AdminSubject
      readonly price: AdminPrice
      readonly validFrom: string
      readonly source?: { readonly url: string; readonly readOn: string } | undefined
    }
  }
  /** Sets a price at run time, in every process at once. It goes before the configuration and the built-in prices. */
  readonly putPrice: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: {
      readonly subject: AdminSubject
      readonly price: AdminPrice2
      readonly validFrom: string
      readonly source?: { readonly url: string; readonly readOn: string } | undefined
    }
    readonly answer: {
      readonly subject: AdminSubject
      readonly price: AdminPrice
      readonly validFrom: string
      readonly source?: { readonly url: string; readonly readOn: string } | undefined
      readonly id: string
      readonly updatedUnixMs: number
    }
  }
  /** Takes a price that was set at run time away; the configuration or the built-in price holds again. */
  readonly deletePrice: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Lists budgets. */
  readonly listBudgets: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly name: string
        readonly subject: AdminSubject2
        readonly limitUsd: number
        readonly window: AdminWindow
        readonly alertPercents: readonly number[]
        readonly stop: boolean
        readonly webhook?: { readonly url: string; readonly credential?: string | undefined } | undefined
      }[]
    }
  }
  /** Shows a budget and what its current window has seen. */
  readonly getBudget: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: {
      readonly budget: {
        readonly id: string
        readonly name: string
        readonly subject: AdminSubject2
        readonly limitUsd: number
        readonly window: AdminWindow
        readonly alertPercents: readonly number[]
        readonly stop: boolean
        readonly webhook?: { readonly url: string; readonly credential?: string | undefined } | undefined
      }
      readonly windowStartUnixMs: number
      readonly windowEndUnixMs: number
      readonly spentUsd: number
      readonly remainingUsd: number
    }
  }
  /** Makes or replaces a budget. */
  readonly putBudget: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: {
      readonly name?: string | undefined
      readonly subject: AdminSubject2
      readonly limitUsd: number
      readonly window?: AdminWindow2 | undefined
      readonly alertPercents?: readonly number[] | undefined
      readonly stop?: boolean | undefined
      readonly webhook?: { readonly url: string; readonly credential?: string | undefined } | undefined
    }
    readonly answer: {
      readonly id: string
      readonly name: string
      readonly subject: AdminSubject2
      readonly limitUsd: number
      readonly window: AdminWindow
      readonly alertPercents: readonly number[]
      readonly stop: boolean
      readonly webhook?: { readonly url: string; readonly credential?: string | undefined } | undefined
    }
  }
  /** Forgets a budget, and its stop. */
  readonly deleteBudget: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Says why each cent: sums by day, project, user, key, model, target and price version. */
  readonly getSpend: {
    readonly params: undefined
    readonly query: {
      readonly from: string
      readonly to: string
      readonly by?: string | undefined
      readonly day?: string | undefined
      readonly project?: string | undefined
      readonly user?: string | undefined
      readonly key?: string | undefined
      readonly model?: string | undefined
      readonly target?: string | undefined
      readonly price?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly lines: readonly {
        readonly group: Readonly<Record<string, string | undefined>>
        readonly requests: number
        readonly inputTokens: number
        readonly cachedInputTokens: number
        readonly outputTokens: number
        readonly costUsd: string
        readonly estimatedUsd: string
        readonly savedUsd: string
      }[]
      readonly totalUsd: string
      readonly isPartial: boolean
    }
  }
  /** Lists blocking rules, those of the configuration first. */
  readonly listBlockingRules: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly data: readonly Readonly<Record<string, unknown>>[] }
  }
  /** Makes or replaces a blocking rule, in every process at once. */
  readonly putBlockingRule: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: Readonly<Record<string, unknown>>
    readonly answer: Readonly<Record<string, unknown>>
  }
  /** Takes a blocking rule away. */
  readonly deleteBlockingRule: {
    readonly params: { readonly id: string }
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly deleted: true }
  }
  /** Forgets cached answers: those that fit all that is given, or everything. */
  readonly purgeCache: {
    readonly params: undefined
    readonly query: undefined
    readonly body: { readonly model?: string | undefined; readonly projectId?: string | undefined; readonly keyId?: string | undefined }
    readonly answer: { readonly purged: number }
  }
  /** Shows the configuration in force, without secrets. */
  readonly getConfig: { readonly params: undefined; readonly query: undefined; readonly body: undefined; readonly answer: unknown }
  /** Puts a configuration in force. An invalid one changes nothing. */
  readonly putConfig: {
    readonly params: undefined
    readonly query: undefined
    readonly body: Readonly<Record<string, unknown>>
    readonly answer: { readonly valid: true; readonly applied: boolean }
  }
  /** Tells every problem of a configuration, and changes nothing. */
  readonly checkConfig: {
    readonly params: undefined
    readonly query: undefined
    readonly body: Readonly<Record<string, unknown>>
    readonly answer: { readonly valid: true; readonly applied: boolean }
  }
  /** Reads the configuration anew from where it came. */
  readonly reloadConfig: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly valid: true; readonly applied: boolean }
  }
}

/** Method and path of each operation. */

export const adminOperations = {
  listKeys: 'GET /api/admin/keys',
  createKey: 'POST /api/admin/keys',
  getKey: 'GET /api/admin/keys/{id}',
  updateKey: 'PATCH /api/admin/keys/{id}',
  deleteKey: 'DELETE /api/admin/keys/{id}',
  rotateKey: 'POST /api/admin/keys/{id}/rotate',
  revokeKey: 'POST /api/admin/keys/{id}/revoke',
  listProjects: 'GET /api/admin/projects',
  createProject: 'POST /api/admin/projects',
  getProject: 'GET /api/admin/projects/{id}',
  updateProject: 'PATCH /api/admin/projects/{id}',
  deleteProject: 'DELETE /api/admin/projects/{id}',
  listUsers: 'GET /api/admin/users',
  createUser: 'POST /api/admin/users',
  getUser: 'GET /api/admin/users/{id}',
  updateUser: 'PATCH /api/admin/users/{id}',
  deleteUser: 'DELETE /api/admin/users/{id}',
  listCredentials: 'GET /api/admin/credentials',
  putCredential: 'PUT /api/admin/credentials/{name}',
  deleteCredential: 'DELETE /api/admin/credentials/{name}',
  listPrices: 'GET /api/admin/prices',
  getPriceVersion: 'GET /api/admin/price-versions/{version}',
  putPrice: 'PUT /api/admin/prices/{id}',
  deletePrice: 'DELETE /api/admin/prices/{id}',
  listBudgets: 'GET /api/admin/budgets',
  getBudget: 'GET /api/admin/budgets/{id}',
  putBudget: 'PUT /api/admin/budgets/{id}',
  deleteBudget: 'DELETE /api/admin/budgets/{id}',
  getSpend: 'GET /api/admin/spend',
  listBlockingRules: 'GET /api/admin/blocking',
  putBlockingRule: 'PUT /api/admin/blocking/{id}',
  deleteBlockingRule: 'DELETE /api/admin/blocking/{id}',
  purgeCache: 'POST /api/admin/cache/purge',
  getConfig: 'GET /api/admin/config',
  putConfig: 'PUT /api/admin/config',
  checkConfig: 'POST /api/admin/config/check',
  reloadConfig: 'POST /api/admin/config/reload',
} as const
