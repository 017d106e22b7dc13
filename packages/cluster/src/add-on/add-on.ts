/** An add-on as it should be: a chart or manifests at a fixed version, with values, in a namespace. */
import { z } from 'zod'

const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$/, 'a lower-case DNS label of at most 53 characters')

const chartSchema = z.strictObject({
  kind: z.literal('chart'),
  /** `https://…` or `oci://…`, or an absolute folder of packaged charts where there is no Internet. */
  repository: z.string().regex(/^(https?:\/\/|oci:\/\/|\/)\S+$/, 'an address beginning with https:// or oci://, or an absolute folder'),
  name: z.string().min(1),
  /** Exact: ranges would install another thing tomorrow. */
  version: z.string().regex(/^v?\d+\.\d+\.\d+(-[-\w.]+)?(\+[-\w.]+)?$/, 'an exact version such as 1.2.3'),
  /** SHA-256 of the packaged chart. Without it the digest of the first installation is remembered, and another one refused later. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in hexadecimal')
    .optional(),
})
const manifestsSchema = z.strictObject({
  kind: z.literal('manifests'),
  version: z.string().min(1),
  yaml: z
    .string()
    .min(1)
    .max(16 * 2 ** 20),
})

export const addOnSchema = z.strictObject({
  name: label,
  namespace: label,
  source: z.discriminatedUnion('kind', [chartSchema, manifestsSchema]),
  values: z.record(z.string(), z.unknown()).readonly().default({}),
})

/** As a caller writes it. */
export type AddOnInput = Readonly<z.input<typeof addOnSchema>>
/** With every default filled in. */
export type AddOn = Readonly<z.output<typeof addOnSchema>>
export type ChartSource = Readonly<z.output<typeof chartSchema>>
