/** House rules as hooks: what is asked, where it goes, and who used how much. */
import { defineHooks } from '@bud-foundry/gateway'

const houseRule = { role: 'system', content: 'Answer in one sentence.' }

/** Tokens by team, since the process started. */
export const tokensByTeam = new Map<string, number>()

export const hooks = defineHooks({
  budgetMs: 200,
  request: (call) => {
    if (call.operation !== 'chat') return undefined
    const team = call.header('x-team')
    if (team === undefined) return { refuse: 'Say whose request it is in the header x-team.' }
    call.addTag('team', team)
    // The gateway has read the head of this body, so it is a JSON object; a field that is none of ours passes as it is.
    const body = JSON.parse(Buffer.from(call.body).toString()) as { readonly messages: readonly object[] }
    return { body: { ...body, messages: [houseRule, ...body.messages] } }
  },
  route: (call, candidates) =>
    call.header('x-team') === 'nightly' ? candidates.filter(({ target }) => target.id === 'cheap') : candidates,
  usage: (call, { inputTokens, outputTokens }) => {
    const team = call.header('x-team') ?? 'unknown'
    tokensByTeam.set(team, (tokensByTeam.get(team) ?? 0) + inputTokens + outputTokens)
  },
})
