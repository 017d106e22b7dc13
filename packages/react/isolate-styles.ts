/** Makes the style sheet for hostile pages: the same looks, which no rule of the host can change. */
import { readFile, writeFile } from 'node:fs/promises'
import postcss, { type Rule } from 'postcss'

/**
 * Rules that are important win over unlayered ones, and among important ones the earlier layer wins: the kit's own, then this one, which takes
 * every element back to the browser's defaults, then the host's. Drawings keep their attributes, and what uPlot writes into its elements stays.
 */
const reset = `@layer bud, bud-isolation;
@layer bud-isolation {
  .bud:not(.bud-root), .bud :not(svg, svg *, .u-wrap, .u-wrap *, .bud-gap > td),
  .bud :not(svg, svg *, .u-wrap, .u-wrap *, .bud-gap > td)::before,
  .bud :not(svg, svg *, .u-wrap, .u-wrap *, .bud-gap > td)::after { all: revert !important; }
  .bud svg, .bud svg * {
    display: revert !important; position: revert !important; box-sizing: revert !important; margin: revert !important; padding: revert !important;
    border-style: revert !important; border-width: revert !important; vertical-align: revert !important; max-width: revert !important; cursor: revert !important;
    font: revert !important; letter-spacing: revert !important; text-transform: revert !important; color: revert !important; background: revert !important;
  }
}
`

/** Browsers count the attribute among what a page may style, so that it is taken back with the rest. */
const hidden = '@layer bud { .bud [hidden] { display: none !important; } }\n'

const isFrame = ({ parent }: Rule) => parent?.type === 'atrule' && 'name' in parent && parent.name.endsWith('keyframes')

/** Pure: the sheet with every declaration important, and the reset before it. */
export function isolateStyles(css: string): string {
  const root = postcss.parse(css)
  root.walkRules((rule) => {
    // Animations must not be important, or they would not run.
    if (isFrame(rule)) return
    rule.each((node) => {
      if (node.type === 'decl') node.important = true
    })
  })
  return `${reset}${root.toString()}\n${hidden}`
}

export async function writeIsolatedStyles(): Promise<void> {
  await writeFile('dist/styles-isolated.css', isolateStyles(await readFile('dist/styles.css', 'utf8')))
}
