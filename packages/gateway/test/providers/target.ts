/** A target for tests. */
import { createSecret, type Target } from '@bud-foundry/core'

export const target = (part: Partial<Target> & Pick<Target, 'providerId' | 'modelId'>): Target => ({
  id: `${part.providerId}/${part.modelId}`,
  baseUrl: new URL('https://upstream.test/v1'),
  credential: createSecret('key'),
  weight: 1,
  tier: 0,
  options: {},
  ...part,
})
