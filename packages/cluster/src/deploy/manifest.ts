/** An object of Kubernetes as it is rendered. */

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: unknown
  /** Of kinds without a specification: `data`, `rules`, `subjects`. */
  readonly [part: string]: unknown
}
