/** CPU time and memory of a process and all its children, from /proc (Linux). */
import { readFileSync, readdirSync } from 'node:fs'

/** Kernel ticks are 10 ms on every Linux that Node runs on (USER_HZ, `man 7 time`). */
const microsecondsPerTick = 10_000

interface Stat {
  readonly parent: number
  readonly ticks: number
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // The name may contain blanks and brackets: fields are counted from the last bracket. Parent is field 4, utime and stime 14 and 15.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}

function family(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat !== undefined) parents.set(Number(name), stat.parent)
  }
  const members = [pid]
  for (const member of members) for (const [child, parent] of parents) if (parent === member) members.push(child)
  return members
}

export const cpuMicroseconds = (pid: number): number =>
  family(pid).reduce((sum, member) => sum + (readStat(member)?.ticks ?? 0) * microsecondsPerTick, 0)

export function residentBytes(pid: number): number {
  return family(pid).reduce((sum, member) => {
    try {
      const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(member)}/status`, 'utf8'))?.[1]
      return sum + Number(kilobytes ?? 0) * 1024
    } catch {
      return sum
    }
  }, 0)
}
