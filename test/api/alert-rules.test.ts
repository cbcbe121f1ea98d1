import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProviderGuard } from '#activities/clients/provider-guard.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { keepHouse } from '#worker/housekeeping.ts';
import { createWorkerMetrics } from '#worker/metrics.ts';
import { watchOrphans } from '#worker/orphans.ts';
import { awayTemporal, testApiOver } from '#test/support/api.ts';
import { vigil } from '#test/support/cli.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const path = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const runbook = readFileSync(path('runbook.md'), 'utf8');
const { groups } = parse(readFileSync(path('prometheus-alerts.yml'), 'utf8')) as {
  groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** Metrics of Prometheus's own. */
const ofPrometheus = ['up'];
/** Everything in a rule that is no metric: functions and words of its language, labels in clauses and in selectors. */
const words =
  /\b(absent|abs|and|or|by|changes|count|histogram_quantile|increase|max|rate|sum|time|le|job|instance|provider|channel|route|status)\b/g;

/** The metrics that a rule reads: what is left when selectors, spans, strings and the language's words are taken out. */
const metricsOf = (expr: string): string[] => [
  ...new Set(
    expr
      .replace(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
      .replace(words, ' ')
      .match(/[a-z_][a-z0-9_]*/gi),
  ),
];

let db: Database;
let app: FastifyInstance;
const registries: Registry[] = [];
const stops: (() => Promise<void>)[] = [];

/** The real processes' registries. What is exported does not depend on Postgres or Temporal, so both are away. */
beforeAll(async () => {
  db = connectDatabase({
    url: 'postgres://vigil_app@127.0.0.1:1/vigil',
    size: 2,
    applicationName: 'vigil-test',
    statementTimeoutMs: 1_000,
    onIdleError: () => undefined,
  });
  app = await testApiOver(db, awayTemporal());
  const worker = createWorkerMetrics(createProviderGuard({ now: () => 0 }));
  const quiet = () => undefined;
  const of = { db, log: { info: quiet, warn: quiet, error: quiet }, registry: worker.registry };
  for (const watch of [watchOrphans({ ...of, temporal: awayTemporal() }), keepHouse(of)])
    stops.push(() => watch.stop());
  registries.push(app.metrics.registry, worker.registry);
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await app?.close();
  await db?.$client.end();
});

describe('the rules for Prometheus', () => {
  it('read only what API and worker really export, by labels that it has', async () => {
    const exported = new Map<string, ReadonlySet<string>>();
    for (const registry of registries)
      for (const { name } of registry.getMetricsAsArray()) {
        const metric = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[]; type?: string };
        const isHistogram = 'bucketValues' in metric || metric.constructor.name === 'Histogram';
        for (const each of isHistogram ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])
          exported.set(each, new Set([...metric.labelNames, 'job', 'instance', 'le']));
      }
    expect(exported.has('vigil_first_page_seconds_bucket')).toBe(true);
    const told = registries.flatMap((registry) => registry.getMetricsAsArray().map(({ name }) => name));
    for (const [name] of `${runbook}${readFileSync(path('operate.md'), 'utf8')}`.matchAll(
      /\bvigil_(?!app|detector)\w+/g,
    ))
      expect(told).toContain(name);
    for (const { alert, expr } of rules) {
      const metrics = metricsOf(expr);
      expect(metrics, alert).not.toEqual([]);
      for (const metric of metrics) expect([...exported.keys(), ...ofPrometheus], alert).toContain(metric);
      for (const [, metric = '', selector = ''] of expr.matchAll(/([a-z_][a-z0-9_]*)\{([^}]*)\}/g))
        for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g))
          if (!ofPrometheus.includes(metric))
            expect([...(exported.get(metric) ?? [])], `${alert}: ${metric}`).toContain(label);
    }
  });

  it('name routes that there are', () => {
    const urls = app.inventory.map(({ url }) => url);
    const named = rules
      .flatMap(({ expr }) => [...expr.matchAll(/route=~"([^"]+)"/g)])
      .flatMap(([, one = '']) => one.split('|'));
    expect(named).not.toEqual([]);
    for (const one of named)
      expect(
        urls.filter((url) => new RegExp(`^(?:${one})$`).test(url)),
        one,
      ).not.toEqual([]);
  });

  it('wake somebody or wait, and lead to their place in the runbook, which describes no other alarm', () => {
    for (const { alert, labels, annotations } of rules) {
      expect(['page', 'ticket'], alert).toContain(labels.severity);
      expect(annotations.runbook).toBe(`runbook.md#${alert.toLowerCase()}`);
      expect(annotations.summary).not.toBe('');
    }
    const described = [...runbook.matchAll(/^### (Vigil\w+)$/gm)].map(([, name]) => name);
    expect(new Set(described)).toEqual(new Set(rules.map(({ alert }) => alert)));
    expect(described).toHaveLength(rules.length);
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;
  it.skipIf(!promtool)('are taken by Prometheus itself (skipped where there is no promtool)', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', path('prometheus-alerts.yml')]);
    expect(status, `${String(stdout)}${String(stderr)}`).toBe(0);
  });
});

describe('the runbook', () => {
  it('names commands and options that there are', async () => {
    const fenced = [...runbook.matchAll(/^vigil .*$/gm)].map(([line]) => line);
    const inline = [...runbook.matchAll(/`(vigil [^`]+)`/g)].map(([, line = '']) => line);
    expect(inline.length).toBeGreaterThan(20);
    for (const line of [...fenced, ...inline]) {
      const [, first = '', second = ''] = /^vigil ([a-z-]+)(?: ([a-z-]+))?/.exec(line.replace(/\s+/g, ' ')) ?? [];
      const command = [first, second].filter((word) => word !== '');
      const { code, out } = await vigil([...command, '--help']);
      expect(code, line).toBe(0);
      expect(out, line).toContain(`Usage: vigil ${command.join(' ')} `);
      for (const [option] of line.split('#')[0]?.matchAll(/--[a-z-]+/g) ?? []) expect(out, line).toContain(option);
    }
  });

  it('leads to places that there are', () => {
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, anchor = ''] of runbook.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
    for (const [, file = ''] of runbook.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
      expect(() => readFileSync(path(file)), file).not.toThrow();
  });
});
