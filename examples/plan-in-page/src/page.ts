/// <reference lib="dom" />
/** The page: reads the form, plans in the browser, and prints the answer in words. */
import { listHardware, optimize } from '@bud-foundry/sim/browser'

function find<Name extends keyof HTMLElementTagNameMap>(name: Name): HTMLElementTagNameMap[Name] {
  const element = document.querySelector(name)
  if (element === null) throw new Error(`index.html has no <${name}>`)
  return element
}
const form = find('form')
const hardware = find('select')
const output = find('pre')

for (const { id, name } of listHardware()) hardware.add(new Option(name, id, id === 'h100-sxm', id === 'h100-sxm'))

async function plan(fields: FormData): Promise<string> {
  const text = (name: string) => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : ''
  }
  const number = (name: string) => Number(text(name))
  const { plans, summary } = await optimize(
    {
      model: text('model'),
      devices: [{ hardwareId: text('hardware'), count: number('count') }],
      workload: { inputTokens: 1024, outputTokens: 256, concurrency: number('concurrency') },
    },
    {
      onProgress: ({ examined }) => {
        output.textContent = `${String(examined)} configurations examined`
      },
    },
  )
  const [best] = plans
  return [...summary, '', ...(best?.reasons ?? []), '', [...(best?.launch.command ?? []), ...(best?.launch.args ?? [])].join(' ')].join(
    '\n',
  )
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  plan(new FormData(form)).then(
    (text) => {
      output.textContent = text
    },
    (error: unknown) => {
      output.textContent = error instanceof Error ? error.message : String(error)
    },
  )
})
