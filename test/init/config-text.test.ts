import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { completedConfig, configText } from '../../src/init/config-text.ts';
import type { PlannedColumn, Proposal } from '../../src/proposal.ts';
import { renderProposal } from '../../src/render/proposal.ts';

const text = fc.string({ unit: 'binary', minLength: 1 }).filter((each) => each.trim() !== '' && each !== '__proto__');
const column = fc.record({
  name: text.filter((name) => name !== 'id'),
  type: text,
  plan: fc.constantFrom<PlannedColumn['plan'][]>('mapped', 'left', 'open'),
  expression: text,
  why: text,
  taken: fc.boolean(),
  trigger: fc.option(text),
  suggestion: fc.option(text),
});
const columns = fc.uniqueArray(column, { selector: ({ name }) => name, maxLength: 6 });

function proposalWith(plans: readonly PlannedColumn[], said: string): Proposal {
  return {
    database: { host: 'localhost', name: 'app', user: 'postgres', serverVersion: '17.6' },
    source: 'auth.users',
    target: 'public.users',
    key: 'id',
    reasons: [said],
    others: [{ target: said, key: said, reasons: [said] }],
    columns: plans.map((plan) => (plan.plan === 'mapped' ? plan : { ...plan, expression: null })),
    code: [{ trigger: said, function: said, lines: [said], unread: said }],
    remarks: [{ level: 'warning', fact: said, fix: said }],
  };
}

const mappedIn = (plans: readonly PlannedColumn[]) =>
  Object.fromEntries(
    plans.flatMap(({ plan, name, expression }) => (plan === 'mapped' ? [[name, expression ?? '']] : [])),
  );

test('whatever names and reasons hold, the configuration says what was proposed', () => {
  fc.assert(
    fc.property(columns, text, (plans, said) => {
      const { columns: written, target, key } = parseConfig(configText(proposalWith(plans, said), './x.json'), 'test');
      expect({ written, target, key }).toEqual({
        written: mappedIn(plans),
        target: { schema: 'public', name: 'users' },
        key: 'id',
      });
    }),
  );
});

test('completing one that is there adds what is missing, and then nothing more', () => {
  const has = { target: false, key: false, columns: null, calls: false };
  fc.assert(
    fc.property(columns, text, (plans, said) => {
      const given = '{\n  // ours\n  "grace": "5m", // long\n}\n';
      const once = completedConfig(given, proposalWith(plans, said), has);
      const { columns: written, grace } = parseConfig(once, 'test');
      expect({ written, grace }).toEqual({ written: mappedIn(plans), grace: 300_000 });
      for (const comment of ['// ours', '// long']) expect(once).toContain(comment);
      const full = { target: true, key: true, columns: mappedIn(plans), calls: false };
      expect(completedConfig(once, proposalWith(plans, said), full)).toBe(once);
    }),
  );
});

test('whatever names and code hold, a terminal gets lines of printable text', () => {
  const width = fc.integer({ min: 20, max: 140 });
  fc.assert(
    fc.property(columns, text, width, fc.boolean(), (plans, said, columnsWide, unicode) => {
      const shown = renderProposal(proposalWith(plans, said), { color: false, unicode, width: columnsWide });
      expect(shown.replaceAll('\n', '')).not.toMatch(unicode ? /[\p{C}\p{Zl}\p{Zp}]/u : /[^\x20-\x7e]/);
      expect(shown).not.toMatch(/^ *::|##\w*\[/m);
    }),
  );
});

test('no line is wider than the window, but for what is there to be copied', () => {
  const words = fc
    .array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 30 })
    .map((list) => list.join(' '));
  fc.assert(
    fc.property(words, fc.integer({ min: 40, max: 120 }), (said, width) => {
      const plan: PlannedColumn = {
        name: 'email',
        type: 'text',
        plan: 'mapped',
        expression: said,
        why: said,
        taken: true,
        trigger: said,
        suggestion: null,
      };
      const lines = renderProposal(proposalWith([plan], said), { color: false, unicode: true, width }).split('\n');
      const wide = lines.filter((line) => line.length > width && !line.startsWith('    fix: '));
      expect(wide.filter((line) => !/^(Table|Trigger) /.test(line))).toEqual([]);
    }),
  );
});
