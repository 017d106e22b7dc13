/** Ids of answers keep their tail and change their prefix between dialects, so that a trace can follow them. */

export const toOpenaiId = (id: string): string => (id.startsWith('msg_') ? `chatcmpl-${id.slice(4)}` : id)
export const toAnthropicId = (id: string): string =>
  id.startsWith('chatcmpl-') ? `msg_${id.slice(9)}` : id.startsWith('msg_') ? id : `msg_${id}`
