import { validate as deployment } from 'kubernetes-models/_schemas/IoK8sApiAppsV1Deployment';
import { validate as cronJob } from 'kubernetes-models/_schemas/IoK8sApiBatchV1CronJob';
import { validate as job } from 'kubernetes-models/_schemas/IoK8sApiBatchV1Job';
import { validate as configMap } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap';
import { validate as secret } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Secret';
import { validate as service } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service';
import { z } from 'zod';

/** The JSON schemas of Kubernetes, compiled to functions that leave their findings on themselves. */
const SCHEMAS: Record<string, (data: unknown) => boolean> = {
  'apps/v1 Deployment': deployment,
  'batch/v1 CronJob': cronJob,
  'batch/v1 Job': job,
  'v1 ConfigMap': configMap,
  'v1 Secret': secret,
  'v1 Service': service,
};

const findings = z.array(z.looseObject({ instancePath: z.string(), message: z.string().optional() })).nullish();

/** What is wrong with a manifest, as `path: what`; unknown fields too, which a cluster would drop without a word. */
export function faultsOf(manifest: unknown): string[] {
  const { apiVersion, kind } = z.looseObject({ apiVersion: z.string(), kind: z.string() }).parse(manifest);
  const validate = SCHEMAS[`${apiVersion} ${kind}`];
  if (!validate) throw new RangeError(`no schema for ${apiVersion} ${kind}`);
  const looked = new Set<string>();
  validate(watched(manifest, '', looked));
  const wrong = findings.parse(Reflect.get(validate, 'errors')) ?? [];
  return [
    ...wrong.map(({ instancePath, keyword, params }) => `${instancePath}: ${keyword} ${JSON.stringify(params)}`),
    ...pathsOf(manifest, '')
      .filter((path) => !looked.has(path))
      .map((path) => `${path}: unknown field`),
  ];
}

/** The schemas of Kubernetes are open: what they do not know, they never look at. */
function watched(value: unknown, path: string, looked: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      const child: unknown = Reflect.get(target, key);
      const at = `${path}/${String(key)}`;
      if (Object.hasOwn(target, key)) looked.add(at);
      return watched(child, at, looked);
    },
  });
}

function pathsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [`${path}/${key}`, ...pathsOf(child, `${path}/${key}`)]);
}
