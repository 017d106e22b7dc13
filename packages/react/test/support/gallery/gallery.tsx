/// <reference types="vite/client" />
/** The stories of every widget, a section for each file, a box for each story. */
import { Component, type ComponentType, type ReactNode } from 'react'
import { Frame, type VariantName } from '../../../stories/support/frame.tsx'
import type { Answers } from '../../../stories/support/scripted-client.ts'

type Story = ComponentType | { readonly render: () => ReactNode; readonly parameters?: { readonly answers?: Answers } }

interface StoryFile {
  readonly default: { readonly title: string }
  readonly [name: string]: Story | { readonly title: string }
}

// Safe: every file that matches is a story file; Storybook builds the same ones.
const files = import.meta.glob('../../../stories/*.stories.tsx', { eager: true }) as Readonly<Record<string, StoryFile>>

export const sections = Object.entries(files)
  .sort(([left], [right]) => (left < right ? -1 : 1))
  .map(([path, { default: meta, ...stories }]) => ({
    id: path.replace(/^.*\/|\.stories\.tsx$/g, ''),
    title: meta.title,
    // Safe: what is exported by name is a story.
    stories: Object.entries(stories as Readonly<Record<string, Story>>).sort(([left], [right]) => (left < right ? -1 : 1)),
  }))

export function Gallery({ variant }: { readonly variant: VariantName }) {
  return (
    <main key={variant}>
      <h1>Gallery</h1>
      {sections.map(({ id, title, stories }) => (
        <section key={id} className="gallery-section" data-section={id} aria-label={title}>
          <h2>{title}</h2>
          <div className="gallery-grid">
            {stories.map(([name, story]) => (
              <div key={name} className="gallery-story" data-story={`${id}/${name}`}>
                <h3>{name}</h3>
                <Guard name={`${id}/${name}`}>
                  <Frame variant={variant} answers={typeof story === 'function' ? undefined : story.parameters?.answers}>
                    <Shown story={story} />
                  </Frame>
                </Guard>
              </div>
            ))}
          </div>
        </section>
      ))}
    </main>
  )
}

function Shown({ story }: { readonly story: Story }) {
  if (typeof story !== 'function') return story.render()
  const Render = story
  return <Render />
}

/** One broken story must not take the others away; its error reaches the console, which the tests read. */
class Guard extends Component<{ readonly name: string; readonly children: ReactNode }, { readonly error: unknown }> {
  override state = { error: undefined }
  static getDerivedStateFromError(error: unknown) {
    return { error }
  }
  override render() {
    return this.state.error === undefined ? this.props.children : <p>{`${this.props.name} failed`}</p>
  }
}
