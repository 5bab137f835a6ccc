import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readWorkflow, stepsOf, workflowText } from '../support/workflows.ts';

const { version, repository } = z
  .object({ version: z.string(), repository: z.object({ url: z.string() }) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));
const folder = mkdtempSync(join(tmpdir(), 'userdrift-release-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The script that decides whether a tag may be published. */
function judge(ref: string, slug: string) {
  const script =
    stepsOf(readWorkflow(workflowText('release.yml'))).find(({ id }) => id === 'version')?.run ?? 'exit 99';
  const outputFile = join(folder, 'output');
  const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    encoding: 'utf8',
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      GITHUB_REF_NAME: ref,
      GITHUB_REPOSITORY: slug,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_OUTPUT: outputFile,
    },
  });
  return { status, stdout, outputs: status === 0 ? readFileSync(outputFile, 'utf8') : '' };
}

describe('a release', () => {
  const slug = /github\.com\/(.+)\.git$/.exec(repository.url)?.[1] ?? '';

  test('is made of the tag that package.json names, in the repository that it names', () => {
    expect(judge(`v${version}`, slug)).toEqual({
      status: 0,
      stdout: '',
      outputs: `version=${version}\nprerelease=${version.includes('-')}\n`,
    });
  });

  test('is refused otherwise, before anything is published', () => {
    expect(judge('v99.0.0', slug)).toMatchObject({ status: 1, stdout: expect.stringContaining('the tag is v99.0.0') });
    expect(judge(`v${version}`, 'somebody/fork')).toMatchObject({ status: 1, stdout: expect.stringContaining(slug) });
    const { jobs } = readWorkflow(workflowText('release.yml'));
    expect(jobs).toMatchObject({ npm: { needs: 'package' }, image: { needs: 'package' } });
  });
});
