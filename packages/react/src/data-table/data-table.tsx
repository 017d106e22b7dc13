'use client'
/** Rows of anything: sorted by a press on a column, and drawn only as far as they are seen when there are many. */
import { createSortedRowModel, rowSortingFeature, sortFn_alphanumeric, sortFn_basic, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, type ReactNode } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'

export interface DataColumn<Row> {
  readonly id: string
  readonly title: string
  /** What is sorted by, and shown where `show` is absent. */
  readonly value: (row: Row) => string | number
  readonly show?: ((row: Row) => ReactNode) | undefined
  readonly isNumber?: boolean | undefined
  /** Names the row to assistive technology. */
  readonly isHeader?: boolean | undefined
  /** Said, not shown, and nothing to sort by: a column of buttons. */
  readonly isTitleHidden?: boolean | undefined
}

export interface DataTableProps<Row> {
  readonly title: string
  readonly columns: readonly DataColumn<Row>[]
  readonly rows: readonly Row[]
  readonly rowId: (row: Row) => string
}

/** Fewer rows are all drawn: they can then be searched with the browser, and printed. */
const allDrawnMax = 200
const rowPixels = 37
const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
})

export function DataTable<Row>({ title, columns, rows, rowId }: DataTableProps<Row>) {
  const { common } = useBudStrings()
  const scroll = useRef<HTMLDivElement>(null)
  const data = useMemo(() => rows.map((row) => ({ row })), [rows])
  const definitions = useMemo(
    () =>
      columns.map(({ id, value }) => ({ id, accessorFn: ({ row }: { readonly row: Row }) => value(row), sortUndefined: 'last' as const })),
    [columns],
  )
  const table = useTable({ features, columns: definitions, data, getRowId: ({ row }: { readonly row: Row }) => rowId(row) })
  const sorted = table.getRowModel().rows
  const isVirtual = sorted.length > allDrawnMax
  const virtualizer = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPixels,
    overscan: 12,
    enabled: isVirtual,
  })
  const items = isVirtual ? virtualizer.getVirtualItems() : []
  const shown = isVirtual ? items.map(({ index }) => ({ index, each: sorted[index] })) : sorted.map((each, index) => ({ index, each }))
  const before = items[0]?.start ?? 0
  const after = isVirtual ? virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0) : 0
  return (
    <div ref={scroll} className="bud bud-scroll bud-data-table" data-virtual={isVirtual} tabIndex={0} role="group" aria-label={title}>
      <table className="bud-table" aria-rowcount={sorted.length + 1}>
        <caption className="bud-hidden">{title}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ id, title: name, isNumber, isTitleHidden }) => {
              if (isTitleHidden === true) {
                return (
                  <th key={id} scope="col">
                    <span className="bud-hidden">{name}</span>
                  </th>
                )
              }
              const column = table.getColumn(id)
              const order = column?.getIsSorted()
              return (
                <th
                  key={id}
                  scope="col"
                  className={isNumber === true ? 'bud-number' : undefined}
                  aria-sort={order === 'asc' ? 'ascending' : order === 'desc' ? 'descending' : undefined}
                >
                  <button type="button" className="bud-sort" title={common.sort(name)} onClick={() => column?.toggleSorting()}>
                    {name}
                    <span className="bud-sort-mark" aria-hidden="true">
                      {order === 'asc' ? '↑' : order === 'desc' ? '↓' : ''}
                    </span>
                  </button>
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          <Gap pixels={before} columns={columns.length} />
          {shown.map(({ index, each }) =>
            each === undefined ? null : (
              <tr key={each.id} aria-rowindex={index + 2}>
                {columns.map((column) => (
                  <Cell key={column.id} column={column} row={each.original.row} />
                ))}
              </tr>
            ),
          )}
          <Gap pixels={after} columns={columns.length} />
        </tbody>
      </table>
    </div>
  )
}

function Cell<Row>({ column, row }: { readonly column: DataColumn<Row>; readonly row: Row }) {
  const content = column.show === undefined ? column.value(row) : column.show(row)
  const className = column.isNumber === true ? 'bud-number' : undefined
  return column.isHeader === true ? (
    <th scope="row" className={className}>
      {content}
    </th>
  ) : (
    <td className={className}>{content}</td>
  )
}

/** Stands for the rows that are not drawn. Its height is set as an attribute, which strict policies let pass. */
function Gap({ pixels, columns }: { readonly pixels: number; readonly columns: number }) {
  if (pixels <= 0) return null
  return (
    <tr aria-hidden="true" className="bud-gap">
      <td colSpan={columns} height={pixels} />
    </tr>
  )
}
