/** Configuration files in every form, and what is said about broken ones. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfigFile } from '../../src/config-file/read-config-file.ts'
import { createDirectory } from '../support/directory.ts'

const expected = { models: { m: { targets: [{ provider: 'openai', weight: 2 }] } } }

it.each([
  ['c.json', JSON.stringify(expected)],
  ['c.yaml', 'models:\n  m:\n    targets:\n      - { provider: openai, weight: 2 }\n'],
  ['c.yml', JSON.stringify(expected)],
  ['c.mjs', `export default ${JSON.stringify(expected)}`],
  ['c.ts', `type Config = object\nexport const config: Config = ${JSON.stringify(expected)}`],
  ['c.mts', `import { models } from './models.mts'\nexport default { models }`],
])('reads %s', async (name, text) => {
  await using directory = await createDirectory()
  await directory.write('models.mts', `export const models: object = ${JSON.stringify(expected.models)}`)
  expect(await readConfigFile(await directory.write(name, text))).toEqual(expected)
})

it('reads a module anew each time, with what it imports', async () => {
  await using directory = await createDirectory()
  const path = await directory.write('c.ts', `import { weight } from './weight.ts'\nexport default { weight }`)
  await directory.write('weight.ts', 'export const weight: number = 1')
  expect(await readConfigFile(path)).toEqual({ weight: 1 })
  await directory.write('weight.ts', 'export const weight: number = 2')
  expect(await readConfigFile(path)).toEqual({ weight: 2 })
})

describe('says what is wrong with', () => {
  const failing = async (name: string, text: string): Promise<string> => {
    await using directory = await createDirectory()
    const path = await directory.write(name, text)
    return await readConfigFile(path).then(
      () => 'nothing',
      (error: unknown) => String(error),
    )
  }

  it.each([
    ['JSON, by its place and without quoting it', 'c.json', '{\n  "key": "sk-secret" "x"\n}', 'not valid JSON at line 2, column 22'],
    ['JSON that ends too early', 'c.json', '{"a":', 'not valid JSON at line 1'],
    ['YAML, by its place', 'c.yaml', 'a: 1\na: 2\n', 'line 2, column 1: Map keys must be unique'],
    ['YAML whose aliases explode', 'c.yaml', bomb(), 'aliases cannot be resolved'],
    [
      'a module without the export',
      'c.ts',
      'export const other = 1',
      "exports other; export the configuration as default, or by the name 'config'",
    ],
    ['a module that throws', 'c.ts', "throw new Error('no such tenant')", 'no such tenant'],
    ['a module that ends the process', 'c.mjs', 'process.exit(0)', 'it ended the process'],
    ['a module with a syntax error', 'c.ts', 'export default {{', 'cannot be read'],
    ['a function in a module', 'c.ts', 'export default { a: [{ b: () => 1 }], c: new Map() }', 'a.0.b: is a function (write plain data'],
    ['a circle in a module', 'c.ts', 'const a: any = {}; a.a = a; export default a', 'nested too deeply'],
    ['an ending that is not known', 'c.toml', 'a = 1', "its name ends in '.toml'; use .ts"],
  ])('%s', async (_what, name, text, message) => {
    const said = await failing(name, text)
    expect(said).toContain(message)
    expect(said).not.toContain('sk-secret')
  })

  it('a file that does not exist', async () => {
    await using directory = await createDirectory()
    await expect(readConfigFile(join(directory.path, 'none.json'))).rejects.toThrow('ENOENT')
  })
})

/** Each line repeats the one before nine times. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 9; level += 1) {
    const alias = `*a${String(level - 1)}`
    lines.push(`a${String(level)}: &a${String(level)} [${Array.from({ length: 9 }, () => alias).join(', ')}]`)
  }
  return lines.join('\n')
}
