/** The sentences that the simulated engine speaks in. `{t}` is what the prompt is about, `{u}` a second word from it. */

export const openings = [
  'Here is a short answer about {t}.',
  'Let us look at {t} step by step.',
  'A good way to think about {t} is to start from what it has to achieve.',
  'There are a few things worth knowing about {t}.',
  'In brief, {t} comes down to a handful of ideas.',
] as const

export const bodies = [
  'First, it helps to be clear about the goal, because {t} can mean different things to different people.',
  'In practice, most of the effort goes into the details: small choices around {u} add up quickly.',
  'A common mistake is to optimise too early; measure {t} before changing anything.',
  'When {u} matters most, keep the design simple and make every assumption visible.',
  'It is often useful to split {t} into parts that can be understood, tested and replaced on their own.',
  'Trade-offs are unavoidable here: more speed usually costs memory, and more flexibility costs clarity.',
  'For {u}, a worked example says more than a long definition.',
  'People who know {t} well tend to agree on one point: consistency beats cleverness.',
  'If resources are limited, spend them where {u} is felt directly and postpone the rest.',
  'Over time, requirements change, so leave room for {t} to grow without a rewrite.',
  'Good tools make {u} easier, but they do not replace a clear picture of the problem.',
  'Finally, write down what was decided about {t} and why; the reasons are forgotten first.',
] as const

export const closings = [
  'That should be enough to get started with {t}; ask for more detail on any part.',
  'With these points in mind, {t} becomes much easier to reason about.',
  'If you tell me more about {u}, the answer can be more specific.',
] as const

export const stopWords: ReadonlySet<string> = new Set(
  (
    'a about above after again all also am an and any are as ask at be because been before being below between both but by can could did do does ' +
    'doing down during each explain few for from further get give had has have having he hello her here hers him his how i if in into is it its ' +
    'just know like list long make many me more most much my need no nor not now of off on once only or other our out over own please same say she ' +
    'short should show so some such sentence sentences tell than that the their them then there these they thing things this those through to too ' +
    'under until up use using very want was we were what when where which while who whom why will with word words would write you your'
  ).split(' '),
)
