/** A WebAssembly module that multiplies a packed 4 × K panel by a K × 8 panel with 128-bit vectors, over and over. */

/** LEB128, which WebAssembly writes all its whole numbers in. */
function leb(value: number): number[] {
  const bytes: number[] = []
  let left = value
  do {
    const low = left & 0x7f
    left >>>= 7
    bytes.push(left === 0 ? low : low | 0x80)
  } while (left !== 0)
  return bytes
}
const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content]
const vector = (opcode: number) => [0xfd, ...leb(opcode)]

const op = {
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  brIf: 0x0d,
  loop: 0x03,
  end: 0x0b,
} as const
const load = [...vector(0x00), 4]
const loadSplat = [...vector(0x09), 2]
const store = [...vector(0x0b), 4]
const multiply = vector(0xe6)
const add = vector(0xe4)
const i32 = 0x7f
const v128 = 0x7b

/** Columns of the left and rows of the right panel: both stay in the first-level cache. */
const depth = 256
const [leftAt, rightAt, resultAt] = [0, depth * 4 * 4, depth * 4 * 4 + depth * 8 * 4]

// Locals: 0 rounds, 1 steps, 2 left, 3 right, 4 and 5 the right row, 6 to 13 the sums.
const [rounds, steps, left, right, low, high, firstSum] = [0, 1, 2, 3, 4, 5, 6]

const get = (local: number) => [op.localGet, local]
const set = (local: number) => [op.localSet, local]
const constant = (value: number) => [op.i32Const, ...leb(value)]
const addTo = (local: number, value: number) => [...get(local), ...constant(value), op.i32Add, ...set(local)]
// Constants above 63 would read as negative in signed LEB128 unless another byte follows.
const start = (local: number, value: number) => [
  op.i32Const,
  ...(value % 128 >= 64 || value >= 64 ? [...leb(value).slice(0, -1), (leb(value).at(-1) ?? 0) | 0x80, 0] : leb(value)),
  ...set(local),
]

function innerStep(): number[] {
  const code = [...get(right), ...load, 0, ...set(low), ...get(right), ...load, 16, ...set(high)]
  for (let row = 0; row < 4; row += 1)
    for (const [half, column] of [low, high].entries()) {
      const sum = firstSum + row * 2 + half
      code.push(...get(sum), ...get(left), ...loadSplat, row * 4, ...get(column), ...multiply, ...add, ...set(sum))
    }
  return [...code, ...addTo(left, 16), ...addTo(right, 32)]
}

function body(): number[] {
  const countDown = (local: number) => [...get(local), ...constant(1), op.i32Sub, op.localTee, local, op.brIf, 0, op.end]
  const loop = (content: readonly number[], local: number) => [op.loop, 0x40, ...content, ...countDown(local)]
  const inner = loop(innerStep(), steps)
  const outer = loop([...start(steps, depth), ...start(left, leftAt), ...start(right, rightAt), ...inner], rounds)
  const stores = Array.from({ length: 8 }, (_, sum) => [
    ...start(left, resultAt),
    ...get(left),
    ...get(firstSum + sum),
    ...store,
    ...leb(sum * 16),
  ]).flat()
  return [...outer, ...stores, op.end]
}

/** Floating-point operations of one round: a multiplication and an addition for each of 4 × 8 × depth. */
export const flopsPerRound = 2 * 4 * 8 * depth

/** The module's bytes; it exports `run(rounds)` and its `memory`. */
export function matrixKernel(): Uint8Array<ArrayBuffer> {
  const code = [2, 3, i32, 10, v128, ...body()]
  const text = (name: string) => [name.length, ...new TextEncoder().encode(name)]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('run'), 0, 0, ...text('memory'), 2, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ])
}
