/** The frame of every story, and the toolbar that changes its theme, direction and width. */
import type { Preview } from '@storybook/react-vite'
import { Frame, variants, type VariantName } from '../stories/support/frame.tsx'
import type { Answers } from '../stories/support/scripted-client.ts'
import '../src/style/styles.css'
import '../stories/support/frame.css'

export default {
  globalTypes: {
    variant: {
      description: 'Theme, direction and width',
      toolbar: { title: 'Variant', items: Object.keys(variants), dynamicTitle: true },
    },
  },
  initialGlobals: { variant: 'light' },
  decorators: [
    (Story, { globals, parameters }) => (
      // Safe: the toolbar above offers these names alone, and stories give nothing else as answers.
      <Frame variant={globals['variant'] as VariantName} answers={parameters['answers'] as Answers | undefined}>
        <Story />
      </Frame>
    ),
  ],
} satisfies Preview
