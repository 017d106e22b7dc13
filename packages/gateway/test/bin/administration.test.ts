/** What the commands and the administrator's routes of the command are made of. */
import { expect, it } from 'vitest'
import { accountName } from '../../src/bin/administration.ts'

it('calls an account that the machine has no name for by its number', () => {
  expect(accountName(() => ({ username: 'ada' }))).toBe('ada')
  const nameless = () => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  expect(accountName(nameless)).toBe(`uid-${String(process.getuid?.())}`)
})
