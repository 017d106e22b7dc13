/** The spool format: what was written is read back, and damage anywhere is found. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEvents, encodeGroupHeader, findGroup, measureDamage, readGroup } from '../../src/sink/spool-format.ts'
import { scanGroups } from '../../src/sink/spool-recovery.ts'

function encode(events: readonly object[]): Buffer {
  const payload = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return Buffer.concat([encodeGroupHeader(payload, events.length), payload])
}

const event = fc.record({ id: fc.string({ minLength: 1, unit: 'binary' }), kind: fc.string(), timeUnixMs: fc.nat(), note: fc.jsonValue() })
const groups = fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })

function readAll(bytes: Buffer): readonly unknown[] {
  const events: unknown[] = []
  for (let offset = 0; ;) {
    const group = readGroup(bytes, offset)
    if (group.kind !== 'group') return events
    const decoded = decodeEvents(group.payload)
    expect(decoded).toHaveLength(group.count)
    events.push(...decoded)
    offset = group.endOffset
  }
}

test('groups are read back as they were written', () => {
  fc.assert(
    fc.property(groups, (all) => {
      const bytes = Buffer.concat(all.map(encode))
      expect(readAll(bytes)).toEqual(JSON.parse(JSON.stringify(all.flat())))
    }),
  )
})

test('a file that was cut at any byte yields exactly its whole groups', () => {
  const all = [[{ id: 'a', kind: 'k', timeUnixMs: 1 }], [{ id: 'b\n#', kind: 'ü', timeUnixMs: 2 }], [{ id: 'c', kind: 'k', timeUnixMs: 3 }]]
  const encoded = all.map(encode)
  const bytes = Buffer.concat(encoded)
  const ends = encoded.map((_, index) => encoded.slice(0, index + 1).reduce((sum, each) => sum + each.byteLength, 0))
  for (let length = 0; length <= bytes.byteLength; length += 1) {
    expect(readAll(bytes.subarray(0, length))).toHaveLength(ends.filter((end) => end <= length).length)
  }
})

test('any changed byte is noticed, and the groups after it are found', () => {
  const first = encode([{ id: 'a', kind: 'k', timeUnixMs: 1 }])
  const second = encode([{ id: 'b', kind: 'k', timeUnixMs: 2 }])
  for (let at = 0; at < first.byteLength; at += 1) {
    const bytes = Buffer.concat([first, second])
    bytes[at] = (bytes[at] ?? 0) ^ 0x21
    expect(readGroup(bytes, 0).kind, `byte ${String(at)}`).toBe('damaged')
    expect(findGroup(bytes, 0)).toBe(first.byteLength)
    const damage = measureDamage(bytes, 0)
    expect(damage).toEqual({ startOffset: 0, endOffset: first.byteLength, isTorn: false, events: 1 })
  }
})

test('of groups of any bytes, those after a damaged one are found, and its events are counted where its header says them', () => {
  const groupOf = (payload: Uint8Array, count: number) => Buffer.concat([encodeGroupHeader(payload, count), payload])
  const payload = fc.uint8Array({ minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(fc.tuple(payload, payload, payload), fc.nat(), (payloads, at) => {
      const [first, second, third] = payloads.map((bytes) => groupOf(bytes, 7)) as [Buffer, Buffer, Buffer]
      const bytes = Buffer.concat([first, second, third])
      const changed = first.byteLength + (at % second.byteLength)
      bytes[changed] = (bytes[changed] ?? 0) ^ 0x80
      const { spans, damages } = scanGroups(bytes, 0)
      const end = first.byteLength + second.byteLength
      expect(spans.map(({ startOffset }) => startOffset)).toEqual([0, end])
      const inHeader = changed - first.byteLength < 28
      expect(damages).toEqual([{ startOffset: first.byteLength, endOffset: end, isTorn: false, events: inHeader ? 1 : 7 }])
    }),
  )
})

test('a file that was cut inside its last group is torn, and one of the right length is damaged', () => {
  const first = encode([{ id: 'a', kind: 'k', timeUnixMs: 1 }])
  const second = encode([{ id: 'b', kind: 'k', timeUnixMs: 2 }])
  const whole = Buffer.concat([first, second])
  for (let length = first.byteLength + 1; length < whole.byteLength; length += 1) {
    const damage = { startOffset: first.byteLength, endOffset: length, isTorn: true, events: 0 }
    expect(scanGroups(whole.subarray(0, length), 0).damages, `${String(length)} bytes`).toEqual([damage])
  }
  whole[whole.byteLength - 1] = 0
  expect(scanGroups(whole, 0).damages).toMatchObject([{ isTorn: false, events: 1 }])
})
