/** Public list of the request table. */
export { LiveRequestTable, RequestTable, type LiveRequestTableProps, type RequestTableProps } from '../request-table/request-table.tsx'
export { RequestDetail } from '../request-table/request-detail.tsx'
