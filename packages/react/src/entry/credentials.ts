/** Public list of provider credentials. */
export { CredentialList } from '../gateway/credential-list.tsx'
