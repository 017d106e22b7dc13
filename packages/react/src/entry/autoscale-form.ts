/** Public list of autoscaling. */
export { AutoscaleForm, type AutoscaleFormProps } from '../cluster/autoscale-form.tsx'
