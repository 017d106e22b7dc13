'use client'
/** The Kubernetes objects of a plan: what they are, what to know first, and their YAML to copy or download. */
import { useEffect, useState } from 'react'
import type { ClusterPlan, ManifestFinding } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { CopyButton } from '../part/copy-button.tsx'
import { splitYaml, toObjectName } from './manifest-parts.ts'

export interface ManifestViewProps {
  readonly plan: ClusterPlan
  /** Of the downloaded file; default `deployment.yaml`. */
  readonly fileName?: string
}

export function ManifestView({ plan, fileName = 'deployment.yaml' }: ManifestViewProps) {
  const { manifests } = useBudStrings()
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const documents = splitYaml(plan.yaml)
  // Only when each document is one object can one be shown alone.
  const canChoose = documents.length === plan.manifests.length && documents.length > 1
  const shown = chosen === undefined || !canChoose ? plan.yaml : (documents[chosen] ?? plan.yaml)
  return (
    <section className="bud bud-panel bud-manifests" aria-label={manifests.label}>
      <header className="bud-panel-header">
        <span className="bud-panel-title">{manifests.label}</span>
        <span className="bud-muted">{manifests.count(plan.manifests.length)}</span>
        <span className="bud-panel-actions">
          <CopyButton text={shown} />
          <Download text={plan.yaml} fileName={fileName} />
        </span>
      </header>
      <Findings findings={plan.findings} />
      {canChoose ? (
        <div className="bud-manifest-names">
          {[undefined, ...documents.keys()].map((index) => (
            <button
              key={index ?? 'all'}
              type="button"
              className="bud-chip"
              aria-pressed={index === chosen}
              onClick={() => {
                setChosen(index)
              }}
            >
              {index === undefined ? manifests.all : toObjectName(plan.manifests[index])}
            </button>
          ))}
        </div>
      ) : null}
      <pre className="bud-manifest-yaml" tabIndex={0} role="group" aria-label={manifests.yaml}>
        <code>{shown}</code>
      </pre>
    </section>
  )
}

function Findings({ findings }: { readonly findings: readonly ManifestFinding[] }) {
  const { manifests } = useBudStrings()
  if (findings.length === 0) return null
  return (
    <ul className="bud-findings">
      {findings.map(({ severity, message, field }, index) => (
        <li key={index} data-severity={severity}>
          <span className="bud-badge" data-tone={severity === 'blocker' ? 'bad' : severity === 'warning' ? 'warning' : undefined}>
            {manifests.findings[severity]}
          </span>
          <span>
            {message}
            {field === undefined ? null : (
              <>
                {' '}
                <code>{field}</code>
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Download({ text, fileName }: { readonly text: string; readonly fileName: string }) {
  const { manifests } = useBudStrings()
  const [address, setAddress] = useState<string | undefined>(undefined)
  useEffect(() => {
    const next = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))
    setAddress(next)
    return () => {
      URL.revokeObjectURL(next)
    }
  }, [text])
  return (
    <a className="bud-button bud-button-ghost" href={address} download={fileName}>
      <Icon name="download" />
      {manifests.download}
    </a>
  )
}
