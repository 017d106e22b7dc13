/** Storybook of the kit: every widget in every state, from the sources. */
import type { StorybookConfig } from '@storybook/react-vite'
import { defaultClientConditions, mergeConfig } from 'vite'

export default {
  framework: { name: '@storybook/react-vite', options: {} },
  stories: ['../stories/*.stories.tsx'],
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  typescript: { reactDocgen: false },
  viteFinal: (config) => mergeConfig(config, { resolve: { conditions: ['bud-source', ...defaultClientConditions] } }),
} satisfies StorybookConfig
