/** Lets one set-up at a time work on a clone, so that `npm start` and `npm test` may be typed at once. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { cacheFolder, endIfAsked, fail, sayIfSlow } from './place.mjs'

const pollMs = 200
/** An owner writes its id right after creating the file; a file still empty after this time was left by a crash. */
const emptyLockMs = 5_000
/** Longer than any set-up: past it the recorded id belongs to some other, newer process. */
const waitLimitMs = 20 * 60_000

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

const isStale = async (lock) => {
  const [text, entry] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]).catch(() => ['', undefined])
  if (entry === undefined) return false
  return text === '' ? Date.now() - entry.mtimeMs > emptyLockMs : !isAlive(Number(text))
}

/** Moves a stale lock aside first: of two waiters that both saw it, only one moves it, and neither removes the other's new lock. */
const removeStale = async (lock) => {
  const aside = `${lock}.${process.pid}`
  try {
    await rename(lock, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (await isStale(aside)) await rm(aside, { force: true })
  else await rename(aside, lock)
}

const acquire = async (lock) => {
  const startMs = performance.now()
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (await isStale(lock)) await removeStale(lock)
    if (performance.now() - startMs > waitLimitMs)
      fail(`Another set-up has held ${lock} for too long. If none is running, remove that file.`)
    await delay(pollMs)
    endIfAsked()
  }
}

/** Runs `work` while no other process sets this clone up. A lock whose owner is gone is taken over. */
export const withSetupLock = async (work) => {
  await mkdir(cacheFolder, { recursive: true })
  const lock = path.join(cacheFolder, 'setup.lock')
  const settle = sayIfSlow('Another command is setting this clone up; waiting for it ...')
  await acquire(lock)
  settle()
  const release = () => {
    if (existsSync(lock) && readFileSync(lock, 'utf8') === String(process.pid)) rmSync(lock, { force: true })
  }
  // `fail` and signals leave through process.exit.
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}
