/** Public list of the empty and error states. */
export { CopyButton, type CopyButtonProps } from '../part/copy-button.tsx'
export { EmptyNotice, ErrorNotice, type EmptyNoticeProps, type ErrorNoticeProps } from '../part/notice.tsx'
