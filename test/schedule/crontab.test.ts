import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseCrontab } from '../../src/schedule/crontab.ts';

const parse = (text: string) => parseCrontab(text, () => null);
const faultOf = (line: string) =>
  parse(`${line}\n`)
    .faults.map(({ message }) => message)
    .join('\n');

describe('the crontab that comes with userdrift', () => {
  const { lines, faults } = parse(readFileSync('crontab', 'utf8'));

  it('has no fault, and syncs and checks', () => {
    expect(faults).toEqual([]);
    expect(lines.map(({ time, args }) => [time, args.join(' ')])).toEqual([
      ['2-59/5 * * * *', 'sync --quiet --busy-ok'],
      ['17 * * * *', 'check --quiet'],
    ]);
  });

  it('runs in UTC', () => {
    expect(lines.map(({ timeZone }) => timeZone)).toEqual(['UTC', 'UTC']);
  });
});

describe('a line', () => {
  test.each([
    ['userdrift check', ['check']],
    ['/srv/app/node_modules/.bin/userdrift sync --quiet', ['sync', '--quiet']],
    ['npx userdrift doctor', ['doctor']],
    ['npx --yes userdrift alert report.json', ['alert', 'report.json']],
    [`userdrift sync --target 'public."Profile"'`, ['sync', '--target', 'public."Profile"']],
    ['userdrift sync --allow-share 30\\%', ['sync', '--allow-share', '30%']],
    [
      'userdrift sync   --user  0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10 ',
      ['sync', '--user', '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10'],
    ],
  ])('%s', (command, args) => {
    expect(parse(`\t 5 4 * * 1-5\t${command}`)).toMatchObject({
      lines: [{ number: 1, time: '5 4 * * 1-5', args }],
      faults: [],
    });
  });

  test('@hourly and the like', () => {
    const { lines } = parse('@hourly userdrift check\n@daily userdrift check\n');
    expect(lines.map(({ time, fields }) => [time, fields.minutes, fields.hours.length])).toEqual([
      ['@hourly', [0], 24],
      ['@daily', [0], 1],
    ]);
  });

  test('comments and empty lines are nothing', () => {
    expect(parse('# a\n\n \t\n  # b && c | d\n')).toEqual({ lines: [], faults: [] });
  });
});

describe('assignments', () => {
  test('hold for every line, and nothing in them is expanded', () => {
    const { lines } = parse(
      'A=1\nCRON_TZ = "Europe/Berlin"\n B=$A b \nC=""\n* * * * * userdrift check\n* * * * * userdrift sync\n',
    );
    const variables = { A: '1', CRON_TZ: 'Europe/Berlin', B: '$A b', C: '' };
    expect(lines.map((line) => [line.timeZone, line.variables])).toEqual([
      ['Europe/Berlin', variables],
      ['Europe/Berlin', variables],
    ]);
  });

  test.each(['CRON_TZ=UTC', 'TZ=Europe/Berlin', 'CRON_TZ=Asia/Kolkata', 'CRON_TZ=Asia/Calcutta', 'CRON_TZ=Etc/GMT+2'])(
    '%s is a zone',
    (line) => {
      expect(parse(line).faults).toEqual([]);
    },
  );

  test('CRON_TZ wins over TZ', () => {
    const { lines } = parse('CRON_TZ=Asia/Tokyo\nTZ=Europe/Berlin\n* * * * * userdrift check');
    expect(lines[0]?.timeZone).toBe('Asia/Tokyo');
  });

  test.each([
    ['CRON_TZ=Mars/Phobos', /^CRON_TZ: not a time zone/],
    ['TZ=""', /^TZ: not a time zone/],
    ['TZ=+02:00', /^TZ: not a time zone/],
    ['TZ=CET-1CEST', /^TZ: not a time zone/],
    ['TZ=europe/berlin', /^TZ: write it Europe\/Berlin$/],
    ['A="b', /^A: the quote is not closed$/],
    ['A=', /^A: no value, .* write A=""$/],
    ['A=1\nA=2', /^A: given twice$/],
    ['* * * * * userdrift check\nA=1', /^A: an assignment stands above the first line that runs something$/],
  ])('%s', (line, message) => {
    expect(faultOf(line)).toMatch(message);
  });

  test('their values are never shown: they may be secrets', () => {
    for (const line of ['TZ=s3cret', 'CRON_TZ="s3cret', '* * * * * DATABASE_URL=s3cret userdrift check|x']) {
      expect(faultOf(line)).not.toContain('s3cret');
    }
  });
});

test('a secret in the wrong place is not quoted', () => {
  for (const command of [
    'DATABASE_URL=postgresql://u:s3cret@h/db userdrift sync',
    'GITHUB_TOKEN=ghs_s3cret userdrift alert report.json',
    'curl https://hc-ping.com/s3cret',
    'https://hc-ping.com/s3cret',
    'userdrift https://hc-ping.com/s3cret',
  ]) {
    const fault = faultOf(`* * * * * ${command}`);
    expect(fault).toMatch(/begins with|after userdrift/);
    expect(fault).not.toContain('s3cret');
  }
});

describe('what is refused', () => {
  test.each([
    ['* * * * * userdrift backfill --yes', /backfill lifts the limits .* sync/],
    ['* * * * * userdrift schedule', /"schedule" after userdrift; write one of check, sync, alert, doctor/],
    ['* * * * * userdrift --version', /"--version" after userdrift/],
    ['* * * * * userdrift', /no command after userdrift/],
    ['* * * * *', /begins with|no command|expected/],
    ['* * * * * root userdrift check', /begins with "root"; a line starts with userdrift itself, without a user name/],
    ['* * * * * flock -n /tmp/x userdrift check', /begins with "flock"/],
    ['* * * * * npx userdrift@1 check', /begins with "npx"/],
    ['* * * * * notuserdrift check', /begins with "notuserdrift"; only userdrift can be run here/],
    ['* * * * * A=b userdrift check', /a variable stands on a line of its own/],
    ['* * * * userdrift check', /expected|day of week "userdrift"/],
    ['userdrift check', /five time fields/],
    ['* * * * * * userdrift check', /six time fields; cron knows no seconds/],
    ['@reboot userdrift check', /--run-at-start/],
    ['@Hourly userdrift check', /@Hourly is not known/],
    ['@every 5m userdrift check', /@every is not known/],
    ['60 24 0 13 8 userdrift check', /minute "60".*\nhour "24".*\nday of month "0".*\nmonth "13".*\nday of week "8"/],
    ['5/15 * * * * userdrift check', /write 5-59\/15/],
    ['*/0 * * * * userdrift check', /a step is from 1 to 59/],
    ['*/60 * * * * userdrift check', /a step is from 1 to 59/],
    ['0 0 * * 5-7 userdrift check', /day of week "5-7": expected values from 0 to 6/],
    ['@midnight userdrift check', /@midnight is not known; write .*@daily/],
    ['* 22-2 * * * userdrift check', /hour "22-2": the range runs backwards/],
    ['0 0 L * * userdrift check', /day of month "L"/],
    ['0 0 ? * * userdrift check', /day of month "\?"/],
    ['0 0 13 * fri userdrift check', /both day fields are set/],
    ['0 0 */2 * 1 userdrift check', /both day fields are set/],
    ['0 0 30 2 * userdrift check', /no such day exists/],
    ['0 0 31 4,6,9,11 * userdrift check', /no such day exists/],
    ['* * * * * userdrift check\r', /Windows line end/],
    ['* * * * * userdrift check \u0000', /control character/],
    ['* * * * * userdrift check \\', /backslash at the end/],
    [`* * * * * userdrift check 'a`, /' is not closed/],
    ['* * * * * userdrift check "30%"', /% cron would cut the line here, also between quotes/],
    [`* * * * * userdrift check '30\\%'`, /% cron would cut the line here, also between quotes/],
  ])('%j', (line, message) => {
    expect(faultOf(line)).toMatch(message);
    expect(parse(line).lines).toEqual([]);
  });

  test.each([...'|&;<>()`$*?[]{}~!#%'])('a bare %s, wherever it stands in the command', (letter) => {
    const anywhere = fc
      .nat('check --report a'.length)
      .map((at) => `${'check --report a'.slice(0, at)}${letter}${'check --report a'.slice(at)}`);
    fc.assert(
      fc.property(anywhere, (command) => {
        const { lines, faults } = parse(`* * * * * userdrift ${command}`);
        expect(lines).toEqual([]);
        expect(faults[0]?.message.startsWith(`${letter} `)).toBe(true);
        // What is wrong, and what to do: never the character alone.
        expect(faults[0]?.message).toMatch(/; .{10}/);
      }),
      { numRuns: 20 },
    );
  });

  test.each(['$HOME', '`id`', '$(id)'])('%s between double quotes too; between single ones it is only text', (text) => {
    expect(faultOf(`* * * * * userdrift check --report "${text}"`)).toMatch(/needs a shell/);
    expect(parse(`* * * * * userdrift check --report '${text}'`).lines[0]?.args[2]).toBe(text);
  });

  test('everything at once, each with its line', () => {
    const text =
      '# fine\n99 * * * * userdrift check | tee\nTZ=nowhere\n\n1 2 3 4 * userdrift backfill\n* * * * * userdrift check --jsn\n';
    const { faults } = parseCrontab(text, (args) => (args.includes('--jsn') ? 'unknown option' : null));
    expect(faults.map(({ line }) => line)).toEqual([2, 2, 3, 5, 6]);
    expect(faults.at(-1)?.message).toBe('unknown option');
  });
});
