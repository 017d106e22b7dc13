import { describe, expect, test } from 'vitest'
import { addOnSchema, clusterErrors, createAddOnManager, knownAddOns } from '../../src/index.ts'
import { createFakeKubernetes } from '../../src/testing.ts'
import { snapshot } from '../support/sample-manager.ts'
import { chartOf, rendererOf, widget, widgetYaml } from './sample-add-ons.ts'

const never = new AbortController().signal

function lab(api = createFakeKubernetes(), answer = () => ({ yaml: widgetYaml(), digest: 'a'.repeat(64) })) {
  return { api, addOns: createAddOnManager({ api, operator: 'me', renderer: rendererOf(answer) }) }
}

describe('an add-on', () => {
  test('is planned, installed and planned as nothing', async () => {
    const { api, addOns } = lab()
    const before = snapshot(api)
    const [plan] = await addOns.plan([widget()])
    expect(plan?.changes.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      'create Namespace widget-system',
      'create CustomResourceDefinition widgets.example.test',
      'create ServiceAccount widget-system/widget',
      'create ClusterRole widget-reader',
      'create Deployment widget-system/widget',
      'create Widget widget-system/default',
    ])
    expect(snapshot(api)).toEqual(before)
    expect(await addOns.install(widget())).toMatchObject({ version: '1.0.0', objects: 5, missing: [], complete: true })
    expect((await addOns.plan([widget()]))[0]?.changes).toEqual([])
  })

  test('leaves the cluster as it was when it is removed', async () => {
    const { api, addOns } = lab()
    const before = snapshot(api)
    await addOns.install(widget())
    await addOns.uninstall('widget')
    await addOns.uninstall('widget')
    expect(snapshot(api)).toEqual(before)
    expect(await addOns.status()).toEqual([])
  })

  test('is updated: fields change, and what the new version no longer has goes', async () => {
    const { api, addOns } = lab()
    await addOns.install(widget(widgetYaml({ extra: true })))
    const next = widget(widgetYaml({ image: 'example.invalid/widget:2' }), '2.0.0')
    const [plan] = await addOns.plan([next])
    expect(plan?.changes.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      'update Deployment widget-system/widget',
      'delete ConfigMap widget-system/extra',
    ])
    await addOns.install(next)
    expect(api.objects().some(({ metadata }) => metadata.name === 'extra')).toBe(false)
    expect(await addOns.status()).toMatchObject([{ version: '2.0.0', objects: 5 }])
  })

  test('notices what somebody removed, and puts it back', async () => {
    const { api, addOns } = lab()
    await addOns.install(widget())
    await api.remove({ apiVersion: 'v1', kind: 'ServiceAccount', name: 'widget', namespace: 'widget-system' }, {}, never)
    expect((await addOns.status())[0]?.missing).toEqual(['ServiceAccount widget-system/widget'])
    expect((await addOns.install(widget())).missing).toEqual([])
  })

  test('touches nothing that somebody else installed', async () => {
    const { api, addOns } = lab()
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'widget-system' } }, { fieldManager: 'them' }, never)
    const theirs = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'widget', namespace: 'widget-system' } }
    await api.apply(theirs, { fieldManager: 'them' }, never)
    const before = snapshot(api)
    await expect(addOns.install(widget())).rejects.toSatisfy(clusterErrors.CHANGES_BLOCKED.is)
    expect(snapshot(api)).toEqual(before)
    await api.remove({ apiVersion: 'v1', kind: 'ServiceAccount', name: 'widget', namespace: 'widget-system' }, {}, never)
    await addOns.install(widget())
    await addOns.uninstall('widget')
    // Their namespace was there before, and stays.
    expect(api.objects().some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'widget-system')).toBe(true)
  })

  test('is not taken from under objects of its kinds that others made', async () => {
    const { api, addOns } = lab()
    await addOns.install(widget())
    const user = { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name: 'mine', namespace: 'default' }, spec: {} }
    await api.apply(user, { fieldManager: 'them' }, never)
    const before = snapshot(api)
    await expect(addOns.uninstall('widget')).rejects.toThrow(/is used by Widget default\/mine/)
    expect(snapshot(api)).toEqual(before)
  })

  test('shares a namespace with another until the last of them goes', async () => {
    const { api, addOns } = lab()
    const before = snapshot(api)
    const other = {
      name: 'other',
      namespace: 'widget-system',
      source: { kind: 'manifests', version: '1', yaml: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n' },
    } as const
    await addOns.install(widget())
    await addOns.install(other)
    await addOns.uninstall('widget')
    expect(api.objects().some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'widget-system')).toBe(true)
    await addOns.uninstall('other')
    expect(snapshot(api)).toEqual(before)
  })

  test('leaves a namespace in which somebody else lives, and says so', async () => {
    const { api, addOns } = lab()
    await addOns.install(widget())
    const mine = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'widget-system' } }
    await api.create(mine, never)
    expect(await addOns.uninstall('widget')).toEqual([
      'namespace widget-system stays: ConfigMap widget-system/mine is in it, and not of this add-on',
    ])
    expect(await api.read({ apiVersion: 'v1', kind: 'ConfigMap', ...mine.metadata }, never)).toBeDefined()
    expect(await addOns.status()).toEqual([])
    expect(await addOns.uninstall('absent')).toEqual(['add-on absent is not installed'])
  })

  test.each([
    [
      'a kind that the cluster does not know',
      'apiVersion: unknown.test/v1\nkind: Thing\nmetadata: { name: a }\n',
      /does not know kind Thing of unknown.test\/v1/,
    ],
    [
      'a namespace that is not there',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: absent }\n',
      /namespace absent, .* does not exist/,
    ],
  ])('with %s is refused before its first object', async (_name, yaml, message) => {
    const { api, addOns } = lab()
    const before = snapshot(api)
    const [plan] = await addOns.plan([widget(yaml)])
    expect(plan?.findings.map((finding) => `${finding.severity} ${finding.message}`)).toEqual([expect.stringMatching(message)])
    await expect(addOns.install(widget(yaml))).rejects.toThrow(message)
    expect(snapshot(api)).toEqual(before)
  })

  test('of the same version must be the same bytes as the first time', async () => {
    let digest = 'a'.repeat(64)
    const { addOns } = lab(createFakeKubernetes(), () => ({ yaml: widgetYaml(), digest }))
    expect(await addOns.install(chartOf())).toMatchObject({ digest })
    digest = 'b'.repeat(64)
    await expect(addOns.install(chartOf())).rejects.toSatisfy(clusterErrors.CHART_CHANGED.is)
  })

  test('of a chart tells of hooks, which are not run', async () => {
    const hook = (kind: string, when: string) =>
      `---\napiVersion: batch/v1\nkind: ${kind}\nmetadata: { name: make-certificates, annotations: { helm.sh/hook: "${when}" } }\n`
    const { addOns } = lab(createFakeKubernetes(), () => ({
      yaml: widgetYaml() + hook('Job', 'pre-install,pre-upgrade') + hook('Job', 'pre-delete'),
      digest: 'a'.repeat(64),
    }))
    const [plan] = await addOns.plan([chartOf()])
    expect(plan?.findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('widget runs jobs as hooks of Helm (make-certificates), which are not run here'),
    ])
    expect((await addOns.install(chartOf())).objects).toBe(5)
  })

  test('shows no secret of its values, in no plan, status, error or inventory', async () => {
    const canaries = ['canary-one-4e', 'canary-two-9b'].map((text) => [text, Buffer.from(text).toString('base64')])
    const secret = ([text, encoded]: readonly string[]) =>
      widget(
        `apiVersion: v1\nkind: Secret\nmetadata: { name: keys }\ndata: { password: ${encoded ?? ''} }\nstringData: { other: ${text ?? ''} }\n`,
      )
    const { api, addOns } = lab()
    const [first = [], second = []] = canaries
    const seen: unknown[] = [await addOns.install(secret(first)), await addOns.plan([secret(second)]), await addOns.status()]
    seen.push(api.objects().filter(({ kind }) => kind !== 'Secret'))
    const text = JSON.stringify(seen)
    expect(text).toContain('[secret]')
    for (const canary of canaries.flat()) expect(text).not.toContain(canary)
  })

  test('says what is wrong with itself', async () => {
    const { addOns } = lab()
    await expect(addOns.plan([widget('')])).rejects.toThrow()
    await expect(addOns.plan([widget('# nothing\n')])).rejects.toThrow(/renders to nothing/)
    await expect(addOns.plan([widget('a: [')])).rejects.toSatisfy(clusterErrors.ADD_ON_INVALID.is)
    const bare = createAddOnManager({ api: createFakeKubernetes(), operator: 'me' })
    await expect(bare.plan([chartOf()])).rejects.toThrow(/no renderer of charts/)
  })

  test('that is known has an exact version, a name and a namespace', () => {
    for (const addOn of Object.values(knownAddOns)) expect(addOnSchema.safeParse(addOn).success).toBe(true)
    expect(addOnSchema.safeParse({ ...knownAddOns.keda, source: { ...knownAddOns.keda.source, version: '^2.0.0' } }).success).toBe(false)
  })
})

describe('a crash', () => {
  const crashing = async (
    work: (it: ReturnType<typeof lab>, arm: () => void) => Promise<unknown>,
    check: (it: ReturnType<typeof lab>) => Promise<void>,
  ) => {
    for (let limit = 1; ; limit += 1) {
      const state = { count: Number.NEGATIVE_INFINITY, dead: false }
      const api = createFakeKubernetes({
        onRequest: () => {
          state.count += 1
          state.dead ||= state.count >= limit
          if (state.dead) throw new Error('killed')
        },
      })
      const died = await work(lab(api), () => (state.count = 0)).then(
        () => false,
        () => true,
      )
      Object.assign(state, { count: Number.NEGATIVE_INFINITY, dead: false })
      await check(lab(api))
      if (!died) return limit - 1
    }
  }
  const first = widget(widgetYaml({ extra: true }))
  const next = widget(widgetYaml({ image: 'example.invalid/widget:2' }), '2.0.0')

  test('at any request of an update ends in the new version when it is run again, and then in nothing', async () => {
    const whole = lab()
    const empty = snapshot(whole.api)
    await whole.addOns.install(first)
    await whole.addOns.install(next)
    const expected = snapshot(whole.api)
    const points = await crashing(
      async ({ addOns }, arm) => {
        await addOns.install(first)
        arm()
        await addOns.install(next)
      },
      async ({ api, addOns }) => {
        await addOns.install(next)
        expect(snapshot(api)).toEqual(expected)
        await addOns.uninstall('widget')
        expect(snapshot(api)).toEqual(empty)
      },
    )
    expect(points).toBeGreaterThan(20)
  })

  test('at any request of an installation or a removal can be undone without a trace', async () => {
    const empty = snapshot(createFakeKubernetes())
    const check = async ({ api, addOns }: ReturnType<typeof lab>) => {
      await addOns.uninstall('widget')
      expect(snapshot(api).filter((text) => !text.includes('"Lease"'))).toEqual(empty)
    }
    const installing = await crashing(async ({ addOns }, arm) => {
      arm()
      await addOns.install(first)
    }, check)
    const removing = await crashing(async ({ addOns }, arm) => {
      await addOns.install(first)
      arm()
      await addOns.uninstall('widget')
    }, check)
    expect(Math.min(installing, removing)).toBeGreaterThan(15)
  })
})
