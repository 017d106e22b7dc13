/** Words that protocols themselves put into requests: exactly these say nothing of the caller's own, whatever else stands in the same field. */

const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function', 'model']
const jsonTypes = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']
const partTypes = [
  'text',
  'input_text',
  'output_text',
  'refusal',
  'image',
  'image_url',
  'input_image',
  'input_audio',
  'file',
  'input_file',
  'document',
  'thinking',
  'redacted_thinking',
  'reasoning',
  'tool_use',
  'tool_result',
  'server_tool_use',
  'web_search_tool_result',
  'search_result',
  'message',
  'function_call',
  'function_call_output',
  'base64',
  'url',
  'content',
  'ephemeral',
  'char_location',
  'page_location',
  'content_block_location',
]
const settingTypes = ['function', 'custom', 'json_object', 'json_schema', 'auto', 'any', 'none', 'tool', 'enabled', 'disabled', 'adaptive']
const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']
const jsonFormats = ['date-time', 'date', 'time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uuid', 'regex', 'int32', 'int64']
const audioFormats = ['wav', 'mp3', 'flac', 'opus', 'pcm16', 'aac']
const mediaTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf', 'text/plain']

const valuesOf: Readonly<Record<string, ReadonlySet<string>>> = {
  role: new Set(roles),
  type: new Set([...partTypes, ...settingTypes, ...jsonTypes]),
  tool_choice: new Set(['auto', 'none', 'required', 'any']),
  function_call: new Set(['auto', 'none']),
  reasoning_effort: new Set(efforts),
  effort: new Set(efforts),
  verbosity: new Set(efforts),
  detail: new Set(['auto', 'low', 'high', 'original']),
  service_tier: new Set(['auto', 'default', 'flex', 'priority', 'scale', 'standard_only']),
  encoding_format: new Set(['float', 'base64']),
  media_type: new Set(mediaTypes),
  format: new Set([...jsonFormats, ...audioFormats]),
  ttl: new Set(['5m', '1h']),
}

/** Whether the protocol itself says this in a field of that name. */
export const isProtocolValue = (name: string, value: string): boolean =>
  Object.hasOwn(valuesOf, name) && valuesOf[name]?.has(value) === true

/** Names of fields in tools and schemas that stand for what they are in JSON Schema and in the protocols. */
const schemaNames = new Set([
  ...['type', 'title', 'description', 'properties', 'required', 'items', 'prefixItems', 'enum', 'const', 'default', 'examples'],
  ...['anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else', 'additionalProperties', 'patternProperties', 'propertyNames'],
  ...['$ref', '$defs', '$schema', '$id', '$comment', 'definitions', 'format', 'pattern', 'nullable', 'deprecated', 'readOnly', 'writeOnly'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'minItems', 'maxItems'],
  ...['uniqueItems', 'minProperties', 'maxProperties', 'contains', 'dependentRequired', 'dependentSchemas'],
  ...['function', 'custom', 'name', 'parameters', 'strict', 'input_schema', 'json_schema', 'schema', 'cache_control', 'ttl'],
  ...['max_uses', 'allowed_domains', 'blocked_domains', 'user_location', 'include_usage', 'effort', 'verbosity', 'budget_tokens'],
])

export const isSchemaName = (name: string): boolean => schemaNames.has(name)

/** Fields of messages, parts and settings that protocols name. */
const fieldNames = new Set([
  ...['role', 'content', 'name', 'id', 'type', 'text', 'refusal', 'audio', 'arguments', 'input', 'output', 'summary', 'status', 'call_id'],
  ...['function', 'function_call', 'tool_calls', 'tool_call_id', 'tool_use_id', 'is_error', 'index', 'annotations', 'logprobs', 'prefix'],
  ...['reasoning', 'reasoning_content', 'reasoning_details', 'thinking', 'signature', 'encrypted_content', 'data', 'format', 'voice'],
  ...['image_url', 'url', 'detail', 'input_audio', 'file', 'file_id', 'filename', 'file_data', 'source', 'media_type', 'custom'],
  ...['title', 'context', 'citations', 'cited_text', 'enabled', 'cache_control', 'ttl', 'mode', 'tools', 'allowed_tools', 'display'],
  ...['disable_parallel_tool_use', 'include_usage', 'include_obfuscation', 'effort', 'budget_tokens', 'search_context_size'],
  ...['user_location', 'approximate', 'city', 'country', 'region', 'timezone', 'enable_thinking', 'documents', 'schema', 'json_schema'],
  ...['page_age', 'document_title', 'document_index', 'start_char_index', 'end_char_index', 'start_page_number', 'end_page_number'],
])

/** Other names are the caller's own: what engines print with a template may hold them. */
export const isFieldName = (name: string): boolean => fieldNames.has(name)

const valueNames = new Set(['default', 'const'])

/** Whether a number in a tool or schema, in a field of that name, is a value, and no bound of values. */
export const isSchemaValue = (name: string): boolean => valueNames.has(name) || !schemaNames.has(name)
