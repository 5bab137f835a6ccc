import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const FOLDER = 'deploy/kubernetes';
/** All of deploy/kubernetes but the kustomization, which no cluster sees. */
export const FILES = readdirSync(FOLDER).filter((name) => name !== 'kustomization.yaml');

/** The documents of a file; a fault of the YAML itself, a duplicate key for one, throws. */
export function documentsOf(file: string): unknown[] {
  return parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8'), { strict: true }).map((document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault) throw fault;
    return document.toJS();
  });
}

const labels = z.record(z.string(), z.string());
const named = z.looseObject({ name: z.string() });
const secretKey = z.object({ name: z.string(), key: z.string(), optional: z.boolean().optional() });
const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  env: z.array(z.object({ name: z.string(), valueFrom: z.object({ secretKeyRef: secretKey }) })),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean() })),
});
const template = z.looseObject({
  metadata: z.object({ labels }),
  spec: z.looseObject({
    restartPolicy: z.string().optional(),
    terminationGracePeriodSeconds: z.number(),
    containers: z.array(container).length(1),
    volumes: z.array(z.object({ name: z.string(), configMap: z.object({ name: z.string() }) })),
  }),
});
const jobSpec = z.looseObject({
  completionMode: z.string().optional(),
  completions: z.number().optional(),
  parallelism: z.number().optional(),
  backoffLimit: z.number().optional(),
  backoffLimitPerIndex: z.number().optional(),
  activeDeadlineSeconds: z.number(),
  podFailurePolicy: z.object({
    rules: z.array(
      z.looseObject({
        action: z.string(),
        onExitCodes: z
          .object({ containerName: z.string(), operator: z.string(), values: z.array(z.number()) })
          .optional(),
      }),
    ),
  }),
  template,
});

/** The document of this number in a file, in the shape that the tests lean on. */
function manifest<T>(file: string, shape: z.ZodType<T>, index = 0): T {
  return shape.parse(documentsOf(file)[index]);
}

export const cronJob = manifest(
  'cronjob.yaml',
  z.object({ spec: z.looseObject({ schedule: z.string(), jobTemplate: z.object({ spec: jobSpec }) }) }),
);
export const backfill = manifest('backfill-job.yaml', z.object({ spec: jobSpec }));
export const deployment = manifest(
  'deployment.yaml',
  z.object({ spec: z.looseObject({ selector: z.object({ matchLabels: labels }), template }) }),
);
export const service = manifest('deployment.yaml', z.object({ spec: z.looseObject({ selector: labels }) }), 1);
export const secret = manifest('secret.yaml', z.object({ metadata: named, stringData: labels }));
export const configMap = manifest('configmap.yaml', z.object({ metadata: named, data: labels }));

/** The jobs that a cluster makes of the manifests, by file. */
export const jobs = { 'cronjob.yaml': cronJob.spec.jobTemplate.spec, 'backfill-job.yaml': backfill.spec };
/** The pods, by file. */
export const pods = {
  ...Object.fromEntries(Object.entries(jobs).map(([file, spec]) => [file, spec.template])),
  'deployment.yaml': deployment.spec.template,
};

const kustomize = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  resources: z.array(z.string()),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
});

export const kustomization = manifest('kustomization.yaml', kustomize);
