/** Reads the doc comments of a schema's fields from its source, for the page that describes the configuration. */
import { readFile } from 'node:fs/promises'
import ts from 'typescript'

const objectCalls = new Set(['object', 'strictObject', 'looseObject'])

const commentOf = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .map((comment) => ts.getTextOfJSDocComment(comment.comment) ?? '')
    .join(' ')
    .trim()

const topLevelValues = (source: ts.SourceFile): ReadonlyMap<string, ts.Expression> => {
  const values = new Map<string, ts.Expression>()
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations)
      if (ts.isIdentifier(name) && initializer !== undefined) values.set(name.text, initializer)
  }
  return values
}

/** The object literal that an expression's schema is made of: directly, inside a wrapper, or behind a name of the same file. */
const shapeOf = (node: ts.Node, values: ReadonlyMap<string, ts.Expression>): ts.ObjectLiteralExpression | undefined => {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && objectCalls.has(node.expression.name.text)) {
    const [shape] = node.arguments
    if (shape !== undefined && ts.isObjectLiteralExpression(shape)) return shape
  }
  if (ts.isIdentifier(node)) {
    const value = values.get(node.text)
    if (value !== undefined) return shapeOf(value, values)
  }
  return ts.forEachChild(node, (child) => (ts.isArrowFunction(child) ? undefined : shapeOf(child, values)))
}

const collect = (
  shape: ts.ObjectLiteralExpression,
  prefix: string,
  values: ReadonlyMap<string, ts.Expression>,
  found: Map<string, string>,
): void => {
  for (const property of shape.properties) {
    if (property.name === undefined || !(ts.isIdentifier(property.name) || ts.isStringLiteral(property.name))) continue
    const path = `${prefix}${property.name.text}`
    const comment = commentOf(property)
    if (comment !== '') found.set(path, comment)
    const inner = ts.isPropertyAssignment(property) ? shapeOf(property.initializer, values) : undefined
    if (inner !== undefined) collect(inner, `${path}.`, values, found)
  }
}

/** Doc comments by dotted path of the field, for the schema that `file` declares under `name`. */
export const readFieldComments = async (file: string, name: string): Promise<ReadonlyMap<string, string>> => {
  const source = ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const values = topLevelValues(source)
  const found = new Map<string, string>()
  const value = values.get(name)
  const shape = value === undefined ? undefined : shapeOf(value, values)
  if (shape !== undefined) collect(shape, '', values, found)
  return found
}
