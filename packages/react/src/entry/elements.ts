/** Public list of the custom elements. */
export { defineBudElements, type ElementOptions } from '../element/define-elements.tsx'
