/** What requests and answers may not say. */
export { GuardrailList, type GuardrailListProps } from '../gateway/guardrail-list.tsx'
