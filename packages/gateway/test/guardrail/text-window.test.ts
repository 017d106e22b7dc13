/** What is found does not depend on the pieces in which a text comes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullEffort, RegexDetector, type Detector } from '../../src/guardrail/detector.ts'
import { foldCase, foldForm, foldWord } from '../../src/guardrail/fold.ts'
import { KeywordDetector } from '../../src/guardrail/keyword-detector.ts'
import { piiDetectors } from '../../src/guardrail/pii.ts'
import { piiKinds } from '../../src/guardrail/pii-kinds.ts'
import { linearPattern, trustedPattern } from '../../src/pattern/linear-pattern.ts'
import { filterSlices, TextWindow, type OnMatch, type Reading, type TextWindowInit } from '../../src/guardrail/text-window.ts'

function filterText(text: string, init: TextWindowInit): string {
  const work = filterSlices(text, init)
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

const caseless: Reading = { fold: foldCase, blanks: 4 }
const compatible: Reading = { fold: foldForm, blanks: 1 }
const keywordDetector = (words: readonly string[]) => new KeywordDetector(words.flatMap((word) => foldWord(word, foldCase)))
const star: OnMatch = ({ label }) => `[${label}]`
const words = ['forbidden phrase', 'Düsseldorf', '😀 secret', 'aba', 'abab']
const kinds: Readonly<Record<string, { readonly detectors: readonly Detector[]; readonly reading?: Reading }>> = {
  keywords: { detectors: [keywordDetector(words)], reading: caseless },
  pattern: { detectors: [new RegexDetector({ pattern: trustedPattern(/x\d+y|(?<=-)z{2,}/i), reach: 9, label: 'pattern' })] },
  linear: {
    detectors: [new RegexDetector({ pattern: linearPattern('x\\d+y|\\bz{2,}', 'i'), reach: 9, label: 'pattern' })],
    reading: compatible,
  },
  pii: { detectors: piiDetectors(piiKinds, 'US'), reading: compatible },
  all: { detectors: [keywordDetector(words), ...piiDetectors(piiKinds, 'US')], reading: caseless },
}

const morsels = [
  ...words,
  'forbidden\n  PHRASE',
  'ada@example.org',
  'a.b+c@mail.example.co.uk',
  '+1 202-456-1111',
  '(202) 456-1111',
  '4111 1111 1111 1111',
  '378282246310005',
  'DE89 3704 0044 0532 0130 00',
  'GB29NWBK60161331926819',
  '536-22-8726',
  '192.168.1.254',
  '2001:db8::ff00:42:8329',
  'x123y',
  'x12345678901y',
  '-zzzz',
  '1234567890123456789012345678901234567890',
  ' ',
  '.',
  ', and ',
  '\\',
  '"',
  '\u0007',
  'é',
  'for\u00adbidden\u200b phr\u200dase',
  'Du\u0308sseldorf',
  'ｆｏｒｂｉｄｄｅｎ　ｐｈｒａｓｅ',
  'ada＠exa\u200bmple．org',
  'x１２３y',
  'ﬁ\ufe0f',
  '    ',
]
const text = fc
  .array(fc.oneof(fc.constantFrom(...morsels), fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 9 })
  .map((parts) => parts.join(''))

/** Cut at any UTF-16 character, in the middle of surrogates too. */
function pieces(whole: string, cuts: readonly number[]): readonly string[] {
  const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((left, right) => left - right)
  return [0, ...at].map((from, index) => whole.slice(from, at[index] ?? whole.length))
}

describe.each(Object.entries(kinds))('%s', (_, searched) => {
  it.each([false, true])('masks a text in pieces as it masks the whole (json: %s)', (json) => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (plain, cuts) => {
        const whole = json ? JSON.stringify({ a: plain, 'b c': [plain, 12, { c: null }] }) : plain
        const expected = filterText(whole, { ...searched, onMatch: star, json })
        const window = new TextWindow({ ...searched, onMatch: star, json })
        const masked =
          pieces(whole, cuts)
            .map((piece) => window.push(piece))
            .join('') + window.end()
        expect(masked).toBe(expected)
        if (json) expect(() => JSON.parse(masked) as unknown).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it('changes nothing where nothing is found', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('q', 'w', ' ', '\n', '!', '?') }), (plain) => {
        expect(filterText(plain, { ...searched, onMatch: star, json: false })).toBe(plain)
      }),
    )
  })
})

it('finds personal data of every kind, and leaves what only looks like it', () => {
  const mask = (plain: string) => filterText(plain, { detectors: piiDetectors(piiKinds, 'US'), onMatch: star, json: false })
  expect(mask('Write to ada@example.org, or call +1 202-456-1111 or (202) 456-1111.')).toBe('Write to [EMAIL], or call [PHONE] or [PHONE].')
  expect(mask('Card 4111 1111 1111 1111, not 4111 1111 1111 1112.')).toBe('Card [CREDIT_CARD], not 4111 1111 1111 1112.')
  expect(mask('IBAN DE89 3704 0044 0532 0130 00 or GB29NWBK60161331926819, not DE00370400440532013000')).toBe(
    'IBAN [IBAN] or [IBAN], not DE00370400440532013000',
  )
  expect(mask('SSN 536-22-8726, host 192.168.1.254 and 2001:db8::ff00:42:8329, at 12:30:45, version 1.2.3')).toBe(
    'SSN [US_SSN], host [IP_ADDRESS] and [IP_ADDRESS], at 12:30:45, version 1.2.3',
  )
})

it('finds words in JSON whatever its escapes look like, and keeps the JSON valid', () => {
  const detectors = [keywordDetector(['forbidden']), ...piiDetectors(['credit-card'], undefined)]
  const json = String.raw`{"q":"a f\u006frb\u0069dden b","forbidden":4111111111111111,"n":1}`
  const masked = filterText(json, { detectors, onMatch: star, json: true })
  expect(JSON.parse(masked)).toEqual({ q: 'a [keyword] b', '[keyword]': 9999999999999999, n: 1 })
})

it('holds back no more than may still become a match', () => {
  const window = new TextWindow({ detectors: [keywordDetector(['forbidden'])], reading: caseless, onMatch: star, json: false })
  expect(window.push('0123456789 FORBI')).toBe('0123456789 ')
  expect(window.push('dden')).toBe('[keyword]')
  expect(window.push('for')).toBe('')
  expect(window.push('mat')).toBe('format')
  const pii = new TextWindow({ detectors: piiDetectors(piiKinds, undefined), onMatch: star, json: false })
  expect(pii.push('Hello, world! ')).toBe('Hello, world!')
})

it('decides about each place of a text once, however small the pieces in which it comes', () => {
  const asked: number[] = []
  const digits = /\d(?: ?\d){11,18}/
  const detector = new RegexDetector({
    pattern: { search: (text, from) => trustedPattern(digits).search(text, from), matchAt: trustedPattern(digits).matchAt },
    reach: 38,
    label: 'digits',
    open: (text, from) => Math.max(from, text.length - 38),
    accept: (found) => asked.push(found.length) < 0,
  })
  const window = new TextWindow({ detectors: [detector], onMatch: star, json: false })
  let passed = ''
  for (let at = 0; at < 2_000; at += 1) passed += window.push(at % 2 === 0 ? '1' : ' ')
  expect(passed + window.end()).toBe('1 '.repeat(1_000))
  expect(asked.length).toBeLessThanOrEqual(1_000)
})

it('looks once for each of its own finds, however many others find', () => {
  const asked = { often: 0, never: 0 }
  const often = keywordDetector(['a'])
  const spy = (name: keyof typeof asked, detector: Detector): Detector => ({
    step: 1,
    next: (...search) => {
      asked[name] += 1
      return detector.next(...search)
    },
    openFrom: (whole, from) => detector.openFrom(whole, from),
  })
  const detectors = [spy('often', often), spy('never', keywordDetector(['z']))]
  expect(filterText('ab'.repeat(100), { detectors, onMatch: () => '', json: false })).toBe('b'.repeat(100))
  expect(asked.never).toBe(1)
  expect(asked.often).toBeLessThanOrEqual(102)
})

it('counts what looks like a telephone number as one, once it has looked up as many as it may', () => {
  const detectors = piiDetectors(['phone'], 'US')
  const effort = fullEffort()
  const mask = (plain: string) => filterText(plain, { detectors, onMatch: star, json: false, effort })
  expect(mask('(111) 111-1111')).toBe('(111) 111-1111')
  effort.candidates = 0
  expect(mask('(111) 111-1111')).toBe('[PHONE]')
})

describe('matches longer than they may be', () => {
  it('are no finds, and those that begin behind them are', () => {
    const unit = fc.constantFrom('a', 'a', 'b', 'c')
    const pattern = linearPattern('a+b|c.*c', '')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.integer({ min: 2, max: 6 }), (plain, reach) => {
        const detector = new RegexDetector({ pattern, reach, label: 'pattern' })
        const starts = Array.from(plain, (_, at) => at)
        const first = starts.find((at) => pattern.matchAt(plain.slice(Math.max(0, at - reach), at + reach), Math.min(at, reach)) !== '')
        expect(detector.next(plain, 0, plain.length, fullEffort())?.start).toBe(first)
      }),
    )
  })

  it('have little read again, however many there are, and count as finds when too much would be', () => {
    const pattern = linearPattern('[a-z]+@corp\\.com', '')
    let characters = 0
    const counted: typeof pattern = {
      search: (text, from) => {
        const at = pattern.search(text, from)
        characters += Math.min(text.length, at === undefined ? text.length : at + 64) - from
        return at
      },
      matchAt: pattern.matchAt,
    }
    const detectors = [new RegexDetector({ pattern: counted, reach: 64, label: 'pattern' })]
    const plain = `${'a'.repeat(1_900)}@corp.com `.repeat(20)
    const effort = fullEffort()
    const masked = filterText(plain, { detectors, onMatch: star, json: false, effort })
    expect(masked).toBe(`${'a'.repeat(1_900 - 55)}[pattern] `.repeat(20))
    expect(characters).toBeLessThan(plain.length * 10)
    effort.characters = 0
    expect(filterText('a'.repeat(80) + '@corp.com', { detectors, onMatch: star, json: false, effort })).toMatch(/^\[pattern\]/)
  })
})

describe('a folded text', () => {
  const mask = (plain: string, keywords: readonly string[]) =>
    filterText(plain, { detectors: [keywordDetector(keywords)], reading: caseless, onMatch: () => '*', json: false })

  it.each([
    ['soft hyphens and zero-width characters', 'a pro\u00adject\u200b nig\u2060ht b', 'a * b'],
    ['full-width letters and spaces', 'a ＰＲＯＪＥＣＴ　ｎｉｇｈｔ b', 'a * b'],
    ['ligatures, replaced whole', 'a ﬁ b', 'a * b'],
    ['accents in two forms', 'Du\u0308nn, dünn', '*, *'],
    ['up to four characters of white space', 'project \t\n night, project     night', '*, project     night'],
    ['dashes', 'well\u2011known well\u2013known well\u2212known', '* * *'],
  ])('sees through %s, and masks what was written', (_, plain, expected) => {
    expect(mask(plain, ['Project Night', 'fi', 'dünn', 'well-known'])).toBe(expected)
  })

  it('takes the leftmost word, and the longest of those, in any alphabet: what a plain search takes', () => {
    const unit = fc.constantFrom('a', 'b', 'c')
    const word = fc.string({ unit, minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.string({ unit, maxLength: 40 }), (keywords, plain) => {
        const sorted = [...new Set(keywords)].sort((left, right) => right.length - left.length)
        expect(mask(plain, keywords)).toBe(plain.replaceAll(new RegExp(sorted.join('|'), 'g'), '*'))
      }),
    )
  })
})

it.each([false, true])('a text that goes on after its end is read with what came before (json: %s)', (json) => {
  const forbidden = ['forbidden phrase', 'secret', 'aba']
  const detectors = [keywordDetector(forbidden)]
  const morsel = fc.constantFrom(...forbidden, 'forbidden', ' ', 'phrase', 'for', 'sec', 'ret', 'ab', 'a', 'ｆor', '\u200b', '\u00ad', 'é')
  fc.assert(
    fc.property(fc.array(fc.tuple(morsel, fc.boolean()), { maxLength: 12 }), (parts) => {
      const window = new TextWindow({ detectors, reading: caseless, json, onMatch: () => '*' })
      const untouched = new TextWindow({ detectors, reading: caseless, json, onMatch: () => undefined })
      let masked = ''
      let same = ''
      const both = (act: (text: TextWindow) => string) => {
        masked += act(window)
        same += act(untouched)
      }
      for (const [piece, ends] of parts) {
        both((each) => each.push(piece))
        if (ends) both((each) => each.pause())
      }
      both((each) => each.pause())
      // Nothing is lost, said twice or let through.
      expect(same).toBe(parts.map(([piece]) => piece).join(''))
      const read = Array.from(masked, (character) => foldCase.of(character.codePointAt(0) ?? 0)).join('')
      expect(read).not.toMatch(/forbidden {1,4}phrase|secret|aba/)
    }),
    { numRuns: 2_000 },
  )
})
