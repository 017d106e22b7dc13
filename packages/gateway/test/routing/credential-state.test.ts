/** How long a credential rests, and who may probe it. */
import { expect, it } from 'vitest'
import { providerErrors, type UpstreamFailure } from '../../src/providers/provider-errors.ts'
import { CredentialState } from '../../src/routing/credential-state.ts'

const failure: UpstreamFailure = {
  providerId: 'openai',
  targetId: 'a',
  upstreamStatus: 401,
  upstreamType: undefined,
  upstreamCode: undefined,
  upstreamMessage: undefined,
  param: undefined,
}
const refusal = providerErrors.PROVIDER_CREDENTIAL_REJECTED(failure)
const limited = providerErrors.PROVIDER_RATE_LIMITED(failure)

it('allows one probe of a refused credential per rest, which doubles from 5 s to 60 s', () => {
  const credential = new CredentialState()
  credential.begin(0)
  credential.recordFailure(refusal, 0)
  let nowMs = 0
  for (const restMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    expect(credential.isUsable(nowMs + restMs - 1)).toBe(false)
    nowMs += restMs
    expect(credential.isUsable(nowMs)).toBe(true)
    credential.begin(nowMs)
    expect(credential.isUsable(nowMs)).toBe(false)
    credential.recordFailure(refusal, nowMs)
  }
})

it('counts refusals that come together as one, and starts anew after a success', () => {
  const credential = new CredentialState()
  credential.recordFailure(refusal, 0)
  credential.recordFailure(refusal, 1_000)
  expect(credential.isUsable(5_000)).toBe(true)
  credential.begin(5_000)
  credential.recordSuccess()
  expect(credential.isUsable(5_000)).toBe(true)
  credential.recordFailure(refusal, 6_000)
  expect(credential.isUsable(11_000)).toBe(true)
})

it('rests after a rate limit for a second and takes any number of requests afterwards', () => {
  const credential = new CredentialState()
  credential.recordFailure(limited, 0)
  expect(credential.isUsable(999)).toBe(false)
  credential.begin(1_000)
  expect(credential.isUsable(1_000)).toBe(true)
})
