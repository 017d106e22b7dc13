/** Preloaded into programs that the scripts start: asks the program to end when the script that started it was killed. */
import process from 'node:process'

// Workers and test forks inherit this preload, but answer to their own parent.
if (process.env.BUD_PARENT_PID === String(process.ppid) && process.connected) {
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}
