/**
 * Starts child processes so that none outlives this one: signals are passed on, and a killed parent takes its children along.
 * Depends on nothing and runs on Node 20, because it works before anything is installed.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** A terminal and npm both deliver one Ctrl-C; within this time a repeated signal is the same one, later it is a second wish. */
const sameSignalMs = 300
const parentPollMs = 500
const toolGraceMs = 1_000
/** The server promises to end within 10 s; what has not by then is stuck. */
const supervisedGraceMs = 12_000

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
/** @type {NodeJS.Signals | undefined} */
let received
let receivedAtMs = 0

/** The signal that asked this process to end, if one did. */
export const endingSignal = () => received

/** Signals a child's whole process group, so that what the child started ends too. */
const signalGroup = (child, signal) => {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error
  }
}

const onSignal = (signal) => {
  const nowMs = performance.now()
  if (received === signal && nowMs - receivedAtMs < sameSignalMs) return
  received = signal
  receivedAtMs = nowMs
  for (const child of running) {
    // A supervised program shuts its own children down; tools (npm, turbo) are ended together with what they started.
    if (child.budSupervised) {
      child.kill(signal)
      setTimeout(signalGroup, supervisedGraceMs, child, 'SIGKILL').unref()
    } else {
      signalGroup(child, signal)
      // npm puts a signal off until its current phase is over; an unfinished installation is found and repeated by the next command.
      setTimeout(signalGroup, toolGraceMs, child, 'SIGKILL').unref()
    }
  }
  if (running.size === 0) process.exit(128 + constants.signals[signal])
}

let watching = false
const watch = () => {
  if (watching) return
  watching = true
  for (const signal of signals) process.on(signal, () => onSignal(signal))
  process.on('exit', () => {
    for (const child of running) signalGroup(child, 'SIGKILL')
  })
  const parent = process.ppid
  // When npm is killed outright no signal arrives; a changed parent is the only trace.
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onSignal('SIGTERM')
  }, parentPollMs)
  timer.unref()
}

const start = (command, args, options) => {
  watch()
  // Its own process group: a terminal's Ctrl-C then reaches the child once, through us.
  const child = spawn(command, args, { detached: process.platform !== 'win32', ...options })
  running.add(child)
  const ended = new Promise((resolve, reject) => {
    child.once('error', (error) => {
      running.delete(child)
      reject(error)
    })
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  return { child, ended }
}

/**
 * Runs a tool to its end and keeps its output; resolves to its exit status and the text.
 * With `echo` the output is shown as it comes.
 */
export const runTool = async (command, args, { cwd, env, echo = false } = {}) => {
  const { child, ended } = start(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      chunks.push(chunk)
      if (echo) process.stdout.write(chunk)
    })
  }
  const { code, signal } = await ended
  return { code: code ?? 1, signal, output: Buffer.concat(chunks).toString('utf8') }
}

/**
 * Hands this process over to a program: same terminal, signals forwarded, and its exit becomes ours.
 * The IPC channel is how the program notices that this process was killed (see end-with-parent.mjs).
 */
export const handOver = async (command, args, { cwd, env } = {}) => {
  const watcher = new URL('end-with-parent.mjs', import.meta.url).href
  const { child, ended } = start(command, ['--import', watcher, ...args], {
    cwd,
    env: { ...env, BUD_PARENT_PID: String(process.pid) },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  child.budSupervised = true
  const { code, signal } = await ended
  signalGroup(child, 'SIGKILL')
  if (signal === null) process.exit(code ?? 1)
  for (const name of signals) process.removeAllListeners(name)
  process.kill(process.pid, signal)
}
