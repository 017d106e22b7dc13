/** What deploying an engine needs beyond its launch spec: other folders, several nodes, split prefill and decode, adapters. */
import type { LaunchSpec } from '@bud-foundry/core'

/** How a container is started. */
export interface Start {
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A LoRA adapter by the name that requests use, and where the engine finds it: a folder, or a repository. */
export interface AdapterPlace {
  readonly name: string
  readonly place: string
}

/** What stands in front of prefill and decode servers and takes the requests. */
export interface RouterStart extends Start {
  /** Absent: the project publishes none with a fixed version, so the options must name one. */
  readonly image?: string
  readonly portHttp: number
  readonly health: string
}

export interface SplitServers {
  readonly launch: LaunchSpec
  readonly model: string
  /** `http://chat-prefill.team-a:80` */
  readonly prefillUrl: string
  readonly decodeUrl: string
}

/** One engine as `cluster` starts it; absent members are what it cannot do. */
export interface EngineDeployment {
  readonly id: string
  /** Reads the model from a folder instead of downloading it. */
  readonly fromFolder: (launch: LaunchSpec, modelId: string, folder: string) => readonly string[]
  /** One replica over several nodes of a LeaderWorkerSet. */
  readonly multiNode?: (start: Start) => { readonly leader: Start; readonly worker: Start }
  readonly split?: {
    readonly prefill: (start: Start) => Start
    readonly decode: (start: Start) => Start
    readonly router: (servers: SplitServers) => RouterStart
  }
  readonly adapters?: (start: Start, adapters: readonly AdapterPlace[]) => Start
}

export const withArgs = (start: Start, args: readonly string[]): Start => ({ ...start, args: [...start.args, ...args] })
export const withEnv = (start: Start, env: Start['env']): Start => ({ ...start, env: { ...start.env, ...env } })

/** The value behind a flag, replaced. */
export function replaceFlag(args: readonly string[], flag: string, name: string, value: string): readonly string[] {
  const at = args.indexOf(flag)
  return at < 0 ? [...args, name, value] : [...args.slice(0, at), name, value, ...args.slice(at + 2)]
}

/** The first argument that is the model, replaced; flags such as the served name keep theirs. */
export function replaceFirst(args: readonly string[], value: string, replacement: string): readonly string[] {
  const at = args.indexOf(value)
  return at < 0 ? args : args.with(at, replacement)
}

/** Starts a shell script with the engine's own command line as its arguments. */
export const shellStart = (start: Start, script: string): Start => ({
  command: ['/bin/sh', '-c', script, 'engine'],
  args: [...start.command, ...start.args],
  env: start.env,
})
