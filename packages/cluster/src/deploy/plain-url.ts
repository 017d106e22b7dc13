/** Addresses that go into manifests, where everybody who may see them reads them. */
import { z } from 'zod'

/** `http` or `https`, without a user and a password. */
export const plainUrlSchema = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/^https?:\/\/[^/]*@/.test(text), 'an address without credentials: keep these in a Secret of the cluster')
