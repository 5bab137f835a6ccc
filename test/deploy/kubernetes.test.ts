import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VARIABLES } from '../../src/config/env.ts';
import { parseConfig } from '../../src/config/load.ts';
import { complaintOf } from '../support/command-line.ts';
import { crontabLines } from '../support/crontab.ts';
import { instruction, instructions } from '../support/dockerfile.ts';
import { faultsOf } from '../support/kubernetes.ts';
import {
  configMap,
  deployment,
  documentsOf,
  FILES,
  kustomization,
  pods,
  secret,
  service,
} from '../support/manifests.ts';
import { longestStatement } from '../support/statement-limit.ts';

describe('the schema of Kubernetes', () => {
  it.for(FILES)('takes %s', (file) => {
    const documents = documentsOf(file);
    expect(documents.length).toBeGreaterThan(0);
    expect(documents.flatMap(faultsOf)).toEqual([]);
  });

  it.for([
    ['/spec/schedul', '* * * * *', /schedul: unknown field/],
    ['/spec/jobTemplate/spec/template/spec/containers/0/imagePulPolicy', 'Always', /0\/imagePulPolicy: unknown field/],
    ['/spec/jobTemplate/spec/template/spec/securityContext/runAsNonRooot', true, /runAsNonRooot: unknown field/],
    ['/spec/suspend', 'yes', /suspend: type/],
    ['/spec/schedule', undefined, /required.*schedule/],
    ['/spec/concurrencyPolicy', 'Never', /concurrencyPolicy: enum/],
    ['/spec/jobTemplate/spec/backoffLimit', 1.5, /backoffLimit: type/],
    ['/spec/jobTemplate/spec/podFailurePolicy/rules/1/action', 'Fail', /action: enum/],
    ['/spec/jobTemplate/spec/template/spec/containers/0/resources/limits/memory', 'much', /memory: format/],
  ] as const)('finds what is wrong with %s: %j', ([path, value, fault]) => {
    const [document] = documentsOf('cronjob.yaml');
    const keys = path.split('/').slice(1);
    const last = keys.pop() ?? '';
    const parent = keys.reduce<unknown>((node, key) => Reflect.get(Object(node), key), document);
    Reflect.set(Object(parent), last, value);
    expect(faultsOf(document).join('\n')).toMatch(fault);
  });
});

describe.each(Object.entries(pods))('the pod of %s', (file, pod) => {
  const [only] = pod.spec.containers;
  if (!only) throw new Error('no container');

  it('runs as the user of the image, who may do nothing but its work', () => {
    const [user] = instruction('USER').split(':').map(Number);
    expect(pod.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(only).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      resources: { requests: { memory: expect.anything() }, limits: { memory: expect.anything() } },
    });
  });

  it('has command-line arguments that userdrift takes', () => {
    // Without any it is the default of the image, which test/deploy/image.test.ts looks at.
    if (file !== 'deployment.yaml') expect(only.args).not.toEqual([]);
    if (only.args.length > 0) expect(complaintOf(only.args, { JOB_COMPLETION_INDEX: '0' })).toBeNull();
  });

  it('gets its variables from the Secret, and they are variables that userdrift reads', () => {
    for (const { name, valueFrom } of only.env) {
      expect(Object.keys(VARIABLES)).toContain(name);
      expect(valueFrom.secretKeyRef).toMatchObject({ name: secret.metadata.name, key: name });
      // What the example leaves out must not be needed for the pod to start.
      if (!valueFrom.secretKeyRef.optional) expect(Object.keys(secret.stringData)).toContain(name);
    }
    expect(only.env.map(({ name }) => name)).toContain('DATABASE_URL');
  });

  it('finds its configuration where the image looks for it', () => {
    expect(only.volumeMounts).toEqual([{ name: 'config', mountPath: instructions('WORKDIR').at(-1), readOnly: true }]);
    expect(pod.spec.volumes).toEqual([{ name: 'config', configMap: { name: configMap.metadata.name } }]);
  });

  it('is given more time to stop than any statement may take', () => {
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(longestStatement());
  });

  it('is of the image that the kustomization names', () => {
    expect(kustomization.images.map(({ name }) => name)).toEqual([only.image]);
  });
});

describe('the Deployment', () => {
  it('is restarted when it is dead, not when the last run was bad', () => {
    expect(pods['deployment.yaml'].spec.containers[0]).toMatchObject({
      livenessProbe: { httpGet: { path: '/livez', port: 'http' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
      ports: [{ name: 'http', containerPort: Number(instruction('EXPOSE')) }],
    });
  });

  it('is one at a time, and found by its Service', () => {
    expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const { labels } = pods['deployment.yaml'].metadata;
    expect(labels).toMatchObject(deployment.spec.selector.matchLabels);
    expect(labels).toMatchObject(service.spec.selector);
  });
});

describe('the ConfigMap', () => {
  const { data } = configMap;

  it('has a configuration that userdrift accepts', () => {
    expect(parseConfig(data['userdrift.config.json'] ?? '', 'configmap')).toMatchObject({ key: 'id' });
  });

  it('has the lines of the crontab of this repository', () => {
    expect(crontabLines(data.crontab)).toEqual(crontabLines());
    expect(crontabLines()).not.toEqual([]);
  });
});

describe('the kustomization', () => {
  it('has files that exist, and neither the placeholders of the Secret nor a backfill', () => {
    expect(kustomization.resources.filter((name) => !FILES.includes(name))).toEqual([]);
    expect(kustomization.resources).toEqual(['configmap.yaml', 'cronjob.yaml']);
  });

  it('names the image of this version', () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(kustomization.images.map(({ newTag }) => newTag)).toEqual([version]);
  });
});
