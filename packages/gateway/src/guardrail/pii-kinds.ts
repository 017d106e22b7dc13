/** The kinds of personal data that are found, and what stands in their place. */
export const piiKinds = ['email', 'phone', 'credit-card', 'iban', 'us-ssn', 'ip-address'] as const

export type PiiKind = (typeof piiKinds)[number]
