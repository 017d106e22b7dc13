/** Public list of the way from a plan to a deployment. */
export { DeployWizard, type DeployWizardProps } from '../cluster/deploy-wizard.tsx'
export { PlanChanges } from '../cluster/plan-changes.tsx'
