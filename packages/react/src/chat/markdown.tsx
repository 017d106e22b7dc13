'use client'
/** Shows an answer's Markdown as elements; no HTML of the model ever reaches the page. */
import { memo, useMemo } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { CopyButton } from '../part/copy-button.tsx'
import { parseMarkdownBlocks, type MarkdownBlock, type MarkdownListItem } from './markdown-blocks.ts'
import { parseMarkdownInline, type MarkdownInline } from './markdown-inline.ts'

export function Markdown({ text }: { readonly text: string }) {
  const blocks = useMemo(() => parseMarkdownBlocks(text), [text])
  return (
    <div className="bud-markdown">
      {blocks.map((block, index) => (
        <Block key={index} block={block} source={JSON.stringify(block)} />
      ))}
    </div>
  )
}

/** Streaming parses the text again and again; only a block whose content changed is drawn again. */
const Block = memo(
  function Block({ block }: { readonly block: MarkdownBlock; readonly source: string }) {
    switch (block.kind) {
      case 'paragraph':
        return <p>{toNodes(block.text)}</p>
      case 'heading':
        // Not a real heading: an answer must not break the outline of the page around it.
        return (
          <p className="bud-markdown-heading" data-level={block.level}>
            {toNodes(block.text)}
          </p>
        )
      case 'list':
        return <List items={block.items} isOrdered={block.isOrdered} start={block.start} />
      case 'quote':
        return <blockquote>{toNodes(block.text)}</blockquote>
      case 'code':
        return <CodeBlock language={block.language} text={block.text} />
      case 'table':
        return <TableBlock head={block.head} rows={block.rows} />
      case 'rule':
        return <hr />
    }
  },
  (before, after) => before.source === after.source,
)

function List({
  items,
  isOrdered,
  start,
}: {
  readonly items: readonly MarkdownListItem[]
  readonly isOrdered: boolean
  readonly start: number
}) {
  const rows = items.map(({ text, depth }, index) => (
    <li key={index} data-depth={depth}>
      {toNodes(text)}
    </li>
  ))
  return isOrdered ? <ol start={start}>{rows}</ol> : <ul>{rows}</ul>
}

function CodeBlock({ language, text }: { readonly language: string; readonly text: string }) {
  const { chat } = useBudStrings()
  return (
    <div className="bud-code">
      <div className="bud-code-bar">
        <span>{language}</span>
        <CopyButton text={text} label={chat.copyCode} isIconOnly />
      </div>
      {/* Focusable, so that a keyboard can scroll it. */}
      <pre tabIndex={0} role="group" aria-label={language === '' ? 'code' : language}>
        <code>{text}</code>
      </pre>
    </div>
  )
}

function TableBlock({ head, rows }: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }) {
  return (
    <div className="bud-scroll">
      <table>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                {toNodes(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{toNodes(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function toNodes(text: string) {
  return parseMarkdownInline(text).map((part, index) => <Inline key={index} part={part} />)
}

function Inline({ part }: { readonly part: MarkdownInline }) {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'code':
      return <code>{part.text}</code>
    case 'strong':
      return <strong>{toChildren(part.children)}</strong>
    case 'emphasis':
      return <em>{toChildren(part.children)}</em>
    case 'strike':
      return <del>{toChildren(part.children)}</del>
    case 'link':
      return (
        <a href={part.href} target="_blank" rel="noopener noreferrer">
          {toChildren(part.children)}
        </a>
      )
  }
}

function toChildren(parts: readonly MarkdownInline[]) {
  return parts.map((part, index) => <Inline key={index} part={part} />)
}
