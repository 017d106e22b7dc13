/** Public list of the sortable table. */
export { DataTable, type DataColumn, type DataTableProps } from '../data-table/data-table.tsx'
