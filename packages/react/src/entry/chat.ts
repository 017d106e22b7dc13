/** Public list of the chat widget. */
export { Chat, ChatView, type ChatProps, type ChatViewProps } from '../chat/chat.tsx'
export { Markdown } from '../chat/markdown.tsx'
export { ModelPicker, type ModelPickerProps } from '../chat/model-picker.tsx'
