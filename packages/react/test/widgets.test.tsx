/** Every widget renders on a server: no browser global, no layout effect, and the data already in the first paint. */
import { renderToString } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { BudProvider, BudRoot, createBudClient } from '../src/index.ts'
import { Chat, Markdown } from '../src/entry/chat.ts'
import { Breakdown, LiveBreakdown } from '../src/entry/breakdown.ts'
import { BudgetList, BudgetMeter } from '../src/entry/budget-list.ts'
import { Heatmap, LiveHeatmap } from '../src/entry/heatmap.ts'
import { KeyManager, KeyTable } from '../src/entry/key-manager.ts'
import { MetricChart, MetricTile } from '../src/entry/metric.ts'
import { ParetoChart } from '../src/entry/pareto.ts'
import { Playground } from '../src/entry/playground.ts'
import { readAnswer } from '../src/client/ask.ts'
import { LiveStatus } from '../src/entry/live-status.ts'
import { ManifestView } from '../src/entry/manifest-view.ts'
import { PlanList } from '../src/entry/plan-list.ts'
import { LiveRequestTable, RequestTable } from '../src/entry/request-table.ts'
import { SessionGate } from '../src/entry/session.ts'
import { LiveTiles, StatTile } from '../src/entry/stat-tile.ts'
import { LiveCharts, TimeSeriesChart } from '../src/entry/time-series.ts'
import { createFakeFetch, pending } from './support/fake-fetch.ts'
import { sampleAnswer } from './support/sample-answer.ts'
import { nowUnixMs, sampleFailover, sampleManifests, samplePlans, sampleRequest, sampleYaml } from './support/sample-data.ts'

const requests = [sampleFailover(), sampleRequest()]
const chart = (
  <TimeSeriesChart
    title="Requests per second"
    timesUnixMs={[nowUnixMs, nowUnixMs + 5_000, nowUnixMs + 10_000]}
    series={[{ label: 'Requests', values: [1, 3, 2], tone: 'accent', isFilled: true }]}
    write={String}
  />
)

describe('given their data', () => {
  const cases = {
    'the request table': [
      <RequestTable key="t" requests={requests} openId="req_failover" onOpenChange={() => {}} />,
      ['llama-3.1-8b', '610ms', 'Answered after 2 attempts', 'GATEWAY_UPSTREAM_FAILED'],
    ],
    'an empty request table': [<RequestTable key="t" requests={[]} />, ['No requests yet']],
    'a tile': [
      <StatTile key="t" label="Tokens/s" value="404" detail="peak 701" trend={[1, 2, null, 3]} trendText="rising" />,
      ['404', 'peak 701', 'rising', '<path'],
    ],
    'a heatmap': [
      <Heatmap key="h" title="TTFT" bounds={[1, 2]} rows={[{ timeUnixMs: nowUnixMs, requests: [0, 3, 1] }]} write={String} />,
      ['role="slider"', '4 requests, most between 1 and 2', '1 to 2: 3 requests', '<rect class="bud-heatmap-cell"'],
    ],
    'a breakdown': [
      <Breakdown key="b" title="Traffic" dimension="model" measures={['requests']} answer={readAnswer(sampleAnswer())} />,
      ['llama', 'Other', 'Requests'],
    ],
    'the keys': [
      <KeyTable
        key="k"
        keys={[
          { id: 'k', prefix: 'bud_abc', name: 'checkout', projectId: 'web', scopes: [], createdUnixMs: 0, revokedUnixMs: 1, tags: {} },
        ]}
      />,
      ['checkout', 'bud_abc', 'Revoked'],
    ],
    'a budget': [
      <BudgetMeter
        key="m"
        state={{
          budget: {
            id: 'b',
            name: 'Web',
            subject: { kind: 'project', id: 'web' },
            limitUsd: 10,
            window: { calendar: 'month', timeZone: 'UTC' },
            alertPercents: [50],
            stop: true,
          },
          windowStartUnixMs: 0,
          windowEndUnixMs: nowUnixMs,
          spentUsd: 9,
          remainingUsd: 1,
        }}
      />,
      ['role="meter"', '$9.00 of $10.00', 'Stops at the limit', 'data-tone="warning"'],
    ],
    'the frontier of plans': [<ParetoChart key="p" plans={samplePlans()} />, ['role="slider"', 'beaten by no other', '<circle']],
    'a chart': [chart, ['role="slider"', 'latest 2, lowest 1, highest 3, mean 2', '<path class="bud-plot-line"']],
    'the plans': [
      <PlanList key="p" result={{ plans: samplePlans(), rejected: [{ title: 'l4', reason: 'too small' }] }} />,
      ['2 × h100-sxm', 'Recommended', 'Misses the objective', '3,240 – 4,610', '8.6 GiB', 'too small'],
    ],
    'the manifests': [
      <ManifestView
        key="m"
        plan={{
          manifests: sampleManifests,
          yaml: sampleYaml,
          findings: [{ severity: 'warning', message: 'Weights download at start.', field: 'storage' }],
        }}
      />,
      ['Deployment/llama-3-1-8b', 'Weights download at start.', 'nvidia.com/gpu'],
    ],
    'an answer': [<Markdown key="a" text={'**bold** <script>alert(1)</script>'} />, ['<strong>', '&lt;script&gt;']],
  } as const
  test.each(Object.entries(cases))('%s is in the first paint', (_, [widget, expected]) => {
    const html = renderToString(<BudProvider timeZone="UTC">{widget}</BudProvider>)
    for (const text of expected) expect(html.replaceAll('<!-- -->', '')).toContain(text)
  })
})

describe('bound to a server', () => {
  test('they render their waiting state and ask for nothing while on the server', () => {
    const { fetch, calls } = createFakeFetch(pending)
    const html = renderToString(
      <BudProvider client={createBudClient({ fetch })}>
        <BudRoot theme="dark" dir="rtl" density="compact">
          <LiveStatus />
          <LiveTiles />
          <LiveCharts />
          <LiveRequestTable hasMore />
          <Chat suggestions={['Hello']} />
          <MetricTile measure="costUsd" />
          <MetricChart title="Requests" measures={['requests']} groupBy="model" />
          <LiveHeatmap />
          <LiveBreakdown title="Cost" measures={['costUsd']} dimensions={['model', 'keyId']} />
          <KeyManager />
          <BudgetList />
          <Playground />
        </BudRoot>
        <SessionGate>secret</SessionGate>
      </BudProvider>,
    )
    expect(calls).toEqual([])
    expect(html).toContain('data-bud-theme="dark"')
    expect(html).toContain('dir="rtl"')
    expect(html).not.toContain('secret')
  })

  test('without a client they say what is missing', () => {
    expect(() => renderToString(<LiveTiles />)).toThrow(/Wrap it in <BudProvider/)
  })
})

test('every class that a widget writes is prefixed', () => {
  const html = renderToString(
    <BudProvider timeZone="UTC">
      <RequestTable requests={requests} openId="req_failover" onOpenChange={() => {}} />
      {chart}
      <PlanList result={{ plans: samplePlans(), rejected: [] }} onSelect={() => {}} />
    </BudProvider>,
  )
  const classes = [...html.matchAll(/class="([^"]*)"/g)].flatMap((match) => (match[1] ?? '').split(' '))
  expect(classes.length).toBeGreaterThan(50)
  expect(classes.filter((name) => name !== 'bud' && !name.startsWith('bud-'))).toEqual([])
})

test('words and formats are replaceable', () => {
  const html = renderToString(
    <BudProvider locale="de" timeZone="UTC" strings={{ requests: { emptyTitle: 'Noch keine Anfragen' } }}>
      <RequestTable requests={[]} />
    </BudProvider>,
  )
  expect(html).toContain('Noch keine Anfragen')
})
