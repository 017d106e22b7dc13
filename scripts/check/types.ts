/** The TypeScript compiler over every project of the repository: each workspace, the scripts and the root's configuration files. */
import path from 'node:path'
import { listFiles, root, runBin } from './repository.ts'
import { demandNone, type Step } from './step.ts'

/** Two at a time: that is how many cores the smallest machine has. */
const parallel = 2

const checkProject = async (project: string): Promise<{ files: number; problems: string[] }> => {
  const { code, stdout, output } = await runBin('tsc', ['--noEmit', '--pretty', 'false', '--listFiles', '-p', project])
  const own = stdout.split('\n').filter((line) => line.startsWith(root) && !line.includes('/node_modules/'))
  const problems = output.split('\n').filter((line) => line.trim() !== '' && !path.isAbsolute(line))
  return { files: own.length, problems: code === 0 ? [] : problems }
}

export const types: Step = {
  name: 'types',
  run: async () => {
    const projects = await listFiles('tsconfig.json', '**/tsconfig.json')
    const waiting = [...projects]
    const problems: string[] = []
    let files = 0
    const worker = async (): Promise<void> => {
      for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
        const result = await checkProject(project)
        if (result.files === 0) problems.push(`${project} includes no file.`)
        problems.push(...result.problems)
        files += result.files
      }
    }
    await Promise.all(Array.from({ length: parallel }, worker))
    demandNone(problems, 'The compiler does not accept these.')
    return { count: files, things: `files in ${projects.length} projects` }
  },
}
