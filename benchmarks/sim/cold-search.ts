/** One search in a fresh process: prints the milliseconds from the first import to the answer. */
const startMs = performance.now()
const { optimize } = await import('@bud-foundry/sim')
const { problems } = await import('./problems.ts')
await optimize(problems.qwen)
process.stdout.write(`${String(performance.now() - startMs)}\n`)
