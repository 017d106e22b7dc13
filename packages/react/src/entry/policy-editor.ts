/** Public list of the policy editor. */
export { PolicyEditor } from '../gateway/policy-editor.tsx'
