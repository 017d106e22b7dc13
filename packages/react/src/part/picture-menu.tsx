'use client'
/** Saves a picture that stands on the page as SVG: its numbers as CSV, itself as SVG or PNG. */
import { useBudStrings } from '../hook/bud-context.ts'
import { toCsvText } from './csv-file.ts'
import { findPicture, toPicturePng, toPictureSvg } from './picture-file.ts'
import { SaveMenu, type FileKind } from './save-menu.tsx'

export interface PictureMenuProps {
  readonly title: string
  /** The first row holds the names of the columns; asked when the file is made. */
  readonly rows: () => readonly (readonly string[])[]
  /** The picture is on the page, and not its table. */
  readonly hasPicture: boolean
}

export function PictureMenu({ title, rows, hasPicture }: PictureMenuProps) {
  const { metrics } = useBudStrings()
  const kinds: readonly FileKind[] = [
    { label: metrics.exportCsv, ending: 'csv', make: () => new Blob([toCsvText(rows())], { type: 'text/csv' }) },
    ...(hasPicture
      ? [
          { label: metrics.exportSvg, ending: 'svg' as const, make: (menu: HTMLElement) => toPictureSvg(findPicture(menu), title) },
          { label: metrics.exportPng, ending: 'png' as const, make: (menu: HTMLElement) => toPicturePng(findPicture(menu), title) },
        ]
      : []),
  ]
  return <SaveMenu title={title} isEmpty={false} kinds={kinds} />
}
