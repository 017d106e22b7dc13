'use client'
/** Rules that refuse callers: seen, added and taken away. Needs the scope `admin`. */
import { useState } from 'react'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useAdmin, useAdminClient } from '../hook/use-admin.ts'
import { Icon } from '../icon/icon.tsx'
import { Confirm } from '../part/confirm.tsx'
import { Dialog } from '../part/dialog.tsx'
import { Field } from '../part/field.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { gatewayWords } from './gateway-words.ts'

const kinds = ['address', 'user-agent', 'rate'] as const
type Kind = (typeof kinds)[number]
type Rule = Readonly<Record<string, unknown>>

export function BlockingRules() {
  const words = useWords('gateway', gatewayWords)
  const format = useBudFormat()
  const admin = useAdminClient()
  const list = useAdmin('listBlockingRules', {})
  const [isAdding, setIsAdding] = useState(false)
  const [asking, setAsking] = useState<string | undefined>(undefined)
  const add = useAction(async ({ id, rule }: { readonly id: string; readonly rule: Rule }, signal) => {
    await admin.call('putBlockingRule', { params: { id }, body: rule }, { signal })
    setIsAdding(false)
    list.reload()
  })
  const remove = useAction(async (id: string, signal) => {
    await admin.call('deleteBlockingRule', { params: { id } }, { signal })
    setAsking(undefined)
    list.reload()
  })
  return (
    <Panel
      title={words.blocking}
      actions={
        <button type="button" className="bud-button" onClick={() => setIsAdding(true)}>
          <Icon name="plus" />
          {words.addRule}
        </button>
      }
    >
      <Loaded resource={list} isEmpty={({ data }) => data.length === 0} empty={{ title: words.noRules, hint: words.noRulesHint }}>
        {({ data }) => (
          <ul className="bud-rows">
            {data.map((rule) => {
              const id = textOf(rule['id'])
              const kind = textOf(rule['kind'])
              const isOurs = rule['origin'] !== 'config'
              return (
                <li key={id}>
                  <span className="bud-badge" data-tone={rule['action'] === 'allow' ? 'good' : 'bad'}>
                    {rule['action'] === 'allow' ? words.allows : words.denies}
                  </span>
                  <b>{words.ruleKinds[kind] ?? kind}</b>
                  <code dir="ltr">{describeRule(rule, words, format.count)}</code>
                  <span className="bud-muted">
                    {[textOf(rule['note']), isOurs ? '' : words.fromConfig, rule['enabled'] === false ? words.off : '']
                      .filter((each) => each !== '')
                      .join(' · ')}
                  </span>
                  <span className="bud-panel-actions">
                    {isOurs ? (
                      <button
                        type="button"
                        className="bud-button bud-button-ghost"
                        aria-label={`${words.remove}: ${id}`}
                        onClick={() => setAsking(id)}
                      >
                        {words.remove}
                      </button>
                    ) : null}
                  </span>
                </li>
              )
            })}
          </ul>
        )}
      </Loaded>
      {asking === undefined ? null : (
        <Confirm
          title={words.removeRuleTitle(asking)}
          hint={words.removeRuleHint}
          action={words.remove}
          cancel={words.cancel}
          isBusy={remove.state.kind === 'busy'}
          error={remove.state.kind === 'failed' ? remove.state.error.message : undefined}
          onConfirm={() => remove.run(asking)}
          onClose={() => {
            remove.reset()
            setAsking(undefined)
          }}
        />
      )}
      {isAdding ? (
        <RuleForm
          isBusy={add.state.kind === 'busy'}
          error={add.state.kind === 'failed' ? add.state.error.message : undefined}
          onSubmit={(id, rule) => add.run({ id, rule })}
          onClose={() => {
            add.reset()
            setIsAdding(false)
          }}
        />
      ) : null}
    </Panel>
  )
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const listOf = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])

/** Exported for tests: what a rule looks at, in a few words. */
export function describeRule(rule: Rule, words: typeof gatewayWords, write: (value: number) => string): string {
  if (rule['kind'] === 'rate') return words.perWindow(write(Number(rule['limit'])), words.seconds(write(Number(rule['windowMs']) / 1_000)))
  return [...listOf(rule['addresses']), ...listOf(rule['countries']), ...listOf(rule['contains']), ...listOf(rule['patterns'])].join(', ')
}

interface RuleFormProps {
  readonly isBusy: boolean
  readonly error: string | undefined
  readonly onSubmit: (id: string, rule: Rule) => void
  readonly onClose: () => void
}

function RuleForm({ isBusy, error, onSubmit, onClose }: RuleFormProps) {
  const words = useWords('gateway', gatewayWords)
  const [kind, setKind] = useState<Kind>('address')
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const [note, setNote] = useState('')
  return (
    <Dialog title={words.addRule} onClose={onClose}>
      <form
        className="bud-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) onSubmit(name.trim(), toRule(kind, value, note.trim()))
        }}
      >
        <div className="bud-badges" role="group" aria-label={words.ruleKind}>
          {kinds.map((each) => (
            <button key={each} type="button" className="bud-chip" aria-pressed={each === kind} onClick={() => setKind(each)}>
              {words.ruleKinds[each]}
            </button>
          ))}
        </div>
        <Field label={words.name} value={name} onChange={setName} isRequired />
        <Field
          label={words.ruleValue[kind] ?? kind}
          value={value}
          onChange={setValue}
          inputMode={kind === 'rate' ? 'numeric' : 'text'}
          hint={kind === 'rate' ? undefined : words.ruleHint}
          isRequired
        />
        {kind === 'rate' ? null : <Field label={words.note} value={note} onChange={setNote} />}
        {error === undefined ? null : (
          <p className="bud-field-error" role="alert">
            {error}
          </p>
        )}
        <div className="bud-dialog-actions">
          <button type="button" className="bud-button" onClick={onClose}>
            {words.cancel}
          </button>
          <button type="submit" className="bud-button bud-button-primary" disabled={isBusy || name.trim() === '' || value.trim() === ''}>
            {isBusy ? words.saving : words.save}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function toRule(kind: Kind, value: string, note: string): Rule {
  const parts = value.split(',').map((part) => part.trim())
  const why = note === '' ? {} : { note }
  switch (kind) {
    case 'address':
      return { kind, addresses: parts, ...why }
    case 'user-agent':
      return { kind, contains: parts, ...why }
    case 'rate':
      return { kind, limit: Number(value), windowMs: 60_000 }
  }
}
