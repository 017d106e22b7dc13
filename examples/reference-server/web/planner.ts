/** The state of the plan page: the question, the optimizer's answer, the manifests of a chosen plan. Kept above the tabs. */
import { useAction, useBudClient, type Action, type ClusterPlan, type OptimizeInput, type OptimizeResult } from '@bud-foundry/react'
import { useState } from 'react'
import { emptyQuestion, type Question } from './plan-question.ts'

type Plan = OptimizeResult['plans'][number]

export interface Planner {
  readonly question: Question
  readonly setQuestion: (question: Question) => void
  readonly search: Action<OptimizeInput, OptimizeResult>
  readonly manifests: Action<Plan, ClusterPlan>
  readonly selected: Plan | undefined
  readonly select: (plan: Plan) => void
}

export function usePlanner(): Planner {
  const client = useBudClient()
  const [question, setQuestion] = useState<Question>(emptyQuestion)
  const [selected, setSelected] = useState<Plan | undefined>(undefined)
  const manifests = useAction((plan: Plan, signal) => client.planDeployment({ plan }, { signal }))
  const search = useAction((input: OptimizeInput, signal) => {
    setSelected(undefined)
    manifests.reset()
    return client.optimize(input, { signal })
  })
  const select = (plan: Plan) => {
    setSelected(plan)
    manifests.run(plan)
  }
  return { question, setQuestion, search, manifests, selected, select }
}
