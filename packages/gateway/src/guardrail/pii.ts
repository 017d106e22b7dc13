/** Personal data: bounded patterns find candidates, and the libraries that know the formats decide. */
import { parsePhoneNumberFromString, isSupportedCountry } from 'libphonenumber-js/min'
import validator from 'validator'
import { trustedPattern } from '../pattern/linear-pattern.ts'
import { RegexDetector, type Detector, type RegexDetectorInit } from './detector.ts'
import type { PiiKind } from './pii-kinds.ts'

type Decision = (found: string, country: string | undefined) => boolean

interface PiiPattern extends Omit<RegexDetectorInit, 'accept' | 'isCostly' | 'pattern'> {
  readonly pattern: RegExp
  readonly accept: Decision
  readonly isCostly?: Decision
}

/** Longest number of E.164, and groups that people write one in: what has more need not be read, which takes longer than all other patterns. */
const phoneDigits = 15
const phoneGroups = 6

/** Without a country only a number with its country code can be one. */
const mayBePhone: Decision = (found, country) => {
  if (!found.startsWith('+') && country === undefined) return false
  const groups = found.match(/\d+/g) ?? []
  return groups.length <= phoneGroups && groups.join('').length <= phoneDigits + 2
}

function isPhone(found: string, country: string | undefined): boolean {
  if (!mayBePhone(found, country)) return false
  const known = country !== undefined && isSupportedCountry(country) ? country : undefined
  // Without a country only international numbers can be told.
  if (known === undefined && !found.startsWith('+')) return false
  return parsePhoneNumberFromString(found, known)?.isValid() === true
}

/** Where the run of such characters at the end of a text begins, and in it what `first` finds. Read backwards: forwards every run before would be tried. */
function ending(character: RegExp, first?: RegExp): (text: string, from: number) => number {
  const isPart = Array.from({ length: 128 }, (_, code) => character.test(String.fromCharCode(code)))
  return (text, from) => {
    let start = text.length
    while (start > from && isPart[text.charCodeAt(start - 1)] === true) start -= 1
    if (first === undefined || start === text.length) return start
    const at = text.slice(start).search(first)
    return at === -1 ? text.length : start + at
  }
}

/** Every `reach` is one more than the longest match: the character behind it decides whether a number ends there. */
const patterns: Readonly<Record<PiiKind, PiiPattern>> = {
  email: {
    label: 'EMAIL',
    pattern: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}(?![\w-])/i,
    reach: 64 + 1 + 4 * 64 + 24 + 1,
    open: ending(/[\w.%+@-]/),
    accept: (found) => validator.isEmail(found),
  },
  phone: {
    label: 'PHONE',
    pattern: /(?<![\w.+-])(?:\+|00|\(?\d)[\d().\-/ ]{5,22}\d(?![\w])/,
    reach: 28,
    open: ending(/[+\d().\-/ ]/),
    accept: isPhone,
    isCostly: mayBePhone,
  },
  'credit-card': {
    label: 'CREDIT_CARD',
    pattern: /(?<![\w-])\d(?:[ -]?\d){11,18}(?![\w-])/,
    reach: 38,
    open: ending(/[\d -]/),
    accept: (found) => validator.isCreditCard(found),
  },
  iban: {
    label: 'IBAN',
    pattern: /(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)/,
    reach: 65,
    open: ending(/[A-Z\d ]/, /[A-Z](?:[A-Z](?:\d(?:\d(?: ?[A-Z0-9])* ?)?)?)?$/),
    accept: (found) => validator.isIBAN(found),
  },
  'us-ssn': {
    label: 'US_SSN',
    pattern: /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/,
    reach: 12,
    open: ending(/[\d-]/),
    accept: () => true,
  },
  'ip-address': {
    label: 'IP_ADDRESS',
    pattern: /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?![\w:]|\.\d)/i,
    reach: 42,
    open: ending(/[0-9a-f.:]/i),
    accept: (found) => validator.isIP(found),
  },
}

/** In the order in which the configuration names them: of two that begin at the same place the longer one counts, then the earlier. */
export const piiDetectors = (kinds: readonly PiiKind[], country: string | undefined): readonly Detector[] =>
  kinds.map((kind) => {
    const { accept, isCostly, pattern, ...init } = patterns[kind]
    return new RegexDetector({
      ...init,
      pattern: trustedPattern(pattern),
      accept: (found) => accept(found, country),
      isCostly: isCostly && ((found) => isCostly(found, country)),
    })
  })
