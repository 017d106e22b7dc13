import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const source = new URL('../src/', import.meta.url)
const imports = /^(?:import|export)[^'"]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm

/** Every module that the root entry loads, and every package that those name. */
function loaded(): { modules: ReadonlyMap<string, string>; packages: ReadonlySet<string> } {
  const modules = new Map<string, string>()
  const packages = new Set<string>()
  const queue = [new URL('index.ts', source)]
  for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
    if (modules.has(url.href)) continue
    const text = readFileSync(url, 'utf8')
    modules.set(url.href, text)
    for (const [statement, from, bare, dynamic] of text.matchAll(imports)) {
      const specifier = from ?? bare ?? dynamic ?? ''
      if (specifier.startsWith('.')) queue.push(new URL(specifier, url))
      else if (!/^(?:import|export) type /.test(statement)) packages.add(specifier)
    }
  }
  return { modules, packages }
}

describe('the root entry', () => {
  test('loads no Node built-in, and zod and one function as packages', () => {
    const { modules, packages } = loaded()
    expect(modules.size).toBeGreaterThan(40)
    expect([...packages].sort()).toEqual(['fastest-levenshtein', 'zod'])
  })

  test('uses no global that only Node has', () => {
    for (const [module, text] of loaded().modules) {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      expect(code, module).not.toMatch(/\b(?:Buffer|process)\.[a-zA-Z]|\b(?:require|setImmediate)\(|\b__(?:dirname|filename)\b/)
    }
  })
})
