/** Public list of the key manager. */
export { KeyManager, type KeyManagerProps } from '../key-manager/key-manager.tsx'
export { KeyTable, type KeyTableProps } from '../key-manager/key-table.tsx'
